// An object that is pasted, or taken from what is marked, lies over the picture: it is moved, sized and turned there, and put
// down, which makes a picture of its own with the object marked. For the tasks that make such pictures fit.

import { childOfBlob } from "./documents.js";
import { element } from "./dom.js";
import * as forms from "./forms.js";
import { show } from "./opening.js";
import { decodeFile } from "./picture.js";
import { TaskPanel } from "./tasks.js";
import { t } from "./texts.js";

const SHARE = 0.5; // of the picture, that a pasted object covers at most at first
const SEAM = 2; // pixels around an object that belong to its seam

/** A canvas cut to the pixels that are not transparent, and where it lay; null if there are none. */
function trimmed(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, i = 3; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 4) {
      if (data[i]) {
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      }
    }
  }
  if (right < 0) {
    return null;
  }
  const cut = new OffscreenCanvas(right - left + 1, bottom - top + 1);
  cut.getContext("2d").drawImage(canvas, -left, -top);
  return { canvas: cut, x: (left + right + 1) / 2, y: (top + bottom + 1) / 2 };
}

export class PlacingPanel extends TaskPanel {
  missing() {
    const where = this.task.name !== "edit" || this.app.document?.mask.count || this.files.some((file) => file.read());
    return super.missing() || (where ? "" : t("Mark what was edited, or choose the picture as it was before as the example."));
  }

  special() {
    this.object = element("input", { type: "file", accept: "image/*", hidden: true, "aria-label": t("Paste an object"), change: () => this.#paste() });
    const paste = element("button", { type: "button", click: () => this.object.click() }, t("Paste an object"));
    const take = element("button", { type: "button", click: () => this.#take() }, t("Copy what is marked"));
    this.size = forms.rangeField(t("Size"), { value: 0, min: -200, max: 200, show: (value) => `${Math.round(100 * 2 ** (value / 100))} %` });
    this.turn = forms.rangeField(t("Turn"), { value: 0, min: -180, max: 180, show: (value) => `${value}°` });
    for (const field of [this.size, this.turn]) {
      field.input.addEventListener("input", () => this.#change());
    }
    const down = element("button", { type: "button", class: "accent", click: () => this.putDown() }, t("Put it down"));
    const away = element("button", { type: "button", click: () => this.drop() }, t("Take it away"));
    this.placing = element("div", { class: "fields", hidden: true },
      element("p", { class: "hint" }, t("Drag it in the picture to where it should be.")), this.size.row, this.turn.row, element("div", { class: "pair" }, down, away));
    return [element("div", { class: "pair" }, paste, take), this.object, this.placing];
  }

  get piece() {
    return this.app.view.piece;
  }

  #lay(piece) {
    this.app.settle();
    this.app.view.piece = piece;
    this.base = piece.scale;
    this.placing.hidden = false;
    for (const field of [this.size, this.turn]) {
      field.input.value = 0;
      field.say();
    }
    this.app.view.draw();
  }

  #change() {
    if (this.piece) {
      this.piece.scale = this.base * 2 ** (this.size.read() / 100);
      this.piece.angle = (this.turn.read() * Math.PI) / 180;
      this.app.view.draw();
    }
  }

  async #paste() {
    const { app } = this;
    const [file] = this.object.files;
    this.object.value = "";
    if (!file || !app.document) {
      app.tell(t("Open a picture first."));
      return;
    }
    try {
      const { levels: [bitmap] } = await decodeFile(file, file.name);
      const whole = new OffscreenCanvas(bitmap.width, bitmap.height);
      whole.getContext("2d").drawImage(bitmap, 0, 0);
      const { canvas } = trimmed(whole) ?? { canvas: whole };
      const { width, height } = app.document.picture;
      this.#lay({ canvas, x: width / 2, y: height / 2, scale: Math.min(1, (SHARE * width) / canvas.width, (SHARE * height) / canvas.height), angle: 0 });
    } catch (error) {
      app.tell(error.message, { error: true });
    }
  }

  /** What is marked, as an object of its own; what is under it stays. */
  #take() {
    const { app } = this;
    if (!app.document?.mask.count) {
      app.tell(t("Mark the object first, with the brush or the lasso, or with Find on the first tab."));
      return;
    }
    const { picture, mask } = app.document;
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture.levels[0], 0, 0, picture.width, picture.height);
    const pixels = context.getImageData(0, 0, picture.width, picture.height);
    mask.pixels.forEach((marked, i) => {
      if (!marked) {
        pixels.data[4 * i + 3] = 0;
      }
    });
    context.putImageData(pixels, 0, 0);
    app.clear();
    this.#lay({ ...trimmed(canvas), scale: 1, angle: 0 });
  }

  drop() {
    this.app.view.piece = null;
    this.placing.hidden = true;
    this.app.view.draw();
  }

  /** The picture with the object in it, where the object is marked; undo leads back. */
  async putDown() {
    const { app, piece } = this;
    if (!piece) {
      return;
    }
    const { document: before } = app;
    const { width, height } = before.picture;
    const layer = new OffscreenCanvas(width, height);
    const context = layer.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.translate(piece.x, piece.y);
    context.rotate(piece.angle);
    context.scale(piece.scale, piece.scale);
    context.drawImage(piece.canvas, -piece.canvas.width / 2, -piece.canvas.height / 2);
    const { data } = context.getImageData(0, 0, width, height);
    const composite = new OffscreenCanvas(width, height);
    composite.getContext("2d").drawImage(before.picture.levels[0], 0, 0, width, height);
    composite.getContext("2d").drawImage(layer, 0, 0);
    this.drop();
    const child = await childOfBlob(before, await composite.convertToBlob({ type: "image/png" }), `${before.name.replace(/\.[^.]*$/, "")}-pasted.png`);
    child.mask.add(Uint8Array.from({ length: width * height }, (_, i) => (data[4 * i + 3] >= 128 ? 1 : 0)));
    child.mask.grow(SEAM);
    child.mask.commit();
    before.next = { made: child.made, child: child.id, position: before.mask.position };
    before.save();
    child.save();
    show(app, child);
    app.unsaved = true;
  }

  async press() {
    await this.putDown();
    await super.press();
  }
}
