// What the page knows: the picture, the tool, what is looked at, and the jobs; and what can be done with them.

import { getJson, postJob, removeJob } from "./api.js";
import { recordJobs } from "./documents.js";
import { announce, element, find, hideNotice, notify } from "./dom.js";
import { Jobs, isFinal } from "./jobs.js";
import { FilmPanel } from "./film.js";
import { ManyPanel, manyOf } from "./many.js";
import { MendPanel } from "./mend.js";
import { PlacingPanel } from "./placing.js";
import { goOn, goTo, openFile } from "./opening.js";
import { PaintPanel } from "./paint.js";
import { decodeMask } from "./picture.js";
import { maskPng } from "./png.js";
import { ResultView } from "./result.js";
import { Strip, jobTitle } from "./strip.js";
import { TaskPanel } from "./tasks.js";
import { t, told } from "./texts.js";
import { Pointing } from "./tools.js";
import { TrainPanel } from "./train.js";
import { View } from "./view.js";

const SIZE = 0.06; // of the brush, in shares of the picture's shorter side
const SPECIAL = { train: TrainPanel, paint: PaintPanel, harmonize: PlacingPanel, edit: PlacingPanel, video: FilmPanel, many: ManyPanel }; // tasks with more than a form; fill is there from the start

export class App {
  constructor() {
    this.tool = localStorage.getItem("tool") ?? "brush";
    this.size = 40;
    this.limits = null; // what the server takes at most, once it has said so
    this.picking = null; // { kind, act }: what happens with the next point of the picture that is clicked on
    this.unsaved = false; // whether there is something that was neither downloaded nor copied
    this.tab = "fill";
    this.lastOf = {}; // the task that was used last, by its group's tab
    this.tasks = new Map(); // as the server tells them, by name
    this.document = null;
    this.looking = null; // { id, index } of the result on the stage
    this.lead = null; // { id, document, pixels, position, key }: the job whose result is shown as soon as it is there, and its mask
    this.arrived = null; // the job, while what came of it is decoded or something is being drawn
    this.owned = []; // { id, document, root }: the jobs of this browser, with the photo that they belong to
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
    const [{ methods }, { tasks, inputs, limits }, { models }] = await Promise.all(["methods", "tasks", "models"].map((name) => getJson(`/api/${name}`)));
    this.limits = limits;
    this.tasks = new Map(tasks.map((task) => [task.name, task]));
    for (const task of tasks) {
      this.panels[task.name] ??= this.#newTab(task);
      this.panels[task.name].offer(task, methods, inputs);
    }
    if (this.tasks.has("restore")) {
      const many = manyOf(this.tasks.get("restore"));
      this.panels.many ??= this.#newTab(many);
      this.panels.many.offer(many, methods, inputs);
    }
    this.#showModels(models);
    this.strip.render(); // titles of jobs from the last visit
  }

  #showModels(models) {
    for (const panel of Object.values(this.panels)) {
      panel.showModels(models);
    }
  }

  #newTab(task) {
    const panel = element("div", { role: "tabpanel", id: `panel-${task.name}`, "aria-labelledby": `tab-${task.name}`, hidden: true });
    const attributes = { type: "button", role: "tab", id: `tab-${task.name}`, "aria-controls": panel.id, "aria-selected": "false", tabindex: "-1" };
    const tab = element("button", attributes, t(task.label));
    if (task.group) {
      this.#groupOf(task.group).append(tab);
    } else {
      find("tabs").append(tab);
    }
    this.panelElement.append(panel);
    return new (SPECIAL[task.name] ?? TaskPanel)(this, task, panel);
  }

  /** The tabs of a group, which stand above the form; the group itself is a tab of the first row. */
  #groupOf(name) {
    const id = `group-${name.toLowerCase().replace(/\W+/g, "-")}`;
    if (!find(id)) {
      const tabs = element("div", { class: "tabs", role: "tablist", id: `${id}-tabs`, "aria-label": t(name), hidden: true });
      find("groups").append(tabs);
      find("tabs").append(element("button", { type: "button", role: "tab", id, "aria-controls": `${id}-tabs`, "aria-selected": "false", tabindex: "-1" }, t(name)));
    }
    return find(`${id}-tabs`);
  }

  tell(text, options) {
    notify(text, options);
  }

  /** What the tools draw on. */
  surface() {
    const { painting } = this.panel;
    return painting === undefined ? this.document?.mask : painting;
  }

  /** The jobs of the photo that is open, and those of no photo. */
  ownedHere() {
    return this.owned.filter((one) => one.document === null || (one.root ?? one.document) === this.document?.root);
  }

  shownJobs() {
    return this.ownedHere().map((one) => this.jobs.get(one.id)).filter((job) => job && job.state !== "gone");
  }

  documentOf(jobId) {
    return this.owned.find((one) => one.id === jobId)?.document ?? null;
  }

  open(file, mask) {
    return openFile(this, file, mask);
  }

  /** Another picture on the stage, with its mask. */
  show(opened) {
    const another = this.document?.root !== opened.root;
    this.document = opened;
    this.looking = null;
    opened.mask.onchange = (box) => this.view.changed(box);
    document.title = `${opened.name} - Selfmend`;
    this.view.piece = null;
    if (another) {
      const share = Number(localStorage.getItem("brush")) || SIZE;
      this.size = Math.max(4, Math.round(Math.min(opened.picture.width, opened.picture.height) * share));
      this.result.clear();
      this.view.fitted = true;
      this.unsaved = false;
    }
    this.view.over = null;
    this.refreshStage();
    this.result.show(null);
    this.strip.render();
    this.refreshTools();
  }

  // The mask, and the one history of strokes and fills

  /** What is drawn on now: a result that is looked at becomes the picture first. Null where nothing can be drawn on. */
  takeUp() {
    hideNotice();
    if (this.looking && this.panel.painting === undefined && !this.settle()) {
      return null;
    }
    this.result.slide(0);
    return this.surface() ?? null;
  }

  /** A result in the picture's place becomes the picture; false where one is looked at that cannot. */
  settle() {
    if (this.looking && this.result.picture && this.looking.index !== "preview") {
      goOn(this);
    } else if (this.looking && this.result.comparing && this.looking.index !== "preview") {
      return false; // it is still being decoded
    } else if (this.looking) {
      this.look(null);
    }
    return true;
  }

  /** After each step of drawing; `lifted` where a stroke has ended. */
  drawn({ lifted = false } = {}) {
    if (this.panel.painting === undefined && this.document) {
      this.document.next = null;
      this.document.save();
      this.unsaved = true;
    }
    this.refreshTools();
    if (lifted && !this.arrived) {
      this.panel.lifted?.();
    }
  }

  /** Nothing is being drawn or moved any more: what came meanwhile is shown. */
  rested() {
    if (this.arrived) {
      this.#lookAtLead(this.arrived);
    }
  }

  #change(act) {
    const surface = this.takeUp();
    if (surface) {
      act(surface);
      surface.commit();
      this.drawn();
    }
  }

  /** A fill that undo has taken back, or that was gone on from, while nothing was drawn since. */
  #next() {
    const { next, mask } = this.document ?? {};
    return next && next.position === mask.position ? next : null;
  }

  get canUndo() {
    const { painting } = this.panel;
    return painting === undefined ? Boolean(this.document && (this.result.comparing || this.document.mask.canUndo || this.document.parent)) : Boolean(painting?.canUndo);
  }

  get canRedo() {
    const { painting } = this.panel;
    return painting === undefined ? Boolean(this.document && (this.document.mask.canRedo || (this.#next() && !this.looking))) : Boolean(painting?.canRedo);
  }

  async undo() {
    if (this.canUndo) {
      hideNotice();
      await this.#back();
      this.refreshTools();
      announce(t("Undone."));
    }
  }

  async #back() {
    const open = this.document;
    if (this.panel.painting) {
      this.panel.painting.undo();
    } else if (this.result.comparing) { // the fill is taken back, what was marked for it is there again
      const { next } = open;
      const same = next && next.made.id === this.looking.id && next.made.index === this.looking.index;
      open.next = { made: this.looking, child: same ? next.child : null, position: open.mask.position };
      open.save();
      this.look(null);
    } else if (open.mask.canUndo) {
      open.mask.undo();
      open.save();
    } else {
      await goTo(this, open.parent);
    }
  }

  async redo() {
    if (this.canRedo) {
      hideNotice();
      await this.#forward();
      this.refreshTools();
      announce(t("Done again."));
    }
  }

  async #forward() {
    const open = this.document;
    const next = this.#next();
    if (this.panel.painting) {
      this.panel.painting.redo();
    } else if (next?.child && !this.looking) {
      await goTo(this, next.child);
    } else if (next && !this.looking) {
      this.look(next.made.id, next.made.index);
    } else {
      this.look(null);
      open.mask.redo();
      open.save();
    }
  }

  clear() {
    this.#change((surface) => surface.clear());
  }

  invert() {
    this.#change((surface) => surface.invert?.());
  }

  grow(radius) {
    this.#change((surface) => surface.grow?.(radius));
  }

  useTransparency() {
    this.#change((surface) => surface.replace?.(this.document.transparency));
  }

  paintingDone(act) {
    act();
    this.refreshTools();
  }

  /** A mask file takes the mask's place, or with `add` joins what is marked. */
  async loadMask(file, { add = false } = {}) {
    const { picture } = this.document;
    try {
      const holes = await decodeMask(file, file.name, picture.width, picture.height);
      this.#change((surface) => (add ? surface.add?.(holes) : surface.replace?.(holes)));
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

  async saveMask() {
    const { mask, name } = this.document;
    const url = URL.createObjectURL(await maskPng(mask.pixels, mask.width, mask.height));
    element("a", { href: url, download: `${name.replace(/\.[^.]*$/, "")}-mask.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  toggleMask() {
    this.view.showMask = !this.view.showMask;
    find("show-mask").setAttribute("aria-pressed", String(this.view.showMask));
    this.view.draw();
  }

  // Tools and tabs

  setTool(name) {
    this.panels.fill.finders?.stop();
    this.tool = name;
    localStorage.setItem("tool", name);
    if (this.looking && !this.result.comparing) {
      this.look(null);
    }
    this.refreshTools();
  }

  setSize(size) {
    const long = this.view.picture ? Math.max(this.view.picture.width, this.view.picture.height) : 1000;
    this.size = Math.round(Math.min(long / 2, Math.max(1, size)));
    if (this.document && this.panel.painting === undefined) {
      localStorage.setItem("brush", String(this.size / Math.min(this.document.picture.width, this.document.picture.height)));
    }
    this.refreshTools();
  }

  setTab(name) {
    hideNotice();
    this.panels.fill.finders?.stop();
    this.panel.drop?.();
    if (!this.settle()) {
      this.look(null);
    }
    this.tab = name;
    for (const other of Object.keys(this.panels)) {
      const tab = find(`tab-${other}`);
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      find(`panel-${other}`).hidden = other !== name;
    }
    for (const tabs of find("groups").children) {
      const chosen = Boolean(tabs.querySelector("[aria-selected=true]"));
      const group = find(tabs.id.replace(/-tabs$/, ""));
      tabs.hidden = !chosen;
      group.setAttribute("aria-selected", String(chosen));
      this.lastOf[group.id] = chosen ? name : this.lastOf[group.id];
      group.tabIndex = chosen ? 0 : -1;
    }
    for (const tab of document.querySelectorAll("[role=tab][aria-selected=true]")) {
      tab.scrollIntoView({ block: "nearest", inline: "nearest" }); // in a row that is wider than a phone
    }
    find("many").hidden = name !== "many";
    document.body.classList.toggle("many", name === "many");
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
    this.view.canvas.classList.toggle("picking", Boolean(this.picking));
    find("tools").hidden = !surface;
    find("size-pill").hidden = !surface;
    find("zoom-pill").hidden = !this.view.picture;
    for (const name of ["brush", "eraser", "box", "lasso", "hand"]) {
      const button = find(`tool-${name}`);
      button.setAttribute("aria-pressed", String(this.tool === name && (!this.looking || this.result.comparing)));
      button.hidden = surface?.shapes === false && (name === "box" || name === "lasso");
    }
    find("undo").disabled = !this.canUndo;
    find("redo").disabled = !this.canRedo;
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

  /** What is marked at this moment, to be told from what is drawn while the job that is asked for works on it. */
  marked(key = "") {
    const open = this.document;
    const pixels = open && this.panel.painting === undefined ? open.mask.pixels.slice() : null;
    return { document: open?.id ?? null, pixels, position: open?.mask.position, key };
  }

  /** `lead` is what was marked when a result was asked for that is to be shown as soon as it is there. */
  async submit(task, files, settings, { lead = null, better = false } = {}) {
    const open = this.document;
    const main = ["image", "picture", "clip"].find((one) => files[one] && files[one] === open?.blob);
    const job = await postJob(task, files, settings, main ? { [main]: open.name } : {});
    this.owned.push({ id: job.id, document: open?.id ?? null, root: open?.root ?? null });
    this.record();
    this.lead = lead ? { id: job.id, ...lead } : this.lead;
    this.betterId = better ? job.id : this.betterId;
    this.jobs.take(job);
    this.strip.update(this.jobs.get(job.id));
  }

  /** Whether the job that was asked for last is not done yet. */
  get busy() {
    const job = this.lead && this.jobs.get(this.lead.id);
    return Boolean(job) && !isFinal(job);
  }

  #leads(job) {
    return job.id === this.lead?.id && (this.lead.document === null || this.lead.document === this.document?.id);
  }

  record() {
    recordJobs(this.owned);
  }

  #jobChanged(job, before) {
    this.panels.many?.heard(job);
    if (!this.owned.some((one) => one.id === job.id)) {
      return;
    }
    this.strip.update(job);
    if (this.looking?.id === job.id && this.looking.index === "preview") {
      this.look(isFinal(job) && !job.results.length ? null : job.id, isFinal(job) ? 0 : "preview");
    }
    if (before && !isFinal(before) && isFinal(job)) {
      this.#jobEnded(job);
    } else if (before && before.stage !== job.stage && job.id !== this.lead?.id) {
      announce(`${jobTitle(job, this.tasks)}: ${told(job.stage)}`);
    }
  }

  #jobEnded(job) {
    const title = jobTitle(job, this.tasks);
    if (this.tasks.get(job.task)?.trains && job.state === "done") {
      this.loadModels();
      this.tell(t("The picture is learned. Samples, films and the rest are in the other tabs."));
    } else if (job.state === "failed") {
      this.tell(told(job.error || "The job failed."), { error: true });
    } else if (job.state === "done" && job.results.length) {
      const here = this.shownJobs().includes(job);
      const lead = this.#leads(job);
      this.unsaved ||= here;
      if (this.tasks.get(job.task)?.marks && lead && here) {
        this.#markFound(job);
      } else if (lead && here) {
        this.#lookAtLead(job);
        announce(t("{title} is ready.", { title }));
      } else if (here && this.looking?.id !== job.id) {
        this.tell(job.id === this.betterId ? t("The better fill is ready.") : t("{title} is ready.", { title }), { action: () => this.visit(job.id, 0), label: t("Look") });
      }
    }
    for (const line of job.warnings ?? []) {
      this.tell(told(line));
    }
    this.panel.refresh();
  }

  /** What came of the last press; what was marked meanwhile is marked on it, and can be mended next. */
  async #lookAtLead(job) {
    const { pixels, position } = this.lead;
    const index = job.results.length > 1 ? "all" : 0;
    this.arrived = job;
    await this.result.prepare(job, index); // while it is decoded, one can go on drawing
    if (this.arrived !== job || (this.pointing.doing && this.#leads(job))) {
      return; // it is shown already, or when the stroke has ended
    }
    this.arrived = null;
    if (!this.#leads(job) || !this.shownJobs().some((one) => one.id === job.id)) {
      return;
    }
    const { mask } = this.document ?? {};
    await this.look(job.id, index);
    if (pixels && mask.position !== position && this.result.picture) {
      const since = mask.pixels.map((value, i) => (value && !pixels[i] ? 1 : 0));
      if (since.includes(1)) {
        goOn(this, since);
        this.panel.lifted?.();
      }
    }
  }

  /** What was found becomes what is marked, where it can be corrected and mended. */
  async #markFound(job) {
    const [result] = job.results;
    const file = await fetch(result.url).then((response) => response.blob());
    const before = this.document.mask.count;
    await this.loadMask(new File([file], result.name), { add: true });
    const { count, width, height } = this.document.mask;
    if (count > before || !job.warnings?.length) { // nothing new is said too: it was marked already
      this.setTab("fill");
      this.tell(t("Found and marked: {share} % of the picture. Correct it with the brush, then press Mend.", { share: ((100 * (count - before)) / (width * height)).toFixed(1) }));
    }
    this.owned = this.owned.filter((one) => one.id !== job.id); // it lives on in the mask
    this.record();
    this.strip.render();
  }

  async cancel(id) {
    try {
      const response = await removeJob(id);
      if (response.status === 202) {
        this.jobs.take(await response.json());
      }
      announce(t("Cancelled."));
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

  /** A result on the stage, one of its pictures or "all" of them; null is the picture itself. */
  async look(id, index = 0) {
    this.looking = id === null ? null : { id, index };
    const shown = this.result.show(this.looking);
    this.strip.mark();
    this.refreshTools();
    await shown;
    this.refreshTools();
  }

  /** A result over the picture that it was made of, which may be one before or after the open one. */
  async visit(id, index) {
    const of = this.documentOf(id);
    hideNotice();
    if (of === null || of === this.document?.id || (await goTo(this, of))) {
      await this.look(id, index);
    }
  }

  /** The photo as it came. */
  async visitOriginal() {
    await goTo(this, this.document.root);
    await this.look(null);
  }

  async loadModels() {
    try {
      this.#showModels((await getJson("/api/models")).models);
    } catch (error) {
      this.tell(error.message, { error: true });
    }
  }
}
