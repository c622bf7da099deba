// The panel of a task: its form is made of what the server tells of it, so that a task that is new there needs nothing here.

import { announce, ask, element, hideNotice, sheetButton } from "./dom.js";
import * as forms from "./forms.js";
import { called } from "./names.js";
import { t } from "./texts.js";

const MODEL = "model "; // before the name of a trained run, among the names of methods
const SOURCE = ["method", "model", "preset"]; // one choice of what does it, where the server has three options
const SPEEDS = ["instant", "second", "seconds", "a minute", "minutes", "hours", ""]; // as the server says it
const SELDOM = ["seed", "start_scale", "grow_mask", "format"]; // folded away where the default is nothing, so that a form is short

export class TaskPanel {
  /** `task` as the server tells it, or, of what is shown before it has answered, name and words of the button. */
  constructor(app, task, panel) {
    Object.assign(this, { app, task, panel, methods: [], models: [], fields: [], files: [] });
    this.button = element("button", { type: "button", class: "primary", click: () => this.press() }, t(task.action));
    this.body = element("div", { class: "panel-body" });
    panel.replaceChildren(element("div", { class: "panel-head" }, this.button, sheetButton(task.name)), this.body);
  }

  /** The form. `methods` are all that fill, `inputs` says what each file is. */
  offer(task, methods, inputs) {
    this.task = task;
    this.methods = methods.filter((method) => task.methods.includes(method.name));
    this.inputs = [...task.needs, ...task.takes];
    this.options = Object.fromEntries(task.options.map((option) => [option.name, option]));
    const drawn = this.inputs.includes("mask") ? ["invert_mask"] : []; // the menu of the mask has it
    this.fields = forms.optionFields(task.options.filter((option) => ![...SOURCE, ...drawn].includes(option.name)));
    this.stage = ["image", "picture", "clip"].find((name) => task.needs.includes(name)); // the open picture
    const chosen = this.inputs.filter((name) => ![this.stage, "mask", ...this.own].includes(name)); // the mask is drawn on it
    this.files = chosen.map((name) => ({ name, ...forms.fileField(t(forms.sentence(name)), { hint: t(forms.sentence(inputs[name] ?? "")) }) }));
    this.#buildSource();
    this.body.replaceChildren(...this.layout());
    this.showModels([]);
    this.choose();
  }

  #buildSource() {
    this.source = forms.selectField(t(this.methods.length ? "Method" : "Model"), { choices: [] });
    this.source.input.addEventListener("change", () => {
      localStorage.setItem(`method ${this.task.name}`, this.source.read());
      this.choose();
    });
    this.about = element("p", { class: "hint" });
    this.preset = forms.selectField(t("Preset"), { choices: [] });
    this.thumbnail = element("img", { class: "model-thumbnail", alt: t("The learned picture"), hidden: true });
    this.advanced = forms.section(t("Advanced"));
  }

  /** What is in the panel, from top to bottom. */
  layout() {
    const seldom = this.fields.filter((field) => SELDOM.includes(field.name) && !this.options[field.name].default);
    const often = this.fields.filter((field) => !seldom.includes(field));
    const folded = seldom.length ? [forms.section(t("Options"), ...seldom.map((field) => field.row))] : [];
    this.form = element("div", { class: "fields" },
      ...this.special(), this.preset.row, ...[...this.files, ...often].map((field) => field.row), ...folded, ...(this.methods.length ? [this.advanced] : []));
    return [element("p", { class: "hint" }, t(this.task.hint)), this.source.row, this.about, this.thumbnail, this.form];
  }

  /** What a task has beside its options. */
  special() {
    return [];
  }

  /** Inputs that the panel has a place of its own for. */
  get own() {
    return [];
  }

  /** What is drawn on instead of the mask: a Painting, null where there is none yet; undefined is the mask. */
  get painting() {
    return undefined;
  }

  get model() {
    const chosen = this.source?.read() ?? "";
    return chosen.startsWith(MODEL) ? this.models.find((model) => model.name === chosen.slice(MODEL.length)) : undefined;
  }

  get method() {
    return this.methods.find((method) => method.name === this.source?.read());
  }

  /** Whether the model's own picture takes the place of the open one. */
  get alone() {
    return Boolean(this.model) && this.task.learned;
  }

  /** Trained runs that can do it stand below the methods. */
  showModels(models) {
    if (!this.source) {
      return;
    }
    this.models = this.options.model ? models.filter((model) => model.applications.includes(this.task.name)) : [];
    const before = this.source.input.options.length ? this.source.read() : null;
    this.#fillSource();
    const names = [...this.source.input.options].map((one) => one.value);
    this.source.input.value = [before, localStorage.getItem(`method ${this.task.name}`), this.options.method?.default].find((name) => names.includes(name)) ?? names[0] ?? "";
    this.source.row.hidden = names.length < (this.methods.length ? 1 : 2); // nothing to choose
    if (this.source.read() !== before) {
      this.choose();
    }
  }

  #fillSource() {
    const usual = this.options.method?.default;
    const first = (method) => method.name === usual || method.everyday;
    const rank = (method) => [method.name !== usual, SPEEDS.indexOf(method.speed), method.learns];
    const sorted = [...this.methods].sort((a, b) => rank(a).reduce((order, value, i) => order || value - rank(b)[i], 0));
    const words = (method) => [called("method", method.name), ...[method.for, method.speed === "second" ? "a second" : method.speed].filter(Boolean).map((one) => t(one))].join(" · ");
    const offered = (some) => some.map((method) => element("option", { value: method.name }, words(method)));
    const methods = offered(sorted.filter(first));
    const rest = offered(sorted.filter((method) => !first(method)));
    if (rest.length) {
      methods.push(element("optgroup", { label: t("More") }, ...rest));
    }
    const models = this.models.map((model) => element("option", { value: MODEL + model.name }, model.name));
    if (!methods.length && "model" in this.options) {
      methods.push(element("option", { value: "" }, t(this.options.model.none)));
    }
    const group = methods.length && models.length ? [element("optgroup", { label: t("What was learned") }, ...models)] : models;
    this.source.input.replaceChildren(...methods, ...group);
  }

  /** Another method or model: with its presets, its options and its scales. */
  choose() {
    const { method, model } = this;
    this.about.textContent = method ? forms.sentence(t(method.title)) + "." : "";
    this.about.hidden = !method;
    this.thumbnail.hidden = !model?.thumbnail;
    if (model?.thumbnail) {
      this.thumbnail.src = model.thumbnail;
    }
    this.preset.fill((method?.presets ?? []).map((name) => [name, called("preset", name)]));
    this.preset.row.hidden = (method?.presets.length ?? 0) < 2;
    this.methodFields = forms.optionFields(method?.options ?? []);
    this.advanced.replaceChildren(element("summary", {}, t("Advanced")), ...this.methodFields.map((field) => field.row));
    this.advanced.hidden = !this.methodFields.length;
    const reference = method?.takes_reference ?? true;
    for (const field of [...this.files.filter((one) => one.name === "reference"), ...this.fields.filter((one) => one.name === "align")]) {
      field.row.hidden = !reference;
    }
    const start = this.field("start_scale");
    if (start) {
      start.input.placeholder = model?.default_start_scale?.[this.task.name] ?? start.placeholder;
      start.input.max = model?.scales ? model.scales - 1 : "";
    }
    this.refresh();
  }

  field(name) {
    return this.fields.find((field) => field.name === name);
  }

  /** The picture or what is marked has changed. */
  refresh() {
    const { picture } = this.app.document ?? {};
    const [height, width] = this.model?.size ?? (picture ? [picture.height, picture.width] : []);
    for (const [name, side] of Object.entries({ height, width })) {
      const field = this.field(name);
      if (field) {
        field.input.placeholder = side ?? field.placeholder;
      }
    }
  }

  async press() {
    const { app } = this;
    if (this.pressed) {
      return;
    }
    const wrong = this.source ? this.missing() : t("The server is still starting. Press again in a moment.");
    if (wrong) {
      app.tell(wrong);
      return;
    }
    hideNotice();
    if (this.long && !(await ask({ title: t("This takes hours"), text: t("{method} with the preset {preset} is the papers' recipe: without a graphics card it works for hours. It can be cancelled at any time.", { method: called("method", this.method.name), preset: called("preset", this.preset.read()) }), yes: t("Begin"), no: t("Not now") }))) {
      return;
    }
    this.pressed = true;
    if (document.activeElement === this.button && !this.button.matches(":focus-visible")) {
      app.view.canvas.focus({ preventScroll: true }); // so that Space and Enter mean the picture again
    }
    this.button.classList.add("busy");
    announce(t("{action}: it begins.", { action: t(this.task.action) }));
    try {
      await this.submit();
      app.panelElement.classList.remove("open");
    } catch (error) {
      app.tell(error.message, { error: true });
    }
    this.button.classList.remove("busy");
    this.pressed = false;
  }

  /** Whether it takes hours, as the server says of the preset. */
  get long() {
    return Boolean(this.method?.long_presets.includes(this.preset.read()));
  }

  /** What has to be done before, in a sentence; "" if nothing. */
  missing() {
    const needs = this.alone ? [] : this.task.needs;
    const open = this.app.document;
    if (needs.includes(this.stage) && (!open || open.film !== (this.stage === "clip"))) {
      return t(this.stage === "clip" ? this.task.hint : "Open a picture first.");
    }
    if (needs.includes("mask") && !this.app.document?.mask.count) {
      return t("Nothing is marked yet: paint over the part that is meant, then press {action}.", { action: t(this.task.action) });
    }
    const file = this.files.find((one) => needs.includes(one.name) && !one.read());
    return file ? t("Choose a file first: {name}.", { name: file.name }) : "";
  }

  /** What goes to the server as files, by name. */
  async given() {
    const open = this.app.document;
    const files = Object.fromEntries(this.files.map((file) => [file.name, file.row.hidden ? null : file.read()]));
    const inputs = this.alone ? [] : this.inputs;
    if (inputs.includes("mask")) { // first: while the picture is fetched, more may be drawn
      files.mask = open?.mask.count ? await this.app.maskFile() : null;
    }
    if (inputs.includes(this.stage)) {
      files[this.stage] = (await open?.file()) ?? null;
    }
    return files;
  }

  /** Of the task, without what does it: what was changed. */
  changed() {
    return forms.changes(this.fields.filter((field) => !field.row.hidden));
  }

  by() {
    const { method, model } = this;
    if (model) {
      return { model: model.name };
    }
    return method ? { method: method.name, ...(method.presets.length ? { preset: this.preset.read() } : {}), options: forms.changes(this.methodFields) } : {};
  }

  async submit() {
    const lead = this.app.marked();
    await this.app.submit(this.task.name, await this.given(), { ...this.changed(), ...this.by() }, { lead });
  }
}
