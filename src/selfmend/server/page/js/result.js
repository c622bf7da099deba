// A result on the stage: in the picture's place with a slider between before and after; of another shape, by itself; several
// side by side. And what can be taken away of it: a file, a copy.

import { announce, element, find } from "./dom.js";
import { request } from "./api.js";
import { goOn } from "./opening.js";
import { decode } from "./picture.js";
import { isFilm, jobTitle, showable } from "./strip.js";
import { called } from "./names.js";
import { t, told } from "./texts.js";

const KEPT_PIXELS = 60e6; // of decoded results, so that going to and fro between two is instant
const REACH = 24; // pixels from the middle of the slider's handle, for fingers

/** A film beside the film that it was made of; both play, stop and jump together. */
function beforeAndAfter(before, after, title) {
  const video = (src, label) => element("video", { src, loop: true, muted: true, playsinline: true, "aria-label": label });
  const [left, right] = [video(before, t("Before")), video(after, title)];
  right.controls = true;
  right.autoplay = true;
  right.addEventListener("play", () => left.play().catch(() => {}));
  right.addEventListener("pause", () => left.pause());
  right.addEventListener("seeked", () => { left.currentTime = right.currentTime; });
  const side = (one, words) => element("figure", {}, one, element("figcaption", {}, words));
  return element("div", { class: "side-by-side", "data-count": 2 }, side(left, t("Before")), side(right, t("After")));
}

export class ResultView {
  constructor(app) {
    this.app = app;
    this.decoded = new Map();
    this.range = find("compare");
    this.range.addEventListener("input", () => this.slide(this.range.value / 100));
    find("go-on").addEventListener("click", () => this.#goOn());
    find("format").addEventListener("change", () => this.#link());
    find("copy").addEventListener("click", () => this.copy());
    find("download").addEventListener("click", () => { app.unsaved = false; });
    const hold = find("hold");
    for (const [event, held] of [["pointerdown", true], ["pointerup", false], ["pointerleave", false], ["pointercancel", false], ["blur", false]]) {
      hold.addEventListener(event, () => this.hold(held));
    }
    for (const [event, held] of [["keydown", true], ["keyup", false]]) {
      hold.addEventListener(event, (pressed) => {
        if (pressed.key === " " || pressed.key === "Enter") {
          this.hold(held);
          pressed.preventDefault();
        }
      });
    }
  }

  /** Nothing of an earlier picture stays. */
  clear() {
    this.decoded.clear();
  }

  /** The decoded result that lies in the picture's place, once it is there. */
  get picture() {
    return this.comparing ? this.app.view.over : null;
  }

  /** Whether a result is the picture with a part of it changed.
   * A photo that lies on its side is as high as it is shown, so it is what was sent that is compared, not the file.
   */
  #comparable(job) {
    const { picture } = this.app.document ?? {};
    const { size } = job;
    return Boolean(picture) && this.app.panel.painting === undefined && Boolean(this.app.tasks.get(job.task)?.overlays) && (!size || (size[0] === picture.height && size[1] === picture.width));
  }

  /** What is looked at on the stage; null is the picture itself, which can be the result of what was done before. */
  async show(looking) {
    const { app } = this;
    const { view } = app;
    const job = looking && app.jobs.get(looking.id);
    const all = looking?.index === "all" ? job.results : null;
    const result = all ? null : job?.results[looking.index];
    const url = result ? showable(result) : job?.preview;
    const here = app.panel.painting === undefined ? app.document : null;
    this.current = result ?? (looking ? null : (here?.made ?? null));
    this.job = job;
    this.comparing = Boolean(job && url && !all && this.#comparable(job));
    view.before = here && here.original.width === here.picture.width && here.original.height === here.picture.height ? here.original : null;
    this.sliding = Boolean(view.before) && (this.comparing || (!looking && Boolean(here?.made)));
    document.body.classList.toggle("looking", Boolean(looking));
    if (!this.sliding) {
      this.slide(0);
    }
    this.#bar(looking, job, all, here);
    find("viewer").hidden = !looking || this.comparing || !(url || all);
    if (this.comparing) {
      await this.#lay(url);
    } else {
      view.over = null;
      if (!find("viewer").hidden) {
        this.#alone(job, all, url, result);
      }
    }
    this.place();
    view.draw();
  }

  #bar(looking, job, all, here) {
    const { app } = this;
    const result = this.current;
    find("actions").hidden = !looking && !here;
    find("compare").disabled = !this.sliding;
    find("hold").disabled = !this.sliding;
    find("go-on").hidden = !looking || this.comparing || !result || isFilm(result) || result.media_type === "image/gif";
    find("save").disabled = !result?.url;
    find("copy").disabled = !result || isFilm(result);
    find("format").disabled = !result;
    find("download").toggleAttribute("aria-disabled", !result);
    const words = () => (here ? `${here.name} · ${here.picture.width} × ${here.picture.height}` : "");
    let title = looking ? jobTitle(job, app.tasks) : words();
    title = all ? t("{count} results: choose one", { count: all.length }) : title;
    find("result-title").textContent = looking?.index === "preview" ? t("{title}, so far", { title }) : title;
    const why = (job?.choices ?? []).map((one) => t("{share} % by {by}: {why}", { share: (100 * one.share).toFixed(one.share < 0.1 ? 1 : 0), by: called("method", one.by), why: told(one.why) }));
    find("result-why").textContent = why.join("; ");
    find("result-title").title = [find("result-title").textContent, ...why].join("\n");
    this.#formats();
  }

  /** What is going to be looked at is decoded, so that it then lies in the picture's place at once. */
  async prepare(job, index) {
    if (index !== "all" && this.#comparable(job)) {
      await this.#decode(showable(job.results[index])).catch(() => {}); // it is told when it is looked at
    }
  }

  async #decode(url) {
    const picture = this.decoded.get(url) ?? (await decode(await (await request(url)).blob()));
    this.decoded.delete(url);
    this.decoded.set(url, picture);
    while (this.decoded.size > 1 && this.decoded.size * picture.width * picture.height > KEPT_PIXELS) {
      this.decoded.delete(this.decoded.keys().next().value);
    }
    return picture;
  }

  async #lay(url) {
    const { app } = this;
    this.wanted = url;
    try {
      const picture = await this.#decode(url);
      if (this.wanted === url && this.comparing) {
        app.view.over = picture;
      }
    } catch (error) {
      app.tell(error.message, { error: true });
      app.look(null);
    }
  }

  #alone(job, all, url, result) {
    const title = jobTitle(job, this.app.tasks);
    if (all) {
      const one = (each) => element("button", { type: "button", "aria-label": t("{title}, {index} of {count}", { title, index: each.index + 1, count: all.length }), click: () => this.app.look(job.id, each.index) }, element("img", { src: showable(each), alt: "" }));
      find("viewer").replaceChildren(element("div", { class: "side-by-side", "data-count": all.length }, ...all.map(one)));
      return;
    }
    const film = result && isFilm(result);
    if (film && job.task === "video") {
      find("viewer").replaceChildren(beforeAndAfter(`/api/jobs/${encodeURIComponent(job.id)}/inputs/clip`, url, title));
      return;
    }
    find("viewer").replaceChildren(film ? element("video", { src: url, controls: true, loop: true, autoplay: true, muted: true, "aria-label": title }) : element("img", { src: url, alt: title }));
  }

  #formats() {
    const result = this.current;
    const { document: open } = this.app;
    if (!result && open) {
      find("format").replaceChildren(element("option", { value: "" }, open.name.split(".").pop().toUpperCase())); // so that it is as wide as it will be
    }
    if (result) {
      const ending = result.name.split(".").pop().toUpperCase();
      const moving = isFilm(result) || result.media_type === "image/gif" || this.job?.task === "animate";
      const others = moving || !result.url ? [] : [["png", "PNG"], ["jpeg", "JPEG"], ["webp", "WebP"]].filter(([, name]) => name !== ending && !(name === "JPEG" && ending === "JPG"));
      const chosen = find("format").value;
      find("format").replaceChildren(element("option", { value: "" }, ending), ...others.map(([value, name]) => element("option", { value, selected: value === chosen }, name)));
    }
    this.#link();
  }

  /** Where the download comes from: the server, or, of what it no longer keeps, this browser. */
  #link() {
    const link = find("download");
    const result = this.current;
    const kept = this.app.document?.made === result && this.app.document?.blob;
    if (!result) {
      link.removeAttribute("href");
    } else if (kept && (!find("format").value || !result.url)) {
      URL.revokeObjectURL(this.objectUrl);
      this.objectUrl = URL.createObjectURL(kept);
      link.href = this.objectUrl;
      link.download = result.name;
    } else {
      const { value } = find("format");
      link.href = `${result.url}?download=1${value ? `&format=${value}` : ""}`;
      link.download = "";
    }
  }

  /** A result of another shape becomes the picture, as a photo of its own; one in the picture's place goes on from it. */
  async #goOn() {
    const { app } = this;
    if (this.picture) {
      goOn(app);
    } else {
      const { url, name } = this.current;
      const blob = await (await request(url)).blob();
      app.unsaved = false;
      await app.open(new File([blob], name, { type: blob.type }));
      app.setTab("fill");
    }
    announce(t("The result is the picture now."));
  }

  /** The result, else the picture, as PNG in the clipboard. */
  async copy() {
    const { app, current } = this;
    if (!current || isFilm(current)) {
      return;
    }
    try {
      const png = current.url ? request(`${current.url}?format=png`).then((response) => response.blob()) : app.document.blob;
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      app.unsaved = false;
      app.tell(t("Copied: paste it where you want it."));
    } catch (error) {
      app.tell(navigator.clipboard ? error.message : t("This browser copies pictures only from this computer's own address, or by https; Download works."), { error: true });
    }
  }

  /** `share` of the width shows the photo as it came. */
  slide(share) {
    const { view } = this.app;
    view.cut = Math.min(1, Math.max(0, share));
    this.range.value = Math.round(100 * view.cut);
    this.range.setAttribute("aria-valuetext", t("{share} % before", { share: this.range.value }));
    this.place();
    view.draw();
  }

  /** All after, or half and half. */
  toggle() {
    if (this.sliding) {
      this.slide(this.app.view.cut > 0 ? 0 : 0.5);
    }
  }

  /** The photo as it came, for as long as a key or a button is held. */
  hold(held) {
    const { view } = this.app;
    view.holding = held && this.sliding;
    find("hold").setAttribute("aria-pressed", String(view.holding));
    view.draw();
  }

  /** Whether a point of the canvas is on the slider's handle. */
  atHandle(x, y) {
    return !find("divider").hidden && Math.hypot(x - this.handle[0], y - this.handle[1]) <= REACH;
  }

  /** The line between before and after follows zoom and position. */
  place() {
    const divider = find("divider");
    const { view } = this.app;
    divider.hidden = !this.sliding || !view.picture;
    if (!divider.hidden) {
      const [x, top] = view.toScreen(view.picture.width * view.cut, 0);
      const [, bottom] = view.toScreen(0, view.picture.height);
      const upper = Math.max(0, top);
      const height = Math.max(0, Math.min(view.canvas.clientHeight, bottom) - upper);
      this.handle = [x, upper + height / 2];
      divider.style.transform = `translate(${x}px, ${upper}px)`;
      divider.style.height = `${height}px`;
    }
  }
}
