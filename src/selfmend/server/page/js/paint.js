// The panel in which a few flat colours are painted, which a model turns into a picture.

import { element } from "./dom.js";
import * as forms from "./forms.js";
import { Painting, hex, paletteOf } from "./painting.js";
import { TaskPanel } from "./tasks.js";

export class PaintPanel extends TaskPanel {
  #painting = null;

  get painting() {
    return this.#painting;
  }

  special() {
    this.file = forms.fileField("A painting of yours", { hint: "Instead of the one on the canvas." });
    this.swatches = element("div", { class: "swatches", role: "group", "aria-label": "Colours of the learned picture" });
    this.colour = element("input", { type: "color", id: "paint-colour", value: "#888888", input: () => this.#setColour(this.colour.value) });
    const custom = element("div", { class: "field check" }, this.colour, element("label", { for: "paint-colour" }, element("span", { class: "field-label" }, "Brush colour")));
    const fill = element("button", { type: "button", click: () => this.app.paintingDone(() => this.painting?.fill(this.colour.value)) }, "Fill all");
    const trace = element("button", { type: "button", click: () => this.app.paintingDone(() => this.painting?.trace(this.thumbnail, this.palette)) }, "Trace the picture");
    return [this.swatches, custom, element("div", { class: "pair" }, fill, trace), this.file.row];
  }

  choose() {
    super.choose();
    const { model } = this;
    this.#painting = model ? new Painting(...(model.size ?? [256, 256])) : null;
    if (model) {
      this.painting.changed = () => this.app.view.draw();
      this.thumbnail.onload = () => this.#offerColours();
    }
    this.app.refreshStage();
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

  missing() {
    return this.needsModel && !this.model ? super.missing() : "";
  }

  /** The painting, where other tasks are given the open picture. */
  async given() {
    return { picture: this.file.read() ?? (await this.painting.blob()) };
  }
}
