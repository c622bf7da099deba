// What the page knows: the picture, the tool, what is looked at, and the jobs; and what can be done with them.

import { getJson, postJob, removeJob } from "./api.js";
import { recordJobs } from "./documents.js";
import { announce, element, find, notify } from "./dom.js";
import { Jobs, isFinal } from "./jobs.js";
import { MendPanel } from "./mend.js";
import { PaintPanel } from "./paint.js";
import { decodeMask } from "./picture.js";
import { maskPng } from "./png.js";
import { ResultView } from "./result.js";
import { Strip, jobTitle } from "./strip.js";
import { TaskPanel } from "./tasks.js";
import { Pointing } from "./tools.js";
import { TrainPanel } from "./train.js";
import { View } from "./view.js";

const SPECIAL = { train: TrainPanel, paint: PaintPanel }; // tasks with more than a form; fill is there from the start

export class App {
  constructor() {
    this.tool = "brush";
    this.size = 40;
    this.tab = "fill";
    this.tasks = new Map(); // as the server tells them, by name
    this.document = null;
    this.looking = null; // { id, index } of the result on the stage
    this.lead = null; // the job whose result is shown as soon as it is there
    this.owned = []; // { id, document }: the jobs of this browser
    this.panelElement = find("panel");
    this.view = new View(find("canvas"));
    this.view.onmove = () => this.result?.place();
    this.pointing = new Pointing(this, this.view);
    this.jobs = new Jobs((job, before) => this.#jobChanged(job, before));
    this.strip = new Strip(this, find("cards"));
    this.result = new ResultView(this);
    this.panels = { fill: new MendPanel(this, find("panel-fill")) };
  }

  get panel() {
    return this.panels[this.tab];
  }

  /** A tab with its form for each task, in the server's order. */
  async loadTasks() {
    const [{ methods }, { tasks, inputs }] = await Promise.all([getJson("/api/methods"), getJson("/api/tasks")]);
    this.tasks = new Map(tasks.map((task) => [task.name, task]));
    for (const task of tasks) {
      this.panels[task.name] ??= this.#newTab(task);
      this.panels[task.name].offer(task, methods, inputs);
    }
    this.strip.render(); // titles of jobs from the last visit
  }

  #newTab(task) {
    const panel = element("div", { role: "tabpanel", id: `panel-${task.name}`, "aria-labelledby": `tab-${task.name}`, hidden: true });
    const attributes = { type: "button", role: "tab", id: `tab-${task.name}`, "aria-controls": panel.id, "aria-selected": "false", tabindex: "-1" };
    find("tabs").append(element("button", attributes, task.label));
    this.panelElement.append(panel);
    return new (SPECIAL[task.name] ?? TaskPanel)(this, task, panel);
  }

  tell(text, options) {
    notify(text, options);
  }

  /** What the tools draw on. */
  surface() {
    const { painting } = this.panel;
    return painting === undefined ? this.document?.mask : painting;
  }

  shownJobs() {
    const here = this.owned.filter((one) => one.document === null || one.document === this.document?.id);
    return here.map((one) => this.jobs.get(one.id)).filter((job) => job && job.state !== "gone");
  }

  /** Another picture on the stage, with its mask. */
  show(opened) {
    this.document = opened;
    this.looking = null;
    this.size = Math.max(4, Math.round(Math.min(opened.picture.width, opened.picture.height) * 0.06));
    opened.mask.onchange = (box) => this.view.changed(box);
    document.title = `${opened.name} - Selfmend`;
    this.result.clear();
    this.view.fitted = true;
    this.refreshStage();
    this.strip.render();
    this.refreshTools();
  }

  // The mask

  /** After each step of drawing. */
  drawn() {
    if (this.panel.painting === undefined) {
      this.document?.save();
    }
    this.refreshTools();
  }

  #change(act) {
    const surface = this.surface();
    if (surface) {
      this.look(null);
      act(surface);
      surface.commit();
      this.drawn();
    }
  }

  undo() {
    const surface = this.surface();
    if (surface?.canUndo) {
      surface.undo();
      this.drawn();
      announce("Undone.");
    }
  }

  redo() {
    const surface = this.surface();
    if (surface?.canRedo) {
      surface.redo();
      this.drawn();
      announce("Done again.");
    }
  }

  clear() {
    this.#change((surface) => surface.clear());
  }

  invert() {
    this.#change((surface) => surface.invert?.());
  }

  useTransparency() {
    this.#change((surface) => surface.replace?.(this.document.transparency));
  }

  paintingDone(act) {
    act();
    this.refreshTools();
  }

  async loadMask(file) {
    const { picture } = this.document;
    try {
      const holes = await decodeMask(file, file.name, picture.width, picture.height);
      this.#change((surface) => surface.replace?.(holes));
    } catch (error) {
      this.tell(error.message, { error: true });
    }
  }

  /** The mask as a file for the server; null where it is just the picture's transparency, which the server then fills up. */
  async maskFile() {
    const { mask, transparency } = this.document;
    const own = transparency?.every((value, i) => value === mask.pixels[i]);
    return own ? null : maskPng(mask.pixels, mask.width, mask.height);
  }

  toggleMask() {
    this.view.showMask = !this.view.showMask;
    find("show-mask").setAttribute("aria-pressed", String(this.view.showMask));
    this.view.draw();
  }

  // Tools and tabs

  setTool(name) {
    this.tool = name;
    this.look(null);
    this.refreshTools();
  }

  setSize(size) {
    const long = this.view.picture ? Math.max(this.view.picture.width, this.view.picture.height) : 1000;
    this.size = Math.round(Math.min(long / 2, Math.max(1, size)));
    this.refreshTools();
  }

  setTab(name) {
    this.tab = name;
    for (const other of Object.keys(this.panels)) {
      const tab = find(`tab-${other}`);
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      find(`panel-${other}`).hidden = other !== name;
    }
    this.look(null);
    this.refreshStage();
    this.refreshTools();
  }

  /** Which picture lies on the stage, and which mask. */
  refreshStage() {
    const { painting } = this.panel;
    document.body.classList.toggle("has-stage", Boolean(painting || this.document));
    this.view.mask = painting ? null : this.document?.mask;
    this.view.show(painting ? painting.picture : (this.document?.picture ?? null));
  }

  refreshTools() {
    const surface = this.surface();
    find("tools").hidden = !surface;
    find("size-pill").hidden = !surface;
    find("zoom-pill").hidden = !this.view.picture;
    for (const name of ["brush", "eraser", "box", "lasso", "hand"]) {
      const button = find(`tool-${name}`);
      button.setAttribute("aria-pressed", String(this.tool === name && !this.looking));
      button.hidden = surface?.shapes === false && (name === "box" || name === "lasso");
    }
    find("undo").disabled = !surface?.canUndo;
    find("redo").disabled = !surface?.canRedo;
    find("mask-menu-button").hidden = surface?.shapes === false;
    const slider = find("size");
    slider.value = Math.round(100 * Math.log(this.size) / Math.log(1000));
    slider.setAttribute("aria-valuetext", `${this.size} pixels`);
    find("size-words").textContent = `${this.size} px`;
    this.panel.refresh();
    if (this.pointing.lastCursor) {
      this.pointing.showCursor(this.pointing.lastCursor);
    }
  }

  // Jobs

  async submit(task, files, settings, { lead = false, better = false } = {}) {
    const name = files.image ? this.document?.name : undefined;
    const job = await postJob(task, files, settings, name ? { image: name } : {});
    this.owned.push({ id: job.id, document: this.document?.id ?? null });
    this.record();
    this.lead = lead ? job.id : this.lead;
    this.betterId = better ? job.id : this.betterId;
    this.jobs.take(job);
    this.strip.update(this.jobs.get(job.id));
  }

  record() {
    recordJobs(this.owned);
  }

  #jobChanged(job, before) {
    if (!this.owned.some((one) => one.id === job.id)) {
      return;
    }
    this.strip.update(job);
    if (this.looking?.id === job.id && this.looking.index === "preview") {
      this.look(isFinal(job) && !job.results.length ? null : job.id, isFinal(job) ? 0 : "preview");
    }
    if (before && !isFinal(before) && isFinal(job)) {
      this.#jobEnded(job);
    } else if (before && before.stage !== job.stage && job.id !== this.lead) {
      announce(`${jobTitle(job, this.tasks)}: ${job.stage}`);
    }
  }

  #jobEnded(job) {
    if (this.tasks.get(job.task)?.trains && job.state === "done") {
      this.loadModels();
      this.tell("The picture is learned. Samples, films and the rest are in the other tabs.");
    } else if (job.state === "failed") {
      this.tell(job.error || "The job failed.", { error: true });
    } else if (job.state === "done" && job.results.length) {
      const here = this.shownJobs().includes(job);
      if (this.tasks.get(job.task)?.marks && job.id === this.lead && here) {
        this.#markFound(job.results[0]);
      } else if (job.id === this.lead && here && !this.pointing.doing) {
        this.look(job.id, 0);
        announce(`${jobTitle(job, this.tasks)} is ready.`);
      } else if (here && this.looking?.id !== job.id) {
        this.tell(job.id === this.betterId ? "The better fill is ready." : `${jobTitle(job, this.tasks)} is ready.`, { action: () => this.look(job.id, 0), label: "Look" });
      }
    }
    for (const line of job.warnings ?? []) {
      this.tell(line);
    }
  }

  /** What was found becomes what is marked, where it can be corrected and mended. */
  async #markFound(result) {
    const file = await fetch(result.url).then((response) => response.blob());
    await this.loadMask(new File([file], result.name));
    const { count, width, height } = this.document.mask;
    if (count) {
      this.setTab("fill");
      this.tell(`Found and marked: ${((100 * count) / (width * height)).toFixed(1)} % of the picture. Correct it with the brush, then press Mend.`);
    }
  }

  async cancel(id) {
    try {
      const response = await removeJob(id);
      if (response.status === 202) {
        this.jobs.take(await response.json());
      }
      announce("Cancelled.");
    } catch (error) {
      this.tell(error.message, { error: true });
    }
  }

  async removeJob(id) {
    if (this.looking?.id === id) {
      this.look(null);
    }
    this.owned = this.owned.filter((one) => one.id !== id);
    this.record();
    this.jobs.forget(id);
    this.strip.render();
    await removeJob(id).catch(() => {}); // the server may have cleaned it away already
  }

  /** A result on the stage; null is the picture itself. */
  look(id, index = 0) {
    this.looking = id === null ? null : { id, index };
    this.result.show(this.looking);
    this.strip.mark();
    this.refreshTools();
  }

  slide(share) {
    this.result.slide(share);
  }

  async loadModels() {
    try {
      const { models } = await getJson("/api/models");
      for (const panel of Object.values(this.panels)) {
        panel.showModels(models);
      }
    } catch (error) {
      this.tell(error.message, { error: true });
    }
  }
}
