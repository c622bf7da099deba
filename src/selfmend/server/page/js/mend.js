// The panel of the first tab: one button, and what there is to choose behind it.

import { element } from "./dom.js";
import * as forms from "./forms.js";
import { TaskPanel } from "./tasks.js";

const BETTER = "sliced-wasserstein";

export class MendPanel extends TaskPanel {
  /** There before the server has answered: the button, and what to do first. */
  constructor(app, panel) {
    super(app, { name: "fill", action: "Mend" }, panel);
    this.state = element("p", { class: "hint", id: "hole-words" }, "");
    this.button.id = "mend";
    this.button.setAttribute("aria-describedby", "hole-words");
    this.body.replaceChildren(this.state);
  }

  layout() {
    const heavy = this.methods.filter((method) => method.learns);
    this.better = forms.checkField("Better fill too", { value: localStorage.getItem("better") !== "no", hint: "The quick fill comes at once; a network then learns this picture and fills it again." });
    this.better.input.addEventListener("change", () => localStorage.setItem("better", this.better.read() ? "yes" : "no"));
    const preferred = heavy.find((method) => method.name === BETTER) ?? heavy[0];
    this.betterMethod = forms.selectField("Method", { choices: heavy.map((method) => method.name), value: preferred?.name });
    this.betterPreset = forms.selectField("Preset", { choices: [] });
    this.betterMethod.input.addEventListener("change", () => this.#chooseBetter());
    this.form = forms.section("Options", this.source.row, this.about, this.preset.row, ...[...this.files, ...this.fields].map((field) => field.row), this.advanced);
    this.betterForm = forms.section("The better fill", this.betterMethod.row, this.betterPreset.row);
    this.#chooseBetter();
    return [this.state, this.better.row, this.form, this.betterForm];
  }

  /** A model fills the open picture as a method does. */
  get alone() {
    return false;
  }

  choose() {
    super.choose();
    const none = !this.betterMethod.read(); // where what learns is not installed
    this.better.row.hidden = none || Boolean(this.method?.learns);
    this.betterForm.hidden = none;
    if (this.model) {
      this.about.textContent = "It was learned";
      this.about.hidden = false;
    }
  }

  #chooseBetter() {
    this.betterPreset.fill(this.#heavy()?.presets ?? []);
  }

  #heavy() {
    return this.methods.find((method) => method.name === this.betterMethod.read());
  }

  /** What is written under the button: how much is marked, or what to do first. */
  refresh() {
    super.refresh();
    const { document: open } = this.app;
    const share = open ? open.mask.count / (open.picture.width * open.picture.height) : 0;
    let words = "Open a picture first.";
    if (open) {
      words = share ? `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} % of the picture is marked.` : "Paint over what should go.";
    }
    this.state.textContent = words;
    this.button.setAttribute("aria-disabled", String(!share));
  }

  missing() {
    const { document: open } = this.app;
    if (open?.mask.count) {
      return "";
    }
    return open ? "Nothing is marked yet: paint over what should go, then press Mend." : "Open a picture first, then paint over what should go.";
  }

  async submit() {
    const { app } = this;
    const [files, changed] = [await this.given(), this.changed()];
    await app.submit("fill", files, { ...changed, ...this.by() }, { lead: true });
    const heavy = this.#heavy();
    if (heavy && !this.method?.learns && this.better.read()) {
      const reference = heavy.takes_reference ? files.reference : null;
      await app.submit("fill", { ...files, reference }, { ...changed, method: heavy.name, preset: this.betterPreset.read() }, { better: true });
    }
  }
}
