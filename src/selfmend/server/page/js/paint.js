// The panel in which a few flat colours are painted, which become a picture like the open one, or like a learned one.

import { element } from "./dom.js";
import * as forms from "./forms.js";
import { Painting, hex, paletteOf } from "./painting.js";
import { TaskPanel } from "./tasks.js";
import { t } from "./texts.js";

export class PaintPanel extends TaskPanel {
  #painting = null;

  get painting() {
    return this.#painting;
  }

  get own() {
    return ["picture"];
  }

  special() {
    this.file = forms.fileField(t("A painting of yours"), { hint: t("Instead of the one on the canvas.") });
    this.swatches = element("div", { class: "swatches", role: "group", "aria-label": t("Colours of the picture") });
    this.colour = element("input", { type: "color", id: "paint-colour", value: "#888888", input: () => this.#setColour(this.colour.value) });
    const custom = element("div", { class: "field check" }, this.colour, element("label", { for: "paint-colour" }, element("span", { class: "field-label" }, t("Brush colour"))));
    const fill = element("button", { type: "button", click: () => this.app.paintingDone(() => this.painting?.fill(this.colour.value)) }, t("Fill all"));
    const trace = element("button", { type: "button", click: () => this.app.paintingDone(() => this.painting?.trace(this.example, this.palette)) }, t("Trace the picture"));
    return [this.swatches, custom, element("div", { class: "pair" }, fill, trace), this.file.row];
  }

  choose() {
    super.choose();
    this.thumbnail.onload = () => this.#begin(this.thumbnail, this.model?.size);
    this.like = undefined;
    this.refresh();
  }

  /** Another picture is open, or another model was chosen: a new canvas, in its shape and its colours. */
  refresh() {
    super.refresh();
    const { model } = this;
    const picture = model ? null : this.app.document?.picture;
    const like = model ?? picture ?? null;
    if (like === this.like || !this.swatches) {
      return;
    }
    this.like = like;
    this.#painting = null;
    if (picture) {
      this.#begin(picture.levels.at(-1), [picture.height, picture.width]);
    } else {
      this.app.refreshStage();
    }
  }

  #begin(example, size) {
    this.example = example;
    this.#painting = new Painting(...(size ?? [256, 256]));
    this.painting.changed = () => this.app.view.draw();
    this.#offerColours();
    this.app.refreshStage();
  }

  #offerColours() {
    this.palette = paletteOf(this.example);
    this.swatches.replaceChildren(...this.palette.map((colour) => {
      const name = hex(colour);
      const button = element("button", { type: "button", class: "swatch", "aria-label": t("Paint with {name}", { name }), title: name, click: () => this.#setColour(name) });
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

  missing() {
    return this.model || this.app.document ? "" : t("Open a picture first: what is painted becomes a picture like it.");
  }

  /** The painting, where other tasks are given the open picture. */
  async given() {
    const image = this.model ? null : await this.app.document.file();
    return { picture: this.file.read() ?? (await this.painting.blob()), image };
  }
}
