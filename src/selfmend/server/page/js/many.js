// Many photos: each is a job of its own, with one mask for all or with what is found in each. The photos and what became of
// them stay over a reload; of what is not begun yet, a few jobs are sent at a time, so that others are served too.

import { postJob, removeJob, request } from "./api.js";
import { announce, element, find, icon, iconButton } from "./dom.js";
import * as forms from "./forms.js";
import { isFinal } from "./jobs.js";
import * as store from "./store.js";
import { progressWords, showable } from "./strip.js";
import { TaskPanel } from "./tasks.js";
import { t, told } from "./texts.js";
import { zip } from "./zip.js";

const AHEAD = 4; // jobs that wait or run at once
const AGAIN = 3000; // ms after a server that takes no more just now
const ONE_MASK = "mask"; // the kind that is nothing to be found
const ENDED = ["done", "failed", "cancelled"];
export const isPictureFile = (file) => (file.type.startsWith("image/") || /\.(tiff?|hei[cf]|jp2)$/i.test(file.name)) && !file.name.startsWith(".");

/** The task of the panel, made of that which finds and fills in one photo. */
export const manyOf = (restore) => ({
  ...restore, name: "many", group: "", label: "Many photos", action: "Mend them all", needs: [], takes: [],
  hint: "Choose photos, or drop them here: in each, what is looked for is found and filled, or one mask is the hole of all.",
  options: restore.options.filter((one) => one.name !== "region").map((one) => (one.name === "kind" ? { ...one, choices: [...one.choices, ONE_MASK] } : one)),
});

/** All files that were dropped, those in folders too. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) {
    return [...transfer.files];
  }
  const files = [];
  const walk = async (entry) => {
    if (entry.isFile) {
      files.push(await new Promise((resolve, reject) => { entry.file(resolve, reject); }));
      return;
    }
    const reader = entry.createReader();
    for (;;) { // a browser gives a hundred at a time
      const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
      if (!some.length) {
        return;
      }
      for (const one of some) {
        await walk(one);
      }
    }
  };
  for (const entry of entries) {
    await walk(entry);
  }
  return files.filter(isPictureFile).sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

export class ManyPanel extends TaskPanel {
  /** `items` are { id, name, shared, state, job, error }, with `blob` while it is here; `work` is what is done to each. */
  constructor(app, task, panel) {
    super(app, task, panel);
    Object.assign(this, { items: [], work: null, rows: new Map() });
    this.list = find("many-list");
    this.link = element("a", { hidden: true });
    find("many-cancel").addEventListener("click", () => this.cancel());
    find("many-zip").addEventListener("click", () => this.#zip());
    find("many-save").addEventListener("click", () => this.#saveAll());
    find("many-empty").addEventListener("click", () => this.#empty());
    find("many-open").addEventListener("click", () => this.photos?.click());
    find("pair-open").addEventListener("click", () => this.#open());
    this.ready = this.#restore();
  }

  special() {
    const choose = (words, more) => {
      const input = element("input", { type: "file", accept: "image/*,.tif,.tiff,.heic,.heif,.jp2", multiple: true, hidden: true, "aria-label": words, ...more });
      input.addEventListener("change", () => {
        const files = [...input.files].filter((file) => !more.webkitdirectory || isPictureFile(file));
        input.value = "";
        this.add(files);
      });
      return [input, element("button", { type: "button", click: () => input.click() }, words)];
    };
    const [files, fileButton] = choose(t("Choose photos"), { id: "many-files" });
    const [folder, folderButton] = choose(t("Choose a folder"), { webkitdirectory: true });
    this.shared = element("button", { type: "button", hidden: true, click: () => this.#addShared() });
    this.mask = forms.fileField(t("Mask"), { hint: t("White where the hole is. Without a file, what is marked in the open picture.") });
    this.photos = files;
    this.chooser = element("div", { class: "pair" }, fileButton, folderButton, this.shared, files, folder);
    return [];
  }

  /** First the photos, then what is to go from them, then how. */
  layout() {
    const [hint, ...rest] = super.layout();
    return [hint, this.chooser, this.field("kind").row, this.mask.row, ...rest];
  }

  offer(task, methods, inputs) {
    super.offer(task, methods, inputs);
    const kind = this.field("kind");
    kind.input.addEventListener("change", () => this.#chooseKind());
    this.#chooseKind();
    this.offerShared();
  }

  /** What is needed for what is to go: a mask, or how it is found. */
  #chooseKind() {
    const one = this.field("kind").read() === ONE_MASK;
    this.mask.row.hidden = !one;
    const { input } = this.field("grow");
    const usual = String(this.options.grow.default); // the border of what is found is soft; a mask is as it is
    input.value = { [one ? usual : "0"]: one ? "0" : usual }[input.value] ?? input.value;
    for (const name of ["sensitivity", "grain"]) {
      this.field(name).row.hidden = one;
    }
  }

  /** Nothing is drawn here. */
  get painting() {
    return null;
  }

  refresh() {}

  /** The photos of the folder that the server was started with. */
  offerShared() {
    const { files = [], name = "" } = this.app.folder ?? {};
    this.shared.hidden = !name || !files.length; // a single photo is open already
    this.shared.textContent = t("All {count} of {name}", { count: files.length, name });
  }

  async add(files) {
    await this.ready;
    this.app.setTab("many");
    const pictures = files.filter(isPictureFile);
    const { max_bytes: most } = this.app.limits ?? {};
    for (const blob of pictures) {
      const large = most && blob.size > most;
      const item = { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, name: blob.name, blob, shared: false, job: null, state: large ? "failed" : "new", error: "" };
      if (large) {
        item.error = t("{name} has {has} MB; this server takes at most {most} MB.", { name: item.name, has: (blob.size / 1e6).toFixed(1), most: (most / 1e6).toFixed(0) });
      }
      this.items.push(item);
      store.put("state", blob, `many ${item.id}`).catch(() => {}); // where there is no room, until the page is closed
    }
    if (pictures.length < files.length) {
      this.app.tell(t("{count} files are no pictures, and are left out.", { count: files.length - pictures.length }));
    }
    this.#changed();
  }

  #addShared() {
    const there = new Set(this.items.filter((item) => item.shared).map((item) => item.name));
    const fresh = this.app.folder.files.filter((file) => !there.has(file.name));
    this.items.push(...fresh.map(({ name }) => ({ id: `shared ${name}`, name, shared: true, job: null, state: "new", error: "" })));
    this.#changed();
  }

  setMask(file) {
    const files = new DataTransfer();
    files.items.add(file);
    this.mask.input.files = files.files;
    this.mask.input.dispatchEvent(new Event("change"));
    this.field("kind").input.value = ONE_MASK;
    this.#chooseKind();
  }

  missing() {
    if (!this.items.length) {
      return t("Choose photos first.");
    }
    const marked = this.mask.read() || this.app.document?.mask.count;
    return this.field("kind").read() !== ONE_MASK || marked ? "" : t("Choose a mask first, or mark in the open picture what is the hole of all.");
  }

  /** Those that are not mended yet; where all are, all of them anew. */
  async submit() {
    const one = this.field("kind").read() === ONE_MASK;
    const { kind, grow, ...rest } = { ...this.changed(), grow: this.field("grow").read() ?? 0 };
    const settings = one ? { ...rest, grow_mask: grow } : { ...rest, grow, kind: kind ?? this.field("kind").read() };
    const mask = one ? (this.mask.read() ?? (await this.app.maskFile())) : null;
    this.work = { task: one ? "fill" : "restore", settings: { ...settings, ...this.by() }, mask };
    const open = this.items.filter((item) => ["new", "failed", "cancelled"].includes(item.state));
    const again = this.busy ? [] : this.items;
    for (const item of open.length ? open : again) {
      Object.assign(item, { state: "waiting", job: null, error: "" });
    }
    this.#changed();
    this.#pump();
  }

  get busy() {
    return this.items.some((item) => item.state === "waiting" || item.state === "sent");
  }

  async #pump() {
    if (this.pumping) {
      return;
    }
    this.pumping = true;
    for (;;) {
      const item = this.items.find((one) => one.state === "waiting");
      if (!item || this.items.filter((one) => one.state === "sent").length >= AHEAD) {
        break;
      }
      if (!(await this.#send(item))) {
        setTimeout(() => this.#pump(), AGAIN);
        break;
      }
      this.#changed();
    }
    this.pumping = false;
  }

  /** One photo to the server; false where it takes no more just now. */
  async #send(item) {
    const { task, settings, mask } = this.work;
    try {
      const job = await postJob(task, { image: await this.#file(item), mask }, settings, { image: item.name, mask: "mask.png" });
      if (item.state === "cancelled") {
        removeJob(job.id).catch(() => {});
      } else {
        Object.assign(item, { job: job.id, state: "sent" });
        this.app.jobs.take(job);
      }
    } catch (error) {
      if ([0, 429, 503].includes(error.status)) {
        return false;
      }
      Object.assign(item, { state: "failed", error: error.message });
    }
    return true;
  }

  async #file(item) {
    if (item.shared) {
      return (await request(`/api/files/${encodeURIComponent(item.name)}`)).blob();
    }
    const blob = item.blob ?? (await store.get("state", `many ${item.id}`));
    if (!blob) {
      throw new Error(t("This picture is no longer kept by this browser."));
    }
    return blob;
  }

  /** A job has changed, which may be one of these. */
  heard(job) {
    const item = this.items.find((one) => one.job === job.id);
    if (!item) {
      return;
    }
    const before = item.state;
    if (isFinal(job) && before !== "cancelled") {
      item.state = job.state === "gone" ? "failed" : job.state;
      item.error = job.state === "gone" ? t("The server keeps it no longer: mend it again.") : told(job.error ?? "");
    }
    if (item.state === before) {
      this.#row(item);
      return;
    }
    this.#changed();
    this.#pump();
    if (!this.busy && before === "sent") {
      const done = this.items.filter((one) => one.state === "done").length;
      const words = t("{done} of {count} photos are mended.", { done, count: this.items.length });
      announce(words);
      if (this.app.tab !== "many") {
        this.app.tell(words, { action: () => this.app.setTab("many"), label: t("Look") });
      }
    }
  }

  cancel() {
    for (const item of this.items.filter((one) => ["waiting", "sent"].includes(one.state))) {
      item.state = "cancelled";
      if (item.job) {
        removeJob(item.job).catch(() => {});
      }
    }
    announce(t("Cancelled."));
    this.#changed();
  }

  #forget(item) {
    this.items = this.items.filter((one) => one !== item);
    store.remove("state", `many ${item.id}`).catch(() => {});
    if (item.job) {
      removeJob(item.job).catch(() => {});
      this.app.jobs.forget(item.job);
    }
  }

  #empty() {
    for (const item of [...this.items]) {
      this.#forget(item);
    }
    this.#changed();
  }

  // What is kept, and what is seen

  async #restore() {
    const kept = await store.get("state", "many").catch(() => null);
    this.items = kept?.items ?? [];
    this.work = kept?.work ?? null;
    this.#changed({ save: false });
    await Promise.all(this.items.filter((item) => item.job && item.state !== "cancelled").map((item) => this.app.jobs.load(item.job)));
    this.#pump();
  }

  #changed({ save = true } = {}) {
    const count = this.items.length;
    const ended = this.items.filter((item) => ENDED.includes(item.state));
    const done = ended.filter((item) => item.state === "done").length;
    const failed = ended.filter((item) => item.state === "failed").length;
    const words = [this.busy ? t("{index} of {count}", { index: ended.length, count }) : t("{done} of {count} photos are mended.", { done, count }), failed ? t("{count} failed", { count: failed }) : ""];
    find("many-words").textContent = count ? words.filter(Boolean).join(" · ") : t("No photos yet");
    find("many-bar").hidden = !this.busy;
    find("many-bar").value = count ? ended.length / count : 0;
    find("many-cancel").hidden = !this.busy;
    find("many-zip").hidden = !done;
    find("many-save").hidden = !done || !this.app.folder?.saves;
    find("many-empty").hidden = !count || this.busy;
    find("many-welcome").hidden = count > 0;
    const known = new Set(this.items.map((item) => item.id));
    for (const [id, row] of this.rows) {
      if (!known.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
    }
    this.items.forEach((item) => this.#row(item));
    if (save) {
      const items = this.items.map(({ id, name, shared, state, job, error }) => ({ id, name, shared, state, job, error }));
      store.put("state", { items, work: this.work }, "many").catch(() => {});
    }
  }

  #row(item) {
    const job = item.job && this.app.jobs.get(item.job);
    const done = item.state === "done" && job?.results?.length > 0;
    const key = `${item.state} ${done} ${Boolean(item.job)}`;
    let row = this.rows.get(item.id);
    if (!row) {
      row = element("li", { class: "many-row" });
      this.rows.set(item.id, row);
      this.list.append(row);
    }
    if (row.dataset.key !== key) {
      row.dataset.key = key;
      row.dataset.state = item.state;
      row.replaceChildren(...this.#parts(item, done ? job.results[0] : null));
    }
    row.querySelector(".stage-words").textContent = this.#words(item, job);
  }

  #words(item, job) {
    const words = { new: "", waiting: t("Waiting"), cancelled: t("Cancelled"), failed: item.error || t("Failed"), done: job?.warnings?.map(told).join("; ") || t("Done") };
    return words[item.state] ?? (job ? progressWords(job) : t("Waiting"));
  }

  #parts(item, result) {
    const before = this.#picture(item);
    const after = result ? element("img", { alt: "", src: showable(result), loading: "lazy", decoding: "async" }) : element("span", {}, item.state === "sent" ? element("span", { class: "spinner" }) : null);
    const thumbs = element("button", { type: "button", class: "many-thumbs", disabled: !result, "aria-label": t("{name}: before and after", { name: item.name }), click: () => this.#look(item, result) }, before, after);
    const link = result ? element("a", { class: "button icon-button", href: `${result.url}?download=true`, download: result.name, "aria-label": t("Download {name}", { name: item.name }), title: t("Download") }, icon("download")) : null;
    const remove = iconButton("close", t("Remove {title}", { title: item.name }), () => { this.#forget(item); this.#changed(); });
    return [thumbs, element("div", { class: "told" }, element("strong", {}, item.name), element("small", { class: "stage-words" })), link, ["waiting", "sent"].includes(item.state) ? null : remove].filter(Boolean);
  }

  /** The photo as it came, small; a format that the browser does not know stays empty. */
  #picture(item) {
    const image = element("img", { alt: "", loading: "lazy", decoding: "async", error: (event) => { event.target.style.visibility = "hidden"; } });
    if (item.blob) {
      image.src = URL.createObjectURL(item.blob);
      image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    } else {
      image.src = item.shared ? `/api/files/${encodeURIComponent(item.name)}` : item.job ? `/api/jobs/${encodeURIComponent(item.job)}/inputs/image` : "";
    }
    return image;
  }

  #look(item, result) {
    const side = (src, words) => element("figure", {}, element("img", { src, alt: `${item.name}: ${words}` }), element("figcaption", {}, words));
    this.pair = { item, result };
    find("pair-title").textContent = item.name;
    find("pair-pictures").replaceChildren(side(`/api/jobs/${encodeURIComponent(item.job)}/inputs/image`, t("Before")), side(showable(result), t("After")));
    find("pair-download").href = `${result.url}?download=true`;
    find("pair-download").download = result.name;
    find("pair-dialog").showModal();
  }

  /** A result on the first tab, to go on there. */
  async #open() {
    const { result } = this.pair;
    find("pair-dialog").close();
    try {
      const blob = await (await request(result.url)).blob();
      this.app.setTab("fill");
      await this.app.open(new File([blob], result.name, { type: blob.type }));
    } catch (error) {
      this.app.tell(error.message, { error: true });
    }
  }

  #results() {
    return this.items.filter((item) => item.state === "done").map((item) => ({ item, result: this.app.jobs.get(item.job)?.results?.[0] })).filter(({ result }) => result);
  }

  async #zip() {
    const results = this.#results();
    const button = find("many-zip");
    button.disabled = true;
    try {
      const made = await zip((async function* files() {
        for (const { result } of results) {
          yield { name: result.name, blob: await (await request(result.url)).blob() };
        }
      }()));
      if (!made) {
        throw new Error(t("All together are more than 4 GB: download them one by one."));
      }
      const url = URL.createObjectURL(made);
      element("a", { href: url, download: "mended.zip" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      this.app.tell(error.message, { error: true });
    }
    button.disabled = false;
  }

  /** All results into the server's output folder. */
  async #saveAll() {
    let saved = 0;
    try {
      for (const { item } of this.#results()) {
        await this.app.folder.saveResult(item.job, 0);
        saved += 1;
      }
      this.app.tell(t("{count} pictures are saved.", { count: saved }));
    } catch (error) {
      this.app.tell(error.message, { error: true });
    }
  }
}
