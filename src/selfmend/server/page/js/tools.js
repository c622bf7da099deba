// Fingers, pens, mice and arrow keys become strokes, boxes and lassos on what is drawn on: the mask, or a painting.

import { announce, find } from "./dom.js";
import { t } from "./texts.js";

const FINGER = 5; // pixels that a finger moves before it draws

export class Pointing {
  /** `app` says what is drawn on (`app.surface()`), with which tool and size, and makes ready to draw. */
  constructor(app, view) {
    Object.assign(this, { app, view, fingers: new Map(), doing: null, space: false, at: null });
    const { canvas } = view;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("pointerleave", () => this.showCursor(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", () => canvas.classList.remove("pointed"));
    canvas.addEventListener("blur", () => {
      canvas.classList.remove("pointed");
      this.keyboard = false;
      this.showCursor(null);
    });
  }

  #point(event) {
    const box = this.view.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    if (!this.view.picture) {
      return;
    }
    const [x, y] = this.#point(event);
    this.keyboard = false;
    this.view.canvas.classList.add("pointed"); // the ring around the picture is for those who come by keys
    this.view.canvas.focus({ preventScroll: true });
    this.view.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [x, y]);
    event.preventDefault();
    if (event.pointerType === "touch" && this.fingers.size > 1) {
      this.#abandon();
      this.doing = { kind: "pinch" };
    } else if (event.button === 1 || this.space || this.app.tool === "hand") {
      this.doing = { kind: "pan" };
    } else if (event.button === 0 && this.view.piece) {
      this.doing = { kind: "piece" };
    } else if (event.button === 0 && this.app.picking) {
      this.app.picking.act(this.view.toPicture(x, y));
    } else if (event.button === 0 && this.app.result.atHandle(x, y)) {
      this.doing = { kind: "slide" };
    } else if (event.button === 0) {
      const begin = { point: this.view.toPicture(x, y), at: [x, y], erasing: event.altKey, weight: this.#weight(event), straight: event.shiftKey };
      this.doing = { kind: "waiting", begin };
      if (event.pointerType !== "touch") { // a second finger would mean to move and zoom, not to draw
        this.#start();
      }
    }
  }

  /** The first drop of a stroke: a result that is looked at becomes the picture that is drawn on. */
  #start() {
    const { point, erasing, weight, straight } = this.doing.begin;
    this.doing = null;
    if (this.app.takeUp()) {
      this.#begin(point, erasing, weight, straight);
    }
  }

  #weight(event) {
    return event.pointerType === "pen" && event.pressure > 0 ? 0.3 + 0.7 * event.pressure : 1;
  }

  #move(event) {
    const [x, y] = this.#point(event);
    const before = this.fingers.get(event.pointerId);
    if (event.pointerType !== "touch") {
      this.overHandle = !this.doing?.surface && this.app.result.atHandle(x, y);
      this.view.canvas.classList.toggle("at-handle", this.overHandle || this.doing?.kind === "slide");
      this.showCursor([x, y]);
    }
    if (!before) {
      return;
    }
    if (this.doing?.kind === "waiting") {
      const { at } = this.doing.begin;
      if (Math.hypot(x - at[0], y - at[1]) < FINGER) {
        return;
      }
      this.#start();
    }
    if (this.doing?.kind === "pinch") {
      this.#pinch(event.pointerId, [x, y]);
    } else if (this.doing?.kind === "pan") {
      this.view.move(x - before[0], y - before[1]);
    } else if (this.doing?.kind === "piece") {
      this.view.piece.x += (x - before[0]) / this.view.scale;
      this.view.piece.y += (y - before[1]) / this.view.scale;
      this.view.draw();
    } else if (this.doing?.kind === "slide") {
      this.app.result.slide(this.view.toPicture(x, y)[0] / this.view.picture.width);
    } else if (this.doing) {
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) {
        this.#go(this.view.toPicture(...this.#point(one)), this.#weight(one));
      }
    }
    this.fingers.set(event.pointerId, [x, y]);
  }

  #pinch(id, [x, y]) {
    const [[, a], [, b]] = [...this.fingers].filter(([other]) => other === id).concat([...this.fingers].filter(([other]) => other !== id));
    const distance = Math.hypot(a[0] - b[0], a[1] - b[1]);
    const now = Math.hypot(x - b[0], y - b[1]);
    this.view.move((x - a[0]) / 2, (y - a[1]) / 2);
    if (distance > 4 && now > 4) {
      this.view.zoom(now / distance, (x + b[0]) / 2, (y + b[1]) / 2);
    }
  }

  #up(event) {
    this.fingers.delete(event.pointerId);
    if (this.doing?.kind === "pinch") {
      this.doing = this.fingers.size > 1 ? this.doing : null;
      if (!this.doing) {
        this.fingers.clear(); // the finger that stays must not begin to paint
      }
    } else if (this.doing?.kind === "waiting") {
      this.#start();
      if (this.doing) {
        this.#end();
      }
    } else if (this.doing?.surface) {
      this.#end();
    } else {
      this.doing = null;
    }
    this.#rest();
  }

  #cancel(event) {
    this.fingers.delete(event.pointerId);
    this.#abandon();
    this.#rest();
  }

  #rest() {
    if (!this.doing) {
      this.app.rested();
    }
  }

  #abandon() {
    if (this.doing?.surface) {
      this.doing.surface.rollback();
    }
    this.doing = null;
    this.view.outline = null;
    this.view.draw();
  }

  #wheel(event) {
    event.preventDefault();
    if (!this.view.picture) {
      return;
    }
    if (event.altKey) {
      const turn = event.deltaY || event.deltaX;
      this.app.setSize(turn < 0 ? Math.max(this.app.size + 1, this.app.size * 1.1) : Math.min(this.app.size - 1, this.app.size / 1.1));
    } else if (event.shiftKey) {
      this.view.move(-event.deltaX - event.deltaY, 0);
    } else {
      const pixels = event.deltaMode === 1 ? event.deltaY * 32 : event.deltaY;
      this.view.zoom(Math.exp(-Math.max(-240, Math.min(240, pixels)) / (event.ctrlKey ? 100 : 400)), ...this.#point(event));
    }
  }

  #begin(point, erasing, weight = 1, straight = false) {
    const { tool, size } = this.app;
    const value = erasing || tool === "eraser" ? 0 : 1;
    const surface = this.app.surface();
    const kind = surface.shapes === false || tool === "eraser" ? "brush" : tool;
    this.doing = { kind, surface, value, radius: size / 2, last: point, points: [point] };
    if (kind === "brush") {
      const from = straight && this.lifted?.surface === surface ? this.lifted.point : point;
      surface.stroke(...from, ...point, (size / 2) * weight, value);
    }
  }

  #go(point, weight = 1) {
    const { kind, surface, value, last, points, radius } = this.doing;
    if (kind === "brush") {
      surface.stroke(...last, ...point, radius * weight, value);
    } else if (kind === "box") {
      const [[x, y]] = points;
      this.view.outline = [[x, y], [point[0], y], point, [x, point[1]]];
    } else {
      points.push(point);
      this.view.outline = points;
    }
    this.doing.last = point;
    this.view.draw();
  }

  #end() {
    const { kind, surface, value, points, last } = this.doing;
    if (kind === "box") {
      surface.box(...points[0], ...last, value);
    } else if (kind === "lasso" && points.length > 2) {
      surface.lasso(points, value);
    }
    this.lifted = { surface, point: last };
    this.doing = null;
    this.view.outline = null;
    this.view.draw();
    if (surface.commit()) {
      this.app.drawn({ lifted: true });
    }
  }

  /** Escape in the middle of a stroke. */
  stop() {
    const busy = Boolean(this.doing?.surface);
    this.#abandon();
    this.#rest();
    return busy;
  }

  /** Arrow keys move a cursor over the picture, P puts the tool down and lifts it. */
  nudge(dx, dy, far) {
    if (!this.view.picture) {
      return;
    }
    const { canvas } = this.view;
    this.at = this.keyboard && this.at ? this.at : [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const step = far ? 60 : 12;
    const [left, top] = this.view.toScreen(0, 0).map((v) => Math.max(0, v));
    const [right, bottom] = this.view.toScreen(this.view.picture.width, this.view.picture.height);
    this.at = [
      Math.min(Math.min(right, canvas.clientWidth), Math.max(left, this.at[0] + dx * step)),
      Math.min(Math.min(bottom, canvas.clientHeight), Math.max(top, this.at[1] + dy * step)),
    ];
    this.keyboard = true;
    this.showCursor(this.at);
    if (this.doing?.surface) {
      this.#go(this.view.toPicture(...this.at));
    }
  }

  press() {
    if (!this.keyboard || !this.at) {
      this.nudge(0, 0, false);
    }
    if (this.doing?.surface) {
      this.#end();
      this.#rest();
      announce(t("Lifted."));
    } else if (this.app.tool !== "hand" && this.app.takeUp()) {
      this.#begin(this.view.toPicture(...this.at), false);
      announce(t("Down: arrow keys draw, P lifts."));
    }
  }

  showCursor(point) {
    const cursor = find("cursor");
    const { tool } = this.app;
    const round = tool === "brush" || tool === "eraser" || this.app.surface()?.shapes === false;
    const hidden = !point || this.overHandle || this.app.picking || this.view.piece || (this.app.looking && !this.app.result.comparing) || tool === "hand" || this.space || (!round && !this.keyboard) || !this.app.surface();
    cursor.hidden = hidden;
    this.lastCursor = point;
    if (!hidden) {
      const size = round ? Math.max(4, this.app.size * this.view.scale) : 14;
      cursor.style.width = `${size}px`;
      cursor.style.height = `${size}px`;
      cursor.style.transform = `translate(${point[0] - size / 2}px, ${point[1] - size / 2}px)`;
    }
  }
}
