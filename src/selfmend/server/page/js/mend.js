// The panel of the first tab: one button, and what there is to choose behind it.

import { element } from "./dom.js";
import { Finders } from "./finders.js";
import * as forms from "./forms.js";
import { called } from "./names.js";
import { goTo } from "./opening.js";
import { TaskPanel } from "./tasks.js";
import { t } from "./texts.js";

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
    this.better = forms.checkField(t("Better fill too"), { value: localStorage.getItem("better") !== "no", hint: t("The quick fill comes at once; a network then learns this picture and fills it again.") });
    this.released = forms.checkField(t("Mend when the brush is lifted"), { value: localStorage.getItem("released") === "yes", hint: t("Each stroke is filled at once, by the quick fill alone.") });
    this.released.input.addEventListener("change", () => localStorage.setItem("released", this.released.read() ? "yes" : "no"));
    this.better.input.addEventListener("change", () => localStorage.setItem("better", this.better.read() ? "yes" : "no"));
    const preferred = heavy.find((method) => method.name === BETTER) ?? heavy[0];
    this.betterMethod = forms.selectField(t("Method"), { choices: heavy.map((method) => [method.name, called("method", method.name)]), value: preferred?.name });
    this.betterPreset = forms.selectField(t("Preset"), { choices: [] });
    this.betterMethod.input.addEventListener("change", () => this.#chooseBetter());
    this.form = forms.section(t("Options"), this.source.row, this.about, this.preset.row, ...[...this.files, ...this.fields].map((field) => field.row), this.advanced);
    this.betterForm = forms.section(t("The better fill"), this.betterMethod.row, this.betterPreset.row);
    this.#chooseBetter();
    this.finders = new Finders(this.app);
    return [this.state, this.finders.row, this.better.row, this.released.row, this.form, this.betterForm];
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
      this.about.textContent = t("It was learned");
      this.about.hidden = false;
    }
  }

  #chooseBetter() {
    this.betterPreset.fill((this.#heavy()?.presets ?? []).map((name) => [name, called("preset", name)]));
  }

  #heavy() {
    return this.methods.find((method) => method.name === this.betterMethod.read());
  }

  /** The open picture, unless it is a film. */
  get photo() {
    const { document: open } = this.app;
    return open?.film ? null : open;
  }

  /** What is written under the button: how much is marked, or what to do first. */
  refresh() {
    super.refresh();
    const { photo: open } = this;
    const share = open ? open.mask.count / (open.picture.width * open.picture.height) : 0;
    let words = t("Open a picture first.");
    if (open && this.#filled) {
      words = t("Filled. Paint over what else should go; R fills the same part again.");
    } else if (open) {
      words = share ? t("{share} % of the picture is marked.", { share: (100 * share).toFixed(share < 0.0995 ? 1 : 0) }) : t("Paint over what should go.");
    }
    this.state.textContent = words;
    this.button.setAttribute("aria-disabled", String(!share || this.#filled));
  }

  /** Whether the fill of what is marked is on the stage. */
  get #filled() {
    return this.app.result.comparing;
  }

  missing() {
    const { photo: open } = this;
    if (this.#filled) {
      return t("This is filled. Paint over what else should go; R fills the same part again.");
    }
    if (open?.mask.count) {
      return "";
    }
    return open ? t("Nothing is marked yet: paint over what should go, then press Mend.") : t("Open a picture first, then paint over what should go.");
  }

  /** A stroke has ended. */
  lifted() {
    const { app } = this;
    if (this.released?.read() && this.photo?.mask.count && !app.busy) { // what is drawn meanwhile is mended after it
      this.press();
    }
  }

  /** The part that was filled last, anew: with another seed, it comes out differently. */
  async again() {
    const { app } = this;
    const { document: open } = app;
    if (open?.made && !app.looking && !open.mask.count && !(await goTo(app, open.parent))) {
      return;
    }
    if (app.result.comparing) {
      await app.look(null);
    }
    await this.press();
  }

  async submit() {
    const { app } = this;
    const changed = this.changed();
    const settings = { ...changed, ...this.by() };
    const key = JSON.stringify([app.document.id, app.document.mask.position, settings]);
    if (app.busy && app.lead.key === key) {
      return; // pressed twice
    }
    const lead = app.marked(key);
    const files = await this.given();
    await app.submit("fill", files, settings, { lead });
    const heavy = this.#heavy();
    if (heavy && !this.method?.learns && this.better.read() && !this.released.read()) {
      const reference = heavy.takes_reference ? files.reference : null;
      await app.submit("fill", { ...files, reference }, { ...changed, method: heavy.name, preset: this.betterPreset.read() }, { better: true });
    }
  }
}
