// A painting of a few flat colours, which a trained model turns into a picture like its own.

import { Picture } from "./picture.js";

const LONG_SIDE = 512;
const UNDO_AT_MOST = 20;

export class Painting {
  constructor(height, width) {
    const scale = Math.min(1, LONG_SIDE / Math.max(height, width));
    this.canvas = document.createElement("canvas");
    this.canvas.width = Math.max(1, Math.round(width * scale));
    this.canvas.height = Math.max(1, Math.round(height * scale));
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.picture = new Picture([this.canvas]);
    this.colour = "#888888";
    this.ground = "#888888";
    this.shapes = false; // a brush only: boxes and lassos are for masks
    this.done = [];
    this.undone = [];
    this.changed = () => {};
    this.fill(this.ground);
    this.done = [];
  }

  get canUndo() {
    return this.done.length > 0;
  }

  get canRedo() {
    return this.undone.length > 0;
  }

  #remember() {
    if (!this.before) {
      this.before = this.#snapshot();
    }
  }

  #snapshot() {
    return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  stroke(x0, y0, x1, y1, radius, value) {
    this.#remember();
    const { context } = this;
    context.strokeStyle = value ? this.colour : this.ground;
    context.lineWidth = Math.max(1, 2 * radius);
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1 + (x0 === x1 && y0 === y1 ? 0.01 : 0), y1);
    context.stroke();
    this.changed();
  }

  /** All in one colour. */
  fill(colour) {
    this.#remember();
    this.ground = colour;
    this.context.fillStyle = colour;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.commit();
    this.changed();
  }

  /** The learned picture itself, in the flat colours of the palette, to paint over. */
  trace(image, palette) {
    this.#remember();
    this.context.drawImage(image, 0, 0, this.canvas.width, this.canvas.height);
    const pixels = this.#snapshot();
    for (let i = 0; i < pixels.data.length; i += 4) {
      pixels.data.set(nearest(pixels.data.subarray(i, i + 3), palette), i);
    }
    this.context.putImageData(pixels, 0, 0);
    this.commit();
    this.changed();
  }

  commit() {
    if (!this.before) {
      return false;
    }
    this.done.push(this.before);
    this.done.splice(0, this.done.length - UNDO_AT_MOST);
    this.undone = [];
    this.before = null;
    return true;
  }

  rollback() {
    if (this.before) {
      this.context.putImageData(this.before, 0, 0);
      this.before = null;
      this.changed();
    }
  }

  undo() {
    this.#swap(this.done, this.undone);
  }

  redo() {
    this.#swap(this.undone, this.done);
  }

  #swap(from, to) {
    if (from.length) {
      to.push(this.#snapshot());
      this.context.putImageData(from.pop(), 0, 0);
      this.changed();
    }
  }

  clear() {
    this.fill(this.ground);
  }

  blob() {
    return new Promise((resolve) => { this.canvas.toBlob(resolve, "image/png"); });
  }
}

function nearest(colour, palette) {
  let best = palette[0];
  let least = Infinity;
  for (const one of palette) {
    const distance = (colour[0] - one[0]) ** 2 + (colour[1] - one[1]) ** 2 + (colour[2] - one[2]) ** 2;
    if (distance < least) {
      [best, least] = [one, distance];
    }
  }
  return best;
}

/** The colours of an image that most of it is made of (k-means in RGB), the most frequent first, as [r, g, b]. */
export function paletteOf(image, count = 6) {
  const canvas = new OffscreenCanvas(48, 48);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, 48, 48);
  const { data } = context.getImageData(0, 0, 48, 48);
  const pixels = Array.from({ length: 48 * 48 }, (_, i) => [data[4 * i], data[4 * i + 1], data[4 * i + 2]]);
  const byLight = [...pixels].sort((a, b) => a[0] + a[1] + a[2] - b[0] - b[1] - b[2]);
  let centres = Array.from({ length: count }, (_, i) => byLight[Math.floor(((i + 0.5) * byLight.length) / count)]);
  let members = [];
  for (let round = 0; round < 8; round += 1) {
    members = centres.map(() => []);
    for (const pixel of pixels) {
      members[centres.indexOf(nearest(pixel, centres))].push(pixel);
    }
    centres = members.map((group, i) =>
      group.length ? [0, 1, 2].map((c) => Math.round(group.reduce((sum, p) => sum + p[c], 0) / group.length)) : centres[i],
    );
  }
  return centres.map((centre, i) => ({ centre, size: members[i].length })).sort((a, b) => b.size - a.size).map((c) => c.centre);
}

export const hex = (colour) => `#${colour.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
