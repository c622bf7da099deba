// Pictures as the browser decodes them, upright, with smaller copies so that a large photo moves as lightly as a small one.

import { request } from "./api.js";
import { t } from "./texts.js";

const SMALL_ENOUGH = 1400;
const STRIPE = 512;

export class Picture {
  constructor(levels) {
    this.levels = levels;
    this.width = levels[0].width;
    this.height = levels[0].height;
  }

  /** The smallest copy that still has a pixel for each pixel of the screen. */
  level(scale) {
    const enough = this.levels.filter((level) => level.width >= this.width * scale);
    return enough.at(-1) ?? this.levels[0];
  }

  /** Which pixels are transparent (alpha below a half), a byte a pixel; null if none is. */
  transparency() {
    const canvas = new OffscreenCanvas(this.width, Math.min(STRIPE, this.height));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const holes = new Uint8Array(this.width * this.height);
    let found = false;
    for (let y = 0; y < this.height; y += STRIPE) {
      const rows = Math.min(STRIPE, this.height - y);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(this.levels[0], 0, -y);
      const { data } = context.getImageData(0, 0, this.width, rows);
      for (let i = 0; i < this.width * rows; i += 1) {
        if (data[4 * i + 3] < 128) {
          holes[y * this.width + i] = 1;
          found = true;
        }
      }
    }
    return found ? holes : null;
  }
}

export async function decode(blob) {
  const levels = [await createImageBitmap(blob, { imageOrientation: "from-image" })];
  while (Math.max(levels.at(-1).width, levels.at(-1).height) > SMALL_ENOUGH) {
    const { width, height } = levels.at(-1);
    const half = { resizeWidth: Math.ceil(width / 2), resizeHeight: Math.ceil(height / 2), resizeQuality: "medium" };
    levels.push(await createImageBitmap(levels.at(-1), half));
  }
  return new Picture(levels);
}

/** A user's file; what no browser knows (TIFF, HEIC, JPEG 2000) is shown as the server sees it. Errors are one line. */
export async function decodeFile(file, name) {
  try {
    return await decode(file);
  } catch {
    const form = new FormData();
    form.append("image", file, name);
    return decode(await (await request("/api/preview", { method: "POST", body: form })).blob());
  }
}

/** A picture as a small JPEG, for lists. */
export function smallBlob({ levels }) {
  const smallest = levels.at(-1);
  const scale = Math.min(1, 160 / Math.max(smallest.width, smallest.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(smallest.width * scale)), Math.max(1, Math.round(smallest.height * scale)));
  canvas.getContext("2d").drawImage(smallest, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
}

/** A mask file as bytes of the picture's size: white is the hole, transparent is not. */
export async function decodeMask(file, name, width, height) {
  const picture = await decodeFile(file, name);
  if (Math.abs(picture.width / picture.height / (width / height) - 1) > 0.01) {
    throw new Error(
      t("{name} is {a} x {b} and the picture {width} x {height}; a mask of the same shape fits", { name, a: picture.width, b: picture.height, width, height }),
    );
  }
  const canvas = new OffscreenCanvas(width, Math.min(STRIPE, height));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = picture.width !== width;
  const holes = new Uint8Array(width * height);
  for (let y = 0; y < height; y += STRIPE) {
    context.fillRect(0, 0, width, canvas.height);
    context.drawImage(picture.levels[0], 0, -y, width, height);
    const { data } = context.getImageData(0, 0, width, Math.min(STRIPE, height - y));
    for (let i = 0; i < data.length / 4; i += 1) {
      holes[y * width + i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2] >= 127.5 ? 1 : 0;
    }
  }
  return holes;
}
