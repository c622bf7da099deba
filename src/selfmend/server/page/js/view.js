// What the canvas shows: the picture or a result, zoomed and moved, the photo before it up to the slider, and the mask as a
// tint.

const LARGEST_ZOOM = 32;
const TINT = (150 << 24) | (110 << 16) | (45 << 8) | 255; // red 255, green 45, blue 110, alpha 150; bytes in memory's order

export class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.tint = document.createElement("canvas");
    this.picture = null;
    this.over = null; // a result, drawn in the picture's place
    this.before = null; // the photo as it came, drawn up to the cut
    this.cut = 0; // where what is shown begins, as a share of the width
    this.holding = false; // whether the photo as it came is shown instead
    this.mask = null;
    this.showMask = true;
    this.piece = null; // { canvas, x, y, scale, angle }: an object that is not put down yet, its middle in picture pixels
    this.outline = null; // points of a box or lasso in progress
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.fitted = true;
    this.onmove = () => {};
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.canvas.width = Math.max(1, Math.round(clientWidth * this.ratio));
    this.canvas.height = Math.max(1, Math.round(clientHeight * this.ratio));
    if (this.fitted) {
      this.fit();
    } else {
      this.draw();
    }
  }

  /** Another picture of the same place keeps zoom and position. */
  show(picture) {
    const same = this.picture && picture && this.picture.width === picture.width && this.picture.height === picture.height;
    this.picture = picture;
    this.shown = null;
    if (same) {
      this.draw();
    } else {
      this.fit();
    }
  }

  fit() {
    this.fitted = true;
    if (this.picture) {
      const { clientWidth, clientHeight } = this.canvas;
      const margin = Math.min(28, clientWidth * 0.03);
      const foot = clientHeight > 420 ? 58 : 12; // the pills stand above the picture where there is room
      const { width, height } = this.picture;
      this.scale = Math.min((clientWidth - 2 * margin) / width, (clientHeight - 2 * foot) / height, 4);
      this.scale = Math.max(this.scale, 0.01);
      this.x = (clientWidth - width * this.scale) / 2;
      this.y = (clientHeight - height * this.scale) / 2;
    }
    this.draw();
    this.onmove();
  }

  /** Zoom by a factor; the picture's point under (x, y), in CSS pixels of the canvas, stays there. */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const scale = Math.min(LARGEST_ZOOM, Math.max(0.02, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.move(0, 0);
  }

  move(dx, dy) {
    this.fitted = false;
    const keep = 60; // some of the picture always stays in sight
    const { width, height } = this.picture ?? { width: 1, height: 1 };
    this.x = Math.min(this.canvas.clientWidth - keep, Math.max(keep - width * this.scale, this.x + dx));
    this.y = Math.min(this.canvas.clientHeight - keep, Math.max(keep - height * this.scale, this.y + dy));
    this.draw();
    this.onmove();
  }

  toPicture(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  toScreen(x, y) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  /** The mask changed inside a box of picture pixels. */
  changed(box) {
    this.dirty = this.dirty
      ? { x0: Math.min(this.dirty.x0, box.x0), y0: Math.min(this.dirty.y0, box.y0), x1: Math.max(this.dirty.x1, box.x1), y1: Math.max(this.dirty.y1, box.y1) }
      : box;
    this.draw();
  }

  draw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      this.#render();
    });
  }

  #render() {
    const { context, ratio, picture } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!picture) {
      return;
    }
    const place = [this.x * ratio, this.y * ratio, picture.width * this.scale * ratio, picture.height * this.scale * ratio];
    const before = this.holding || this.cut > 0 ? this.before : null;
    this.#picture(before && this.holding ? before : (this.over ?? picture), place);
    if (before && !this.holding) {
      context.save();
      context.beginPath();
      context.rect(place[0], place[1], place[2] * this.cut, place[3]);
      context.clip();
      this.#picture(before, place);
      context.restore();
    }
    if (!this.over && this.mask && this.showMask && !(before && this.holding)) {
      this.#tint();
    }
    if (this.piece) {
      this.#placed(this.piece);
    }
    if (this.outline) {
      this.#outline();
    }
  }

  #placed({ canvas, x, y, scale, angle }) {
    const { context, ratio } = this;
    const [left, top] = this.toScreen(x, y);
    const zoom = scale * this.scale * ratio;
    context.save();
    context.translate(left * ratio, top * ratio);
    context.rotate(angle);
    context.imageSmoothingEnabled = true;
    const box = [(-canvas.width * zoom) / 2, (-canvas.height * zoom) / 2, canvas.width * zoom, canvas.height * zoom];
    context.drawImage(canvas, ...box);
    for (const [colour, dash] of [["#fff", []], ["#111", [6 * ratio, 6 * ratio]]]) {
      context.setLineDash(dash);
      context.lineWidth = 1.5 * ratio;
      context.strokeStyle = colour;
      context.strokeRect(...box);
    }
    context.restore();
  }

  #picture(picture, place) {
    this.#checks(place);
    this.#smooth(picture);
    this.context.drawImage(picture.level(place[2] / picture.width), ...place);
  }

  /** Enlarged pixels of a photo are shown as squares only when a person looks at single ones. */
  #smooth(picture) {
    const pixel = (this.picture.width * this.scale * this.ratio) / picture.width;
    this.context.imageSmoothingEnabled = pixel < 6;
    this.context.imageSmoothingQuality = "medium";
  }

  #checks([x, y, width, height]) {
    if (!this.pattern) {
      const tile = document.createElement("canvas");
      tile.width = 16;
      tile.height = 16;
      const context = tile.getContext("2d");
      context.fillStyle = "#c9c9c9";
      context.fillRect(0, 0, 16, 16);
      context.fillStyle = "#a9a9a9";
      context.fillRect(0, 0, 8, 8);
      context.fillRect(8, 8, 8, 8);
      this.pattern = this.context.createPattern(tile, "repeat");
    }
    this.context.fillStyle = this.pattern;
    this.context.fillRect(x, y, width, height);
  }

  /** The mask of what is in sight, sampled as finely as the screen shows it. */
  #tint() {
    const { mask, scale, ratio } = this;
    const step = Math.max(1, Math.floor(1 / (scale * ratio)));
    const [left, top] = this.toPicture(0, 0);
    const [right, bottom] = this.toPicture(this.canvas.clientWidth, this.canvas.clientHeight);
    const x0 = Math.max(0, Math.floor(left / step) * step);
    const y0 = Math.max(0, Math.floor(top / step) * step);
    const columns = Math.ceil((Math.min(mask.width, right) - x0) / step);
    const rows = Math.ceil((Math.min(mask.height, bottom) - y0) / step);
    if (columns <= 0 || rows <= 0) {
      return;
    }
    const shown = { mask, step, x0, y0, columns, rows };
    const same = this.shown && Object.entries(shown).every(([name, value]) => this.shown[name] === value);
    if (!same) {
      this.tint.width = columns;
      this.tint.height = rows;
      this.dirty = { x0: 0, y0: 0, x1: mask.width, y1: mask.height };
      this.shown = shown;
    }
    if (this.dirty) {
      this.#sample(shown);
    }
    this.context.imageSmoothingEnabled = step * scale * ratio < 2;
    this.context.drawImage(
      this.tint, (x0 * scale + this.x) * ratio, (y0 * scale + this.y) * ratio,
      columns * step * scale * ratio, rows * step * scale * ratio,
    );
  }

  #sample({ mask, step, x0, y0, columns, rows }) {
    const first = Math.max(0, Math.floor((this.dirty.x0 - x0) / step));
    const last = Math.min(columns, Math.ceil((this.dirty.x1 - x0) / step) + 1);
    const upper = Math.max(0, Math.floor((this.dirty.y0 - y0) / step));
    const lower = Math.min(rows, Math.ceil((this.dirty.y1 - y0) / step) + 1);
    this.dirty = null;
    if (first >= last || upper >= lower) {
      return;
    }
    const image = new ImageData(last - first, lower - upper);
    const colours = new Uint32Array(image.data.buffer);
    let i = 0;
    for (let row = upper; row < lower; row += 1) {
      let at = (y0 + row * step) * mask.width + x0 + first * step;
      for (let column = first; column < last; column += 1, i += 1, at += step) {
        if (mask.pixels[at]) {
          colours[i] = TINT;
        }
      }
    }
    this.tint.getContext("2d").putImageData(image, first, upper);
  }

  #outline() {
    const { context, ratio } = this;
    context.beginPath();
    for (const [x, y] of this.outline) {
      const [sx, sy] = this.toScreen(x, y);
      context.lineTo(sx * ratio, sy * ratio);
    }
    context.closePath();
    context.fillStyle = "rgb(255 45 110 / 0.25)";
    context.fill();
    for (const [colour, dash] of [["#fff", []], ["#111", [6 * ratio, 6 * ratio]]]) {
      context.setLineDash(dash);
      context.lineWidth = 1.5 * ratio;
      context.strokeStyle = colour;
      context.stroke();
    }
    context.setLineDash([]);
  }
}
