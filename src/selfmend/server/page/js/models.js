// The other tabs: a model learns the picture, and what is learned makes pictures.

import { element, iconButton, sheetButton } from "./dom.js";
import { getJson, request } from "./api.js";
import * as forms from "./forms.js";
import { Painting, hex, paletteOf } from "./painting.js";

const TABS = {
  learn: { task: "train", button: "Learn this picture", about: "A network learns the open picture. Then it can make new pictures like it, in the next tabs. What is marked is left out of the learning." },
  sample: { task: "sample", button: "Make samples", application: "sample", about: "New pictures like the learned one, of any size." },
  harmonize: { task: "harmonize", button: "Harmonise", application: "harmonize", about: "Open the learned picture with something pasted in, and mark what was pasted: it takes on the look of the rest." },
  edit: { task: "edit", button: "Mend the edit", application: "edit", about: "Open the learned picture after you moved or copied parts of it: its seams are mended. Mark where, or leave it to the model to find." },
  paint: { task: "paint", button: "Make it a picture", application: "paint", about: "Paint a few flat colours: the model turns them into a picture like the one it has learned." },
  animate: { task: "animate", button: "Make a film", application: "animate", about: "The learned picture begins to move." },
};

export class ModelPanel {
  constructor(app, name, panel) {
    Object.assign(this, { app, name, tab: TABS[name], panel, models: [] });
    this.button = element("button", { type: "button", class: "primary", click: () => this.press() }, this.tab.button);
    this.body = element("div", { class: "panel-body" });
    panel.replaceChildren(element("div", { class: "panel-head" }, this.button, sheetButton(name)), this.body);
    this.build();
  }

  get model() {
    return this.models.find((model) => model.name === this.choice?.read());
  }

  build() {
    const about = element("p", { class: "hint" }, this.tab.about);
    this.seed = forms.numberField("Seed", { min: 0, placeholder: "new", hint: "The same seed gives the same result." });
    if (this.name === "learn") {
      this.runName = forms.textField("Name", { placeholder: "after the picture" });
      this.preset = forms.selectField("Preset", { choices: ["fast", "paper", "tiny"], hint: "fast: seconds to minutes. paper: the papers' recipe, hours." });
      this.list = element("ul", { class: "models" });
      this.body.replaceChildren(about, this.runName.row, this.preset.row, forms.section("Options", this.seed.row), element("h3", {}, "What was learned"), this.list);
      return;
    }
    this.choice = forms.selectField("Model", { choices: [] });
    this.choice.input.addEventListener("change", () => this.modelChosen());
    this.thumbnail = element("img", { class: "model-thumbnail", alt: "The learned picture", hidden: true });
    this.empty = element("p", { class: "hint" }, "Nothing was learned yet that can do this. Begin in the tab Learn.");
    this.start = forms.numberField("Start scale", { min: 0, placeholder: "default", hint: "0 is the coarsest: the lower, the more changes." });
    this.rows = element("div", { class: "fields" }, ...this[this.name](), forms.section("Options", this.start.row, this.seed.row));
    this.body.replaceChildren(about, this.empty, this.choice.row, this.thumbnail, this.rows);
    this.showModels([]);
  }

  sample() {
    const shape = (label) => forms.rangeField(label, { value: 256, min: 32, max: 1024, step: 4, show: (v) => `${v} px` });
    this.width = shape("Width");
    this.height = shape("Height");
    this.count = forms.numberField("How many", { value: 2 });
    this.retarget = forms.checkField("Keep the arrangement", { hint: "The same things in the same order, in another shape." });
    this.retarget.input.addEventListener("change", () => { this.count.row.hidden = this.retarget.read(); });
    return [this.width.row, this.height.row, this.count.row, this.retarget.row];
  }

  harmonize() {
    return [];
  }

  edit() {
    this.everything = forms.checkField("Draw everything anew", { hint: "Not only what was edited." });
    return [this.everything.row];
  }

  paint() {
    this.file = forms.fileField("A painting of yours", { hint: "Instead of the one on the canvas." });
    this.quantized = forms.checkField("Learn these colours", { hint: "For colours that are not the picture's; trains a scale anew." });
    this.swatches = element("div", { class: "swatches", role: "group", "aria-label": "Colours of the learned picture" });
    this.colour = element("input", { type: "color", id: "paint-colour", value: "#888888", input: () => this.#setColour(this.colour.value) });
    const custom = element("div", { class: "field check" }, this.colour, element("label", { for: "paint-colour" }, element("span", { class: "field-label" }, "Brush colour")));
    const fill = element("button", { type: "button", click: () => this.app.paintingDone(() => this.painting?.fill(this.colour.value)) }, "Fill all");
    const trace = element("button", { type: "button", click: () => this.app.paintingDone(() => this.painting?.trace(this.thumbnail, this.palette)) }, "Trace the picture");
    return [this.swatches, custom, element("div", { class: "pair" }, fill, trace), this.file.row, this.quantized.row];
  }

  animate() {
    const share = (label, hint) => forms.rangeField(label, { min: 0, max: 1, step: 0.01, show: (v) => v.toFixed(2), hint });
    this.alpha = share("Pull back to the picture", "1 stands still (alpha).");
    this.beta = share("Smoothness", "How steadily it moves (beta).");
    this.frames = forms.numberField("Frames", { value: 50 });
    this.fps = forms.numberField("Frames a second", { step: "any" });
    this.format = forms.selectField("Format", { choices: [["gif", "GIF"], ["webp", "WebP"], ["mp4", "MP4"]] });
    this.loop = forms.checkField("Loop", { hint: "The last frame leads back to the first." });
    return [this.alpha.row, this.beta.row, this.frames.row, this.fps.row, this.format.row, this.loop.row];
  }

  /** Ranges and defaults as the server has them; `options` gives a task's by name. */
  fit(options) {
    if (this.name === "sample") {
      forms.fit(this.count, options("sample").samples);
    } else if (this.name === "animate") {
      const { alpha, beta, frames, fps } = options("animate");
      forms.fit(this.alpha, alpha, { standard: true });
      forms.fit(this.beta, beta, { standard: true });
      forms.fit(this.frames, frames); // half as many as the command line's: a person waits for them
      forms.fit(this.fps, fps, { standard: true });
    }
  }

  showModels(models) {
    if (this.name === "learn") {
      this.list.replaceChildren(...models.map((model) => this.#modelRow(model)));
      this.body.querySelector("h3").hidden = models.length === 0;
      return;
    }
    const before = this.choice.read();
    this.models = models.filter((model) => model.applications.includes(this.tab.application));
    const names = this.models.map((model) => model.name);
    this.choice.fill(names, names.includes(before) ? before : names[0]);
    const none = names.length === 0;
    this.empty.hidden = !none;
    for (const part of [this.choice.row, this.rows]) {
      part.hidden = none;
    }
    this.button.setAttribute("aria-disabled", String(none));
    if (none || this.choice.read() !== before) {
      this.modelChosen();
    }
  }

  #modelRow(model) {
    const [height, width] = model.size ?? ["?", "?"];
    return element("li", {},
      element("img", { src: model.thumbnail, alt: "" }),
      element("span", {}, element("strong", {}, model.name), element("small", {}, `${model.method} · ${width} × ${height}`)),
      iconButton("close", `Delete what was learned as ${model.name}`, () => this.#deleteModel(model.name)));
  }

  async #deleteModel(name) {
    if (!window.confirm(`Delete what was learned as ${name}? This cannot be undone.`)) {
      return;
    }
    try {
      await request(`/api/models/${encodeURIComponent(name)}`, { method: "DELETE" });
    } catch (error) {
      this.app.tell(error.message, { error: true });
    }
    this.app.loadModels();
  }

  modelChosen() {
    const { model } = this;
    this.thumbnail.hidden = !model;
    if (!model) {
      this.painting = null;
      return;
    }
    this.thumbnail.src = model.thumbnail;
    const standard = model.default_start_scale?.[this.tab.application];
    this.start.input.placeholder = standard === undefined || standard === null ? "default" : String(standard);
    this.start.input.max = Math.max(0, (model.scales ?? 1) - 1);
    if (this.name === "sample" && model.size) {
      for (const [field, side] of [[this.height, model.size[0]], [this.width, model.size[1]]]) {
        field.input.min = Math.max(16, Math.round(side / 4));
        field.input.max = side * 4;
        field.input.step = 1;
        field.input.value = side;
        field.say();
      }
    }
    if (this.name === "paint") {
      this.painting = new Painting(...(model.size ?? [256, 256]));
      this.painting.changed = () => this.app.view.draw();
      this.thumbnail.onload = () => this.#offerColours();
      this.app.refreshStage();
    }
  }

  #offerColours() {
    this.palette = paletteOf(this.thumbnail);
    this.swatches.replaceChildren(...this.palette.map((colour) => {
      const name = hex(colour);
      const button = element("button", { type: "button", class: "swatch", "aria-label": `Paint with ${name}`, title: name, click: () => this.#setColour(name) });
      button.style.backgroundColor = name;
      return button;
    }));
    this.painting.fill(hex(this.palette[0]));
    this.painting.done = [];
    this.#setColour(hex(this.palette[1] ?? this.palette[0]));
    this.app.refreshTools();
  }

  #setColour(colour) {
    this.colour.value = colour;
    if (this.painting) {
      this.painting.colour = colour;
    }
  }

  async press() {
    const { app, name } = this;
    if (this.pressed) {
      return;
    }
    try {
      this.#check();
      this.pressed = true;
      this.button.classList.add("busy");
      await this.#submit();
    } catch (error) {
      app.tell(error.message, { error: true });
    }
    this.pressed = false;
    this.button.classList.remove("busy");
    if (name !== "paint") {
      app.panelElement.classList.remove("open");
    }
  }

  #check() {
    const open = this.app.document;
    if (this.name !== "learn" && !this.model) {
      throw new Error("There is no model for this yet: open a picture and let it be learned in the tab Learn.");
    }
    if (["learn", "harmonize", "edit"].includes(this.name) && !open) {
      throw new Error("Open a picture first.");
    }
    if (this.name === "harmonize" && !open.mask.count) {
      throw new Error("Mark what was pasted into the picture, then press Harmonise.");
    }
  }

  async #submit() {
    const { app } = this;
    const settings = { ...(this.seed.read() === null ? {} : { seed: this.seed.read() }), ...(this.model ? { model: this.model.name } : {}) };
    const files = {};
    if (this.start && this.start.read() !== null) {
      settings.start_scale = this.start.read();
    }
    let { task } = this.tab;
    if (this.name === "learn") {
      Object.assign(files, { image: app.document.blob, mask: app.document.mask.count ? await app.maskFile() : null });
      Object.assign(settings, { method: "singan", preset: this.preset.read(), ...(this.runName.read() ? { name: this.runName.read() } : {}) });
    } else if (this.name === "sample") {
      task = this.retarget.read() ? "retarget" : "sample";
      Object.assign(settings, { height: this.height.read(), width: this.width.read() }, task === "sample" ? { samples: this.count.read() ?? 1 } : {});
    } else if (this.name === "harmonize" || this.name === "edit") {
      Object.assign(files, { picture: app.document.blob, mask: app.document.mask.count ? await app.maskFile() : null });
      if (this.name === "edit") {
        settings.masked = !this.everything.read();
      }
    } else if (this.name === "paint") {
      files.picture = this.file.read() ?? (await this.painting.blob());
      settings.quantized = this.quantized.read();
    } else {
      Object.assign(settings, { alpha: this.alpha.read(), beta: this.beta.read(), frames: this.frames.read() ?? 50, fps: this.fps.read() ?? 10, format: this.format.read(), loop: this.loop.read() });
    }
    await app.submit(task, files, settings, { lead: true });
  }
}

/** All that was learned, as the server knows it. */
export const fetchModels = async () => (await getJson("/api/models")).models;
