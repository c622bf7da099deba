// The panel of the first tab: one button, and what there is to choose behind it.

import { element, find, announce, sheetButton } from "./dom.js";
import { getJson } from "./api.js";
import * as forms from "./forms.js";

const BETTER = "singan";

export class MendPanel {
  constructor(app, panel) {
    Object.assign(this, { app, panel, methods: [] });
    this.button = element("button", { type: "button", id: "mend", class: "primary", click: () => this.press() }, "Mend");
    this.state = element("p", { class: "hint", id: "hole-words" }, "");
    this.button.setAttribute("aria-describedby", "hole-words");
    this.body = element("div", { class: "panel-body" });
    panel.replaceChildren(element("div", { class: "panel-head" }, this.button, sheetButton("mend")), this.body);
  }

  async load() {
    const [{ methods, default: standard }, { tasks }] = await Promise.all([getJson("/api/methods"), getJson("/api/tasks")]);
    this.methods = methods;
    const choices = methods.map((m) => [m.name, `${m.name}${m.learns ? " (learns first)" : ""}`]);
    const heavy = methods.filter((m) => m.learns);
    this.better = forms.checkField("Better fill too", { value: localStorage.getItem("better") !== "no", hint: "The quick fill comes at once; a network then learns this picture and fills it again." });
    this.better.input.addEventListener("change", () => localStorage.setItem("better", this.better.read() ? "yes" : "no"));
    this.method = forms.selectField("Method", { choices, value: standard });
    this.about = element("p", { class: "hint" });
    this.preset = forms.selectField("Preset", { choices: [] });
    this.samples = forms.numberField("Different fills");
    this.seed = forms.numberField("Seed", { min: 0, placeholder: "new", hint: "The same seed gives the same fill." });
    this.grow = forms.numberField("Grow the mask", { unit: "px", hint: "For soft brush edges and the halos of JPEG." });
    this.reference = forms.fileField("Reference picture", { hint: "Another photo of the scene that shows what the hole hides." });
    this.advanced = forms.section("Advanced");
    const preferred = heavy.find((m) => m.name === BETTER) ?? heavy[0];
    this.betterMethod = forms.selectField("Method", { choices: heavy.map((m) => m.name), value: preferred?.name });
    this.betterPreset = forms.selectField("Preset", { choices: [] });
    this.method.input.addEventListener("change", () => this.choose());
    this.betterMethod.input.addEventListener("change", () => this.chooseBetter());
    this.body.replaceChildren(
      this.state, this.better.row,
      forms.section("Options", this.method.row, this.about, this.preset.row, this.samples.row, this.grow.row, this.seed.row, this.reference.row, this.advanced),
      forms.section("The better fill", this.betterMethod.row, this.betterPreset.row),
    );
    const options = (name) => Object.fromEntries(tasks.find((task) => task.name === name).options.map((o) => [o.name, o]));
    forms.fit(this.samples, options("fill").samples, { standard: true });
    forms.fit(this.grow, options("fill").grow_mask, { standard: true });
    for (const panel of Object.values(this.app.panels)) {
      panel.fit?.(options);
    }
    this.choose();
    this.chooseBetter();
    this.refresh();
  }

  /** Trained runs that can fill stand below the methods. */
  showModels(models) {
    this.method?.input.querySelector("optgroup")?.remove();
    const able = models.filter((model) => model.applications.includes("fill"));
    if (this.method && able.length) {
      const group = able.map((model) => element("option", { value: `model ${model.name}` }, model.name));
      this.method.input.append(element("optgroup", { label: "What was learned" }, ...group));
    }
  }

  chosen() {
    return this.methods.find((m) => m.name === this.method.read());
  }

  choose() {
    const method = this.chosen();
    this.about.textContent = method ? forms.sentence(method.title) : "A trained run";
    this.preset.fill(method?.presets ?? []);
    this.preset.row.hidden = (method?.presets.length ?? 0) < 2;
    this.reference.row.hidden = !(method?.takes_reference ?? true);
    this.options = forms.optionFields(method?.options ?? []);
    this.advanced.replaceChildren(element("summary", {}, "Advanced"), ...this.options.rows);
    this.advanced.hidden = this.options.rows.length === 0;
    this.better.row.hidden = Boolean(method?.learns);
  }

  chooseBetter() {
    const method = this.methods.find((m) => m.name === this.betterMethod.read());
    this.betterPreset.fill(method?.presets ?? []);
  }

  /** What is written under the button: how much is marked, or what to do first. */
  refresh() {
    const { document: open } = this.app;
    const share = open ? open.mask.count / (open.picture.width * open.picture.height) : 0;
    let words = "Open a picture first.";
    if (open) {
      words = share ? `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} % of the picture is marked.` : "Paint over what should go.";
    }
    this.state.textContent = words;
    this.button.setAttribute("aria-disabled", String(!share));
  }

  async press() {
    const { app } = this;
    if (this.pressed) {
      return;
    }
    if (!this.method) {
      app.tell("The server is still starting. Press again in a moment.");
      return;
    }
    if (!app.document?.mask.count) {
      app.tell(app.document ? "Nothing is marked yet: paint over what should go, then press Mend." : "Open a picture first, then paint over what should go.");
      return;
    }
    this.pressed = true;
    this.button.classList.add("busy");
    announce("Mending.");
    try {
      await this.#submit();
    } catch (error) {
      app.tell(error.message, { error: true });
    }
    this.button.classList.remove("busy");
    this.pressed = false;
  }

  async #submit() {
    const { app } = this;
    const files = { image: app.document.blob, mask: await app.maskFile(), reference: this.reference.row.hidden ? null : this.reference.read() };
    const common = { samples: this.samples.read() ?? 1, grow_mask: this.grow.read() ?? 0, ...(this.seed.read() === null ? {} : { seed: this.seed.read() }) };
    const method = this.chosen();
    if (method) {
      const preset = method.presets.length ? { preset: this.preset.read() } : {};
      await app.submit("fill", files, { ...common, method: method.name, ...preset, options: this.options.read() }, { lead: true });
    } else {
      await app.submit("fill", files, { ...common, model: this.method.read().slice("model ".length) }, { lead: true });
    }
    if (!method?.learns && this.better.read() && this.betterMethod.read()) {
      const better = this.methods.find((m) => m.name === this.betterMethod.read());
      const settings = { ...common, method: better.name, preset: this.betterPreset.read() };
      await app.submit("fill", { ...files, reference: better.takes_reference ? files.reference : null }, settings, { better: true });
    }
    find("panel").classList.remove("open");
  }
}
