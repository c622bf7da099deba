// A result on the stage: over the picture with a slider between before and after, or, of another shape, by itself.

import { element, find } from "./dom.js";
import { request } from "./api.js";
import { goOn } from "./opening.js";
import { decode } from "./picture.js";
import { isFilm, jobTitle, showable } from "./strip.js";

const KEPT_PIXELS = 60e6; // of decoded results, so that going to and fro between two is instant

export class ResultView {
  constructor(app) {
    this.app = app;
    this.decoded = new Map();
    this.range = find("compare");
    this.range.addEventListener("input", () => this.slide(this.range.value / 100));
    find("go-on").addEventListener("click", () => goOn(app));
    find("format").addEventListener("change", () => this.#link());
  }

  /** Nothing of an earlier picture stays. */
  clear() {
    this.show(null);
    this.decoded.clear();
  }

  async fetchBlob(result) {
    return (await request(result.url)).blob();
  }

  /** Whether a result is the picture with a part of it changed: of tasks that are given a mask.
   * A photo that lies on its side is as high as it is shown, so it is what was sent that is compared, not the file.
   */
  #comparable(job) {
    const { picture } = this.app.document ?? {};
    const { size } = job;
    const { needs = [], takes = [] } = this.app.tasks.get(job.task) ?? {};
    return Boolean(picture) && this.app.panel.painting === undefined && [...needs, ...takes].includes("mask") && (!size || (size[0] === picture.height && size[1] === picture.width));
  }

  async show(looking) {
    const { app } = this;
    const job = looking && app.jobs.get(looking.id);
    const result = job?.results[looking.index];
    const url = result ? showable(result) : job?.preview;
    this.current = result ?? null;
    this.job = job;
    find("actions").hidden = !looking;
    document.body.classList.toggle("looking", Boolean(looking));
    if (!url) {
      find("viewer").hidden = true;
      app.view.over = null;
      this.comparing = false;
      this.place();
      app.view.draw();
      return;
    }
    this.comparing = this.#comparable(job);
    find("compare-row").hidden = !this.comparing;
    find("download-row").hidden = !result;
    find("go-on").hidden = !result || isFilm(result) || result.media_type === "image/gif";
    find("result-title").textContent = result ? jobTitle(job, app.tasks) : `${jobTitle(job, app.tasks)}, so far`;
    this.#formats();
    if (this.comparing) {
      find("viewer").hidden = true;
      if (!app.view.over) {
        this.slide(0);
      }
      await this.#lay(url);
    } else {
      app.view.over = null;
      this.#alone(url, result, jobTitle(job, app.tasks));
    }
    this.place();
    app.view.draw();
  }

  async #lay(url) {
    this.wanted = url;
    try {
      const picture = this.decoded.get(url) ?? (await decode(await (await request(url)).blob()));
      this.decoded.delete(url);
      this.decoded.set(url, picture);
      while (this.decoded.size > 1 && this.decoded.size * picture.width * picture.height > KEPT_PIXELS) {
        this.decoded.delete(this.decoded.keys().next().value);
      }
      if (this.wanted === url && this.comparing) {
        this.app.view.over = picture;
      }
    } catch (error) {
      this.app.tell(error.message, { error: true });
      this.app.look(null);
    }
  }

  #alone(url, result, title) {
    const film = result && isFilm(result);
    const shown = film ? element("video", { src: url, controls: true, loop: true, autoplay: true, muted: true, "aria-label": title }) : element("img", { src: url, alt: title });
    find("viewer").replaceChildren(shown);
    find("viewer").hidden = false;
  }

  #formats() {
    const result = this.current;
    if (!result) {
      return;
    }
    const ending = result.name.split(".").pop().toUpperCase();
    const moving = isFilm(result) || result.media_type === "image/gif" || this.job.task === "animate";
    const others = moving ? [] : [["png", "PNG"], ["jpeg", "JPEG"], ["webp", "WebP"]].filter(([, name]) => name !== ending && !(name === "JPEG" && ending === "JPG"));
    const chosen = find("format").value;
    find("format").replaceChildren(element("option", { value: "" }, ending), ...others.map(([value, name]) => element("option", { value, selected: value === chosen }, name)));
    this.#link();
  }

  #link() {
    const { value } = find("format");
    const link = find("download");
    link.href = `${this.current.url}?download=1${value ? `&format=${value}` : ""}`;
    link.download = "";
  }

  /** `share` of the width shows the picture as it was. */
  slide(share) {
    const { view } = this.app;
    view.cut = Math.min(1, Math.max(0, share));
    this.range.value = Math.round(100 * view.cut);
    this.range.setAttribute("aria-valuetext", `${this.range.value} % before`);
    this.place();
    view.draw();
  }

  /** All after, or half and half. */
  toggle() {
    if (this.comparing) {
      this.slide(this.app.view.cut > 0 ? 0 : 0.5);
    }
  }

  /** The line between before and after follows zoom and position. */
  place() {
    const divider = find("divider");
    const { view } = this.app;
    divider.hidden = !this.comparing || !view.picture;
    if (!divider.hidden) {
      const [x, top] = view.toScreen(view.picture.width * view.cut, 0);
      const [, bottom] = view.toScreen(0, view.picture.height);
      const upper = Math.max(0, top);
      divider.style.transform = `translate(${x}px, ${upper}px)`;
      divider.style.height = `${Math.max(0, Math.min(view.canvas.clientHeight, bottom) - upper)}px`;
    }
  }
}
