// Keyboard shortcuts: single keys can be switched off, for those who dictate.

import { element, find, hideNotice } from "./dom.js";
import { t } from "./texts.js";

const SHORTCUTS = [
  ["Enter", "Mend (the tab's button)"], ["R", "Fill the same part again"], ["B", "Brush"], ["E", "Eraser"], ["X", "Box"], ["L", "Lasso"],
  ["H", "Hand, to move the picture"], ["[ and ]", "Smaller and larger brush"], ["Alt + wheel", "Smaller and larger brush"],
  ["Shift + click", "A straight line from where the brush was"], ["Alt while drawing", "Take away from the mask"], ["Ctrl + Z", "Undo"],
  ["Ctrl + Shift + Z", "Redo"], ["O, held", "The photo as it came"], ["C", "Compare before and after"], ["Ctrl + C", "Copy the result"],
  ["Space and drag", "Move the picture"], ["+ and −", "Zoom in and out"], ["0", "Whole picture"], ["M", "Show or hide the mask"],
  ["Arrow keys, on the picture", "Move the brush; with Shift, further"], ["P", "Put the tool down, and lift it"],
  ["Escape", "Stop drawing, close, back to the picture"], ["Ctrl + O", "Open a picture"], ["Ctrl + V", "Paste a picture"], ["?", "This list"],
];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOOLS = { b: "brush", e: "eraser", x: "box", l: "lasso", h: "hand" };

export function listShortcuts() {
  find("shortcuts").replaceChildren(...SHORTCUTS.flatMap(([keys, meaning]) => [element("dt", {}, element("kbd", {}, t(keys))), element("dd", {}, t(meaning))]));
  const box = find("single-keys");
  box.checked = localStorage.getItem("single-keys") !== "no";
  box.addEventListener("change", () => localStorage.setItem("single-keys", box.checked ? "yes" : "no"));
}

const typing = (target) => target.matches?.("input:not([type=range]):not([type=checkbox]), select, textarea");

export class Keys {
  constructor(app) {
    this.app = app;
    document.addEventListener("keydown", (event) => this.#down(event));
    document.addEventListener("keyup", (event) => {
      if (event.key === " ") {
        this.#space(false);
      } else if (event.key.toLowerCase() === "o") {
        app.result.hold(false);
      }
    });
    window.addEventListener("blur", () => {
      this.#space(false);
      app.result.hold(false);
    });
  }

  #space(held) {
    this.app.pointing.space = held;
    this.app.view.canvas.classList.toggle("grab", held);
  }

  #down(event) {
    if (document.querySelector("dialog[open]") || event.defaultPrevented) {
      return;
    }
    const typed = event.getModifierState("AltGraph") || "[]".includes(event.key); // brackets need AltGr on many keyboards, which some systems tell as Ctrl and Alt
    const handled = (event.ctrlKey || event.metaKey) && !typed ? this.#withControl(event) : this.#plain(event);
    if (handled) {
      event.preventDefault();
    }
  }

  #withControl(event) {
    const key = event.key.toLowerCase();
    if (typing(event.target)) {
      return false;
    }
    if (key === "z") {
      this.app[event.shiftKey ? "redo" : "undo"]();
    } else if (key === "y") {
      this.app.redo();
    } else if (key === "o") {
      find("file").click();
    } else if (key === "c" && this.app.result.current && !String(window.getSelection())) {
      this.app.result.copy();
    } else {
      return false;
    }
    return true;
  }

  #plain(event) {
    const { app } = this;
    const { key, target } = event;
    const free = target === document.body || target === app.view.canvas;
    if (key === "Escape") {
      return this.#escape();
    }
    if (typing(target)) {
      return false;
    }
    if (free && key === "Enter") {
      if (!event.repeat) {
        app.panel.press();
      }
      return true;
    }
    if (free && key === " ") {
      this.#space(true);
      return true;
    }
    if (target === app.view.canvas && ARROWS[key] && (!app.looking || app.result.comparing)) {
      app.pointing.nudge(...ARROWS[key], event.shiftKey);
      return true;
    }
    if (key === "?") {
      find("help-dialog").showModal();
      return true;
    }
    const plain = !event.altKey || "[]".includes(key);
    return find("single-keys").checked && plain && this.#letter(key);
  }

  #escape() {
    const { app } = this;
    if (app.pointing.stop()) {
      return true;
    }
    if (app.picking) {
      app.panels.fill.finders.stop();
      hideNotice();
    } else if (!find("notice").hidden) {
      hideNotice();
    } else if (app.panelElement.classList.contains("open")) {
      app.panelElement.classList.remove("open");
    } else if (app.looking) {
      app.look(null);
    } else {
      return false;
    }
    return true;
  }

  #letter(key) {
    const { app } = this;
    const acts = {
      "[": () => app.setSize(Math.min(app.size - 1, app.size / 1.25)), "]": () => app.setSize(Math.max(app.size + 1, app.size * 1.25)),
      "+": () => app.view.zoom(1.25), "=": () => app.view.zoom(1.25), "-": () => app.view.zoom(0.8), 0: () => app.view.fit(),
      m: () => app.toggleMask(), c: () => app.result.toggle(), p: () => app.pointing.press(), o: () => app.result.hold(true), r: () => app.panel.again?.(),
    };
    const name = key.toLowerCase();
    if (TOOLS[name]) {
      app.setTool(TOOLS[name]);
    } else if (acts[name]) {
      acts[name]();
    } else {
      return false;
    }
    return true;
  }
}
