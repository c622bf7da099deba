// The mask: one byte a pixel of the picture, 1 = hole. It knows no screen, so that large photos cost no more than small ones.

const STEPS_AT_MOST = 300;
const BYTES_AT_MOST = 64 * 2 ** 20;

/** Bits that changed inside a box: undone and done again by the same exclusive or. */
export class Step {
  constructor(x, y, width, height, bits, serial = 0) {
    Object.assign(this, { x, y, width, height, bits, serial });
  }
}

export class Mask {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height);
    this.count = 0;
    this.steps = [];
    this.position = 0; // steps before it are done, those from it on can be done again
    this.base = null; // packed bits of what was forgotten because there were too many steps
    this.nextSerial = 1;
    this.committed = new Uint8Array(width * height);
    this.touched = null;
    this.onchange = () => {};
  }

  get canUndo() {
    return this.position > 0;
  }

  get canRedo() {
    return this.position < this.steps.length;
  }

  /** A round brush from one point to another, in picture pixels. */
  stroke(x0, y0, x1, y1, radius, value) {
    const r = Math.max(radius, 0.5);
    const length = Math.hypot(x1 - x0, y1 - y0);
    const nx = length ? (-(y1 - y0) / length) * r : 0;
    const ny = length ? ((x1 - x0) / length) * r : 0;
    const corners = [[x0 + nx, y0 + ny], [x1 + nx, y1 + ny], [x1 - nx, y1 - ny], [x0 - nx, y0 - ny]];
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - r));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(y0, y1) + r));
    for (let y = top; y <= bottom; y += 1) {
      const middle = y + 0.5;
      let left = Infinity;
      let right = -Infinity;
      for (const [cx, cy] of [[x0, y0], [x1, y1]]) {
        const dy = middle - cy;
        if (Math.abs(dy) <= r) {
          const half = Math.sqrt(r * r - dy * dy);
          left = Math.min(left, cx - half);
          right = Math.max(right, cx + half);
        }
      }
      if (length) {
        for (let i = 0; i < 4; i += 1) {
          const [ax, ay] = corners[i];
          const [bx, by] = corners[(i + 1) % 4];
          if ((ay <= middle) !== (by <= middle)) {
            const x = ax + ((middle - ay) / (by - ay)) * (bx - ax);
            left = Math.min(left, x);
            right = Math.max(right, x);
          }
        }
      }
      this.#span(y, Math.ceil(left - 0.5), Math.floor(right - 0.5), value);
    }
    this.#span(Math.floor(y1), Math.floor(x1), Math.floor(x1), value); // the thinnest brush marks what it points at
    this.#touch(Math.min(x0, x1) - r - 1, Math.min(y0, y1) - r - 1, Math.max(x0, x1) + r + 1, Math.max(y0, y1) + r + 1);
  }

  /** The pixels between two corners. */
  box(x0, y0, x1, y1, value) {
    const left = Math.round(Math.min(x0, x1));
    const right = Math.round(Math.max(x0, x1)) - 1;
    const top = Math.max(0, Math.round(Math.min(y0, y1)));
    const bottom = Math.min(this.height, Math.round(Math.max(y0, y1)));
    for (let y = top; y < bottom; y += 1) {
      this.#span(y, left, right, value);
    }
    this.#touch(left, top, right + 1, bottom);
  }

  /** The inside of a closed line of [x, y] points; where it crosses itself, both sides count as inside. */
  lasso(points, value) {
    const ys = points.map((p) => p[1]);
    const xs = points.map((p) => p[0]);
    const [top, bottom] = [Math.max(0, Math.floor(Math.min(...ys))), Math.min(this.height - 1, Math.ceil(Math.max(...ys)))];
    for (let y = top; y <= bottom; y += 1) {
      const middle = y + 0.5;
      const crossings = [];
      points.forEach(([ax, ay], i) => {
        const [bx, by] = points[(i + 1) % points.length];
        if ((ay <= middle) !== (by <= middle)) {
          crossings.push([ax + ((middle - ay) / (by - ay)) * (bx - ax), ay < by ? 1 : -1]);
        }
      });
      crossings.sort((a, b) => a[0] - b[0]);
      let winding = 0;
      crossings.forEach(([x, turn], i) => {
        winding += turn;
        if (winding !== 0 && i + 1 < crossings.length) {
          this.#span(y, Math.ceil(x - 0.5), Math.floor(crossings[i + 1][0] - 0.5), value);
        }
      });
    }
    this.#touch(Math.min(...xs), top, Math.max(...xs), bottom + 1);
  }

  /** Another mask in its place: a byte a pixel, 1 = hole. */
  replace(pixels) {
    this.pixels.set(pixels);
    this.#touch(0, 0, this.width, this.height);
  }

  /** More marks beside those that are there: a byte a pixel, 1 = hole. */
  add(pixels) {
    for (let i = 0; i < pixels.length; i += 1) {
      this.pixels[i] |= pixels[i];
    }
    this.#touch(0, 0, this.width, this.height);
  }

  /** Larger to all sides by so many pixels, round; smaller where `radius` is negative. */
  grow(radius) {
    const value = radius > 0 ? 1 : 0; // to shrink a mask is to grow what is not marked
    const r = Math.abs(radius);
    const { width, height, pixels } = this;
    const far = new Uint16Array(width * height); // to the nearest such pixel of the row, r + 1 for none within reach
    for (let y = 0; y < height; y += 1) {
      for (const [from, to, step] of [[y * width, (y + 1) * width, 1], [(y + 1) * width - 1, y * width - 1, -1]]) {
        let distance = r + 1;
        for (let i = from; i !== to; i += step) {
          distance = pixels[i] === value ? 0 : Math.min(r + 1, distance + 1);
          far[i] = step > 0 ? distance : Math.min(far[i], distance);
        }
      }
    }
    for (let dy = -r; dy <= r; dy += 1) {
      const reach = Math.floor(Math.sqrt(r * r - dy * dy));
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y += 1) {
        for (let i = y * width, other = (y + dy) * width; i < (y + 1) * width; i += 1, other += 1) {
          if (far[other] <= reach) {
            pixels[i] = value;
          }
        }
      }
    }
    this.#touch(0, 0, width, height);
  }

  clear() {
    this.pixels.fill(0);
    this.#touch(0, 0, this.width, this.height);
  }

  invert() {
    const { pixels } = this;
    for (let i = 0; i < pixels.length; i += 1) {
      pixels[i] ^= 1;
    }
    this.#touch(0, 0, this.width, this.height);
  }

  /** All since the last commit becomes one step that can be undone; false if nothing changed. */
  commit() {
    const step = this.touched && this.#difference(this.touched);
    this.touched = null;
    if (!step) {
      return false;
    }
    this.steps.length = this.position;
    step.serial = this.nextSerial;
    this.nextSerial += 1;
    this.steps.push(step);
    this.position += 1;
    this.#forget();
    return true;
  }

  /** Back to the last commit, as when a second finger comes down in the middle of a stroke. */
  rollback() {
    if (this.touched) {
      this.pixels.set(this.committed);
      const box = this.touched;
      this.touched = null;
      this.onchange(box);
    }
  }

  undo() {
    if (this.canUndo) {
      this.position -= 1;
      this.#apply(this.steps[this.position]);
    }
  }

  redo() {
    if (this.canRedo) {
      this.position += 1;
      this.#apply(this.steps[this.position - 1]);
    }
  }

  /** What a reload needs beside the steps themselves. */
  history() {
    return { base: this.base, serials: this.steps.map((s) => s.serial), position: this.position, nextSerial: this.nextSerial };
  }

  static restore(width, height, history, steps) {
    const mask = new Mask(width, height);
    if (history.base) {
      mask.base = history.base;
      for (let i = 0; i < mask.pixels.length; i += 1) {
        mask.pixels[i] = (mask.base[i >> 3] >> (i & 7)) & 1;
        mask.count += mask.pixels[i];
      }
      mask.committed.set(mask.pixels);
    }
    steps.slice(0, history.position).forEach((step) => mask.#apply(step));
    Object.assign(mask, { steps, position: history.position, nextSerial: history.nextSerial });
    return mask;
  }

  #span(y, from, to, value) {
    if (y >= 0 && y < this.height && to >= 0 && from < this.width && to >= from) {
      const row = y * this.width;
      this.pixels.fill(value, row + Math.max(0, from), row + Math.min(this.width - 1, to) + 1);
    }
  }

  #touch(x0, y0, x1, y1) {
    const box = {
      x0: Math.max(0, Math.floor(x0)), y0: Math.max(0, Math.floor(y0)),
      x1: Math.min(this.width, Math.ceil(x1)), y1: Math.min(this.height, Math.ceil(y1)),
    };
    if (box.x0 >= box.x1 || box.y0 >= box.y1) {
      return;
    }
    const t = this.touched ?? box;
    this.touched = {
      x0: Math.min(t.x0, box.x0), y0: Math.min(t.y0, box.y0), x1: Math.max(t.x1, box.x1), y1: Math.max(t.y1, box.y1),
    };
    this.onchange(box);
  }

  #difference({ x0, y0, x1, y1 }) {
    const bits = new Uint8Array(Math.ceil(((x1 - x0) * (y1 - y0)) / 8));
    let changed = 0;
    let bit = 0;
    for (let y = y0; y < y1; y += 1) {
      for (let i = y * this.width + x0; i < y * this.width + x1; i += 1, bit += 1) {
        if (this.pixels[i] !== this.committed[i]) {
          bits[bit >> 3] |= 1 << (bit & 7);
          this.committed[i] = this.pixels[i];
          this.count += this.pixels[i] ? 1 : -1;
          changed += 1;
        }
      }
    }
    return changed ? new Step(x0, y0, x1 - x0, y1 - y0, bits) : null;
  }

  #eachBit(step, act) {
    let bit = 0;
    for (let y = step.y; y < step.y + step.height; y += 1) {
      for (let i = y * this.width + step.x; i < y * this.width + step.x + step.width; i += 1, bit += 1) {
        if ((step.bits[bit >> 3] >> (bit & 7)) & 1) {
          act(i);
        }
      }
    }
  }

  #apply(step) {
    this.#eachBit(step, (i) => {
      this.pixels[i] ^= 1;
      this.committed[i] = this.pixels[i];
      this.count += this.pixels[i] ? 1 : -1;
    });
    this.onchange({ x0: step.x, y0: step.y, x1: step.x + step.width, y1: step.y + step.height });
  }

  #forget() {
    let bytes = this.steps.reduce((sum, step) => sum + step.bits.length, 0);
    while (this.steps.length > 1 && (this.steps.length > STEPS_AT_MOST || bytes > BYTES_AT_MOST)) {
      const step = this.steps.shift();
      this.base ??= new Uint8Array(Math.ceil(this.pixels.length / 8));
      this.#eachBit(step, (i) => { this.base[i >> 3] ^= 1 << (i & 7); });
      this.position -= 1;
      bytes -= step.bits.length;
    }
  }
}
