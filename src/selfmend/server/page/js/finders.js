// What looks for things to mend on the first tab: a button a kind, pointing at an object or a colour, and an old photo mended
// in one go. What is found joins what is marked.

import { announce, element, hideNotice } from "./dom.js";
import { called } from "./names.js";
import { t } from "./texts.js";

const POINTED = ["color", "object"];
const FIRST = ["object", "text", "watermark", "stamp", "scratches", "dust", "stains"]; // in the order in which they are asked for

export class Finders {
  constructor(app) {
    this.app = app;
    const kinds = app.tasks.get("find")?.options.find((option) => option.name === "kind")?.choices ?? [];
    const sorted = [...FIRST.filter((kind) => kinds.includes(kind)), ...kinds.filter((kind) => !FIRST.includes(kind))];
    this.buttons = new Map(sorted.map((kind) => [kind, element("button", { type: "button", class: "chip", "aria-pressed": POINTED.includes(kind) ? "false" : null, click: () => this.#press(kind) }, called("kind", kind))]));
    const restore = app.tasks.has("restore") ? element("button", { type: "button", id: "old-photo", click: () => this.#restore() }, t("Old photo: find and mend")) : null;
    this.row = element("div", { class: "finders" },
      element("h2", { id: "find-title" }, t("Find and mark")), element("div", { class: "chips", role: "group", "aria-labelledby": "find-title" }, ...this.buttons.values()), restore);
  }

  /** The picture is open, and a result that is looked at has become it. */
  #ready() {
    const { document: open } = this.app;
    const fits = Boolean(open) && !open.film;
    if (!fits) {
      this.app.tell(t("Open a picture first."));
    }
    return fits && this.app.settle();
  }

  async #press(kind) {
    const { app } = this;
    this.stop(kind);
    if (!this.#ready()) {
      return;
    }
    if (!POINTED.includes(kind)) {
      await this.#find(kind);
    } else if (app.picking) {
      this.stop();
    } else {
      this.buttons.get(kind).setAttribute("aria-pressed", "true");
      app.picking = { kind, act: ([x, y]) => this.#find(kind, `${Math.floor(x)},${Math.floor(y)}`) };
      app.refreshTools();
      app.tell(kind === "color" ? t("Click on the colour in the picture.") : t("Click on the object in the picture."));
      app.view.canvas.focus({ preventScroll: true });
    }
  }

  /** No more pointing, but for a kind. */
  stop(kind = "") {
    if (this.app.picking && this.app.picking.kind !== kind) {
      this.app.picking = null;
      for (const one of POINTED) {
        this.buttons.get(one)?.setAttribute("aria-pressed", "false");
      }
      this.app.refreshTools();
    }
  }

  async #find(kind, at = null) {
    const { app } = this;
    const settings = { kind, ...(at ? { at } : {}) };
    await this.#submit("find", settings);
    announce(t("Looking for it."));
    if (kind === "object") {
      this.stop();
    }
    return app.lead;
  }

  async #restore() {
    this.stop();
    if (this.#ready()) {
      await this.#submit("restore", {});
    }
  }

  async #submit(task, settings) {
    const { app } = this;
    const key = JSON.stringify([task, app.document.id, app.document.mask.position, settings]);
    if (app.busy && app.lead.key === key) {
      return; // pressed twice
    }
    hideNotice();
    try {
      const lead = app.marked(key);
      await app.submit(task, { image: await app.document.file() }, settings, { lead });
    } catch (error) {
      app.tell(error.message, { error: true });
    }
  }
}
