// Elements without markup in strings: what a server or a file says only ever becomes text.

import { t } from "./texts.js";

export const find = (id) => document.getElementById(id);

/** An element; attributes that are functions are listeners, true and false are attributes without a value. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      made.addEventListener(name, value);
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, String(value));
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon, its words for screen readers and as a tooltip. */
export function iconButton(name, label, act, attributes = {}) {
  return element("button", { type: "button", class: "icon-button", "aria-label": label, title: label, click: act, ...attributes }, icon(name));
}

/** The button that opens the panel where it is a sheet at the foot of a phone. */
export function sheetButton(name) {
  const act = (event) => {
    const open = find("panel").classList.toggle("open");
    event.currentTarget.setAttribute("aria-expanded", String(open));
  };
  return iconButton("settings", t("Options"), act, { class: "icon-button sheet-button", "aria-expanded": "false", "aria-controls": `panel-${name}` });
}

/** A question before something that takes long or leaves something behind; whether the answer is yes. */
export function ask({ title, text, yes, no }) {
  const dialog = find("ask-dialog");
  find("ask-title").textContent = title;
  find("ask-text").textContent = text;
  find("ask-yes").textContent = yes;
  find("ask-no").textContent = no;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}

/** Said to a screen reader, not shown. */
export function announce(text) {
  find("status").textContent = text;
}

let hiding = 0;

/** One line over the picture: an error stays until it is closed or another comes, news goes by itself.
 *
 * Its cross stands in the page from the start: a new one would not be drawn where the server is gone. */
export function notify(text, { error = false, action = null, label = "" } = {}) {
  clearTimeout(hiding);
  const notice = find("notice");
  notice.className = error ? "error" : "";
  notice.setAttribute("role", error ? "alert" : "status");
  notice.querySelector("p").textContent = text;
  notice.querySelector(".link")?.remove();
  if (action) {
    const act = () => { hideNotice(); action(); };
    find("close-notice").before(element("button", { type: "button", class: "link", click: act }, label));
  }
  notice.hidden = false;
  if (!error) {
    hiding = setTimeout(hideNotice, 9000);
  }
}

export function hideNotice() {
  clearTimeout(hiding);
  find("notice").hidden = true;
}

export const sizeText = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

export function timeText(seconds) {
  if (seconds < 90) {
    return `${Math.max(1, Math.round(seconds))} s`;
  }
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
