// The elements that page.js asks for, as far as it uses them; prints what a person would see, as JSON.
"use strict";
const fs = require("fs");

class Element {
  constructor(tag, children = []) {
    Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, dataset: {}, hidden: false });
    this.style = { setProperty: (name, value) => { this.style[name] = value; } };
    this.append(...children);
  }
  append(...children) {
    for (const child of children) {
      if (child.parentNode) {
        child.parentNode.children = child.parentNode.children.filter((other) => other !== child);
      }
      child.parentNode = this;
      this.children.push(child);
    }
  }
  after(element) { this.next = element; }
  setAttribute(name, value) { this.attributes[name] = value; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  removeAttribute(name) { delete this.attributes[name]; }
  addEventListener(name, act) { this.listeners[name] = act; }
  querySelectorAll(tag) {
    return this.children.flatMap((child) => [...(child.tag === tag ? [child] : []), ...child.querySelectorAll(tag)]);
  }
  querySelector(tag) { return this.querySelectorAll(tag)[0] ?? null; }
  get firstElementChild() { return this.children[0]; }
  get rows() { return this.children; }
  get cells() { return this.children; }
  get cellIndex() { return this.parentNode.children.indexOf(this); }
}

const make = (tag, properties, ...children) => Object.assign(new Element(tag, children), properties);
const row = (kind, ...values) =>
  make("tr", { dataset: { kind } }, ...[kind, ...values].map((value) => make("td", { dataset: { value } })));
const headings = make("tr", {}, ...["holes", "method", "psnr"].map(() => make("th", {}, make("button"))));
const body = make("tbody", {}, row("all", "b", "3"), row("all", "a", "20"), row("thin", "b", ""), row("thin", "a", "1"));
const table = make("table", { tBodies: [body], tHead: make("thead", {}, headings) });
const kind = make("select", { value: "all" });
const result = (name, first) =>
  make("figure", {}, make("button", { dataset: { name, first } }, make("img", { src: name, alt: name })));
const strip = make("div", {}, make("figure", {}, make("img", { src: "truth", width: 10 })), result("x", "false"), result("y", "true"));

global.document = {
  getElementById: (name) => ({ table, kind })[name],
  createElement: (tag) => new Element(tag),
  querySelectorAll: () => [strip],
};
global.Image = class extends Element { constructor() { super("img"); } };
new Function(fs.readFileSync(process.argv[2], "utf8"))();

const seen = () => body.rows.filter((one) => !one.hidden).map((one) => one.cells.map((cell) => cell.dataset.value).join(" "));
const click = (element) => { element.listeners.click(); return seen(); };
const sort = (column) => click(headings.cells[column].firstElementChild);
const told = { first: seen() };
kind.value = "*";
kind.listeners.change();
told.all = seen();
told.up = sort(2);
told.upState = headings.cells.map((cell) => cell.getAttribute("aria-sort"));
told.down = sort(2);
told.downState = headings.cells[2].getAttribute("aria-sort");
told.names = sort(1);
told.namesState = headings.cells.map((cell) => cell.getAttribute("aria-sort"));
const [stage, range, captions] = strip.next.children;
const slider = () => [...stage.children.slice(0, 2).map((one) => one.src), captions.children[1].textContent, range.getAttribute("aria-label")];
told.slider = slider();
strip.querySelectorAll("button")[0].listeners.click();
told.chosen = slider();
told.pressed = strip.querySelectorAll("button").map((one) => one.getAttribute("aria-pressed"));
range.value = "80";
range.listeners.input();
told.cut = strip.next.style["--cut"];
console.log(JSON.stringify(told));
