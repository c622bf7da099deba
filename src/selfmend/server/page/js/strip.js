// The strip of results: what the picture was, a card for each job with its progress, and a thumbnail for each result.

import { element, icon, iconButton, timeText } from "./dom.js";
import { isFinal } from "./jobs.js";
import { called } from "./names.js";
import { t, told } from "./texts.js";

const SHOWN_BY_BROWSERS = /^image\/(png|jpeg|webp|gif|avif|bmp)$/;

export const isFilm = (result) => result.media_type.startsWith("video/");

/** Where a result can be shown from: picture formats that browsers do not know come as PNG. */
export const showable = (result) => (isFilm(result) || SHOWN_BY_BROWSERS.test(result.media_type) ? result.url : `${result.url}?format=png`);

/** Of a fill, how; of the rest also what it is. `tasks` are the server's by name. */
export function jobTitle(job, tasks) {
  const how = job.settings?.model || (job.settings?.method && called("method", job.settings.method));
  return job.task === "fill" && how ? how : `${t(tasks.get(job.task)?.label ?? job.task)}${how ? ` · ${how}` : ""}`;
}

export function progressWords(job) {
  if (job.state === "queued") {
    return job.place ? t("Waiting, {place} before it", { place: job.place }) : t("Waiting");
  }
  const left = job.seconds_left === null || job.seconds_left === undefined ? "" : t("{time} left", { time: timeText(job.seconds_left) });
  return [told(job.stage || "Starting"), left].filter(Boolean).join(" · ");
}

export class Strip {
  /** `app` is asked what is looked at, and told what is chosen, cancelled and removed. */
  constructor(app, list) {
    Object.assign(this, { app, list, cards: new Map() });
  }

  /** All cards anew, as after another picture was opened. */
  render() {
    const jobs = this.app.shownJobs();
    this.cards = new Map();
    const first = this.app.document ? [this.#original()] : [];
    this.list.replaceChildren(...first, ...jobs.map((job) => this.#card(job)));
    this.mark();
    this.#visible();
  }

  #visible() {
    this.list.parentElement.hidden = !this.app.document && !this.app.shownJobs().length; // with a photo it is always there: nothing jumps
  }

  /** One job was new or changed. */
  update(job) {
    if (!this.app.shownJobs().includes(job)) {
      this.cards.get(job.id)?.remove();
      this.cards.delete(job.id);
    } else if (this.cards.has(job.id)) {
      this.#progress(job, this.cards.get(job.id));
    } else {
      const card = this.#card(job);
      this.list.append(card);
      card.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    this.#visible();
  }

  /** Which thumbnail is the one on the stage. */
  mark() {
    const { looking } = this.app;
    const at = looking ?? this.app.document?.made; // the picture itself can be a result
    for (const button of this.list.querySelectorAll("[aria-pressed]")) {
      const here = at ? button.dataset.job === at.id && (button.dataset.index === String(at.index) || at.index === "all") : !button.dataset.job;
      button.setAttribute("aria-pressed", String(here));
      if (here && looking) {
        const behind = button.closest(".card").nextElementSibling?.querySelector(".running .small"); // Cancel of the better fill
        for (const one of [button, behind].filter(Boolean)) {
          one.scrollIntoView({ block: "nearest", inline: "nearest" });
        }
      }
    }
  }

  #original() {
    const { original } = this.app.document;
    const smallest = original.levels.at(-1);
    const canvas = element("canvas", { width: smallest.width, height: smallest.height });
    canvas.getContext("2d").drawImage(smallest, 0, 0);
    const thumb = element(
      "button", { type: "button", class: "thumb", "aria-pressed": String(!this.app.looking && !this.app.document.made), "aria-label": t("The photo as it came"), click: () => this.app.visitOriginal() }, canvas,
    );
    return element("li", { class: "card original" }, element("div", { class: "thumbs" }, thumb), element("p", { class: "caption" }, t("Original")));
  }

  #card(job) {
    const card = element("li", { class: "card", "data-job": job.id });
    this.cards.set(job.id, card);
    this.#progress(job, card);
    return card;
  }

  #progress(job, card) {
    const structure = `${job.state} ${job.results.length} ${isFinal(job) ? "" : Boolean(job.preview)}`;
    if (card.dataset.structure !== structure) {
      card.dataset.structure = structure;
      card.dataset.state = job.state;
      card.replaceChildren(...this.#parts(job));
      this.mark();
    }
    if (!isFinal(job)) {
      const bar = card.querySelector("progress");
      if (job.done === null || job.done === undefined) {
        bar.removeAttribute("value");
      } else {
        bar.value = job.done;
      }
      card.querySelector(".stage-words").textContent = progressWords(job);
      const image = card.querySelector("img");
      if (image && job.preview && image.getAttribute("src") !== job.preview) {
        image.src = job.preview;
      }
    }
  }

  #parts(job) {
    const title = jobTitle(job, this.app.tasks);
    if (!isFinal(job)) {
      const picture = job.preview ? element("img", { alt: "", src: job.preview }) : element("span", { class: "spinner" });
      const thumb = element(
        "button", { type: "button", class: "thumb", "aria-pressed": "false", "aria-label": t("{title}: how it looks so far", { title }), "data-job": job.id, "data-index": "preview",
          disabled: !job.preview, click: () => this.app.visit(job.id, "preview") }, picture,
      );
      return [
        element("div", { class: "thumbs" }, thumb),
        element("div", { class: "running" },
          element("p", { class: "caption" }, title),
          element("progress", { max: 1, "aria-label": t("{title}: progress", { title }) }),
          element("p", { class: "stage-words" }),
          element("button", { type: "button", class: "small", "aria-label": t("Cancel {title}", { title }), click: () => this.app.cancel(job.id) }, t("Cancel"))),
      ];
    }
    const remove = iconButton("close", t("Remove {title}", { title }), () => this.app.removeJob(job.id), { class: "icon-button remove" });
    if (job.state !== "done") {
      const words = job.state === "cancelled" ? t("Cancelled") : told(job.error || "Failed");
      return [element("div", { class: "running thumbs" }, element("p", { class: "caption" }, title), element("p", { class: "stage-words" }, words), remove)];
    }
    const seconds = job.seconds ?? (job.finished && job.started ? job.finished - job.started : null);
    const caption = element("p", { class: "caption" }, title, seconds === null ? "" : ` · ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`);
    if (!job.results.length) {
      return [element("div", { class: "running thumbs" }, caption, element("p", { class: "stage-words" }, this.app.tasks.get(job.task)?.trains ? t("Learned: see the other tabs") : t("Done")), remove)];
    }
    return [element("div", { class: "thumbs" }, ...job.results.map((result) => this.#thumb(job, result, title)), remove), caption];
  }

  #thumb(job, result, title) {
    const many = job.results.length > 1 ? `, ${t("{index} of {count}", { index: result.index + 1, count: job.results.length })}` : "";
    const picture = isFilm(result) ? icon("film") : element("img", { alt: "", src: showable(result), decoding: "async" });
    return element(
      "button", { type: "button", class: "thumb", "aria-pressed": "false", "aria-label": `${title}${many}`, "data-job": job.id,
        "data-index": result.index, click: () => this.app.visit(job.id, result.index) }, picture,
    );
  }
}
