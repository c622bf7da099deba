// Fields of the panel: a label, an input, and how its value is read.

import { element } from "./dom.js";
import { called } from "./names.js";
import { t } from "./texts.js";

let serial = 0;

function labelled(label, input, { hint = "", unit = "" } = {}) {
  serial += 1;
  input.id ||= `field-${serial}`;
  const words = element("span", { class: "field-label" }, label, unit ? element("small", {}, ` ${unit}`) : null);
  const check = input.type === "checkbox";
  const row = element("div", { class: check ? "field check" : "field" }, element("label", { for: input.id }, words));
  if (hint) {
    const id = `${input.id}-hint`; // beside the label, not in it: a screen reader says the name first, then this
    input.setAttribute("aria-describedby", id);
    row.append(element("span", { class: "hint", id }, hint));
  }
  row[check ? "prepend" : "append"](input);
  return row;
}

/** A whole or decimal number; empty is null. */
export function numberField(label, { value = "", min, max, step = 1, placeholder = "", ...rest } = {}) {
  const input = element("input", { type: "number", min, max, step, value, placeholder, inputmode: "decimal" });
  return { row: labelled(label, input, rest), input, read: () => (input.value === "" ? null : Number(input.value)) };
}

export function rangeField(label, { value, min, max, step = 1, show = (v) => v, ...rest }) {
  const input = element("input", { type: "range", min, max, step, value });
  const output = element("output", {});
  const say = () => {
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", say);
  const row = labelled(label, input, rest);
  output.setAttribute("for", input.id);
  row.querySelector("label").append(output);
  row.classList.add("range");
  say();
  return { row, input, read: () => Number(input.value), say };
}

/** `choices` are strings, or [value, label]. */
export function selectField(label, { choices, value, ...rest }) {
  const input = element("select", {});
  const fill = (list, chosen) => {
    input.replaceChildren(...list.map((one) => {
      const [name, words] = Array.isArray(one) ? one : [one, one];
      return element("option", { value: name, selected: name === chosen }, words);
    }));
  };
  fill(choices, value);
  return { row: labelled(label, input, rest), input, fill, read: () => input.value };
}

export function checkField(label, { value = false, ...rest } = {}) {
  const input = element("input", { type: "checkbox", checked: value });
  return { row: labelled(label, input, rest), input, read: () => input.checked };
}

export function textField(label, { value = "", placeholder = "", ...rest } = {}) {
  const input = element("input", { type: "text", value, placeholder, autocomplete: "off", spellcheck: "false" });
  return { row: labelled(label, input, rest), input, read: () => input.value.trim() || null };
}

/** A file; the browser's own button speaks the browser's language, not the page's. */
export function fileField(label, { accept = "image/*,.tif,.tiff,.heic,.heif,.jp2", ...rest } = {}) {
  const input = element("input", { type: "file", accept, class: "unseen" });
  const row = labelled(label, input, rest);
  const name = element("span", { class: "hint" }, t("no file yet"));
  input.addEventListener("change", () => { name.textContent = input.files[0]?.name ?? t("no file yet"); });
  row.append(element("span", { class: "file-row" }, element("label", { class: "button", for: input.id }, t("Choose a file")), name));
  return { row, input, read: () => input.files[0] ?? null };
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const BRIEFLY = { seed: "new" }; // what stands in an empty field, where what the reference says is long
const EMPTY = { variety: "normal" }; // which of the other choices an empty one is

/** The meaning of an option, with what it is where it is left empty. */
function hintOf({ name, meaning, none }) {
  const left = none && !BRIEFLY[name] ? `; ${t("empty")}: ${t(none)}` : "";
  return (sentence(t(meaning.replace(/; empty: .*$/, ""))) + left).replaceAll("`", "") + ".";
}

/** A field as the server tells of it: its name, unit, range, default, choices and meaning. */
function optionField(option) {
  const { name, type, default: standard, choices, low, high, unit, none } = option;
  const about = { hint: hintOf(option), unit: unit && t(unit) };
  const label = t(option.label);
  about.unit = about.unit.toLowerCase() === label.toLowerCase() ? "" : about.unit; // said once
  const text = standard === null ? "" : EMPTY[name] && !standard ? EMPTY[name] : type === "number" ? String(Number(standard.toPrecision(6))) : String(standard);
  const placeholder = BRIEFLY[name] ? t(BRIEFLY[name]) : text || (none ? "" : t("none")); // what none means is in the hint
  let field;
  if (type === "boolean") {
    field = checkField(label, { ...about, value: standard });
  } else if (choices.length) {
    field = selectField(label, { ...about, choices: choices.filter((one) => one || !EMPTY[name]).map((one) => [one, called(name, one)]), value: text });
  } else if (type === "number" && low === 0 && high === 1 && standard !== null) {
    field = rangeField(label, { ...about, value: text, min: 0, max: 1, step: 0.01, show: (value) => value.toFixed(2) });
  } else if (type === "integer" || type === "number") {
    const most = high !== null && high <= Number.MAX_SAFE_INTEGER ? high : null;
    field = numberField(label, { ...about, value: text, min: low, max: most, step: type === "integer" ? 1 : "any", placeholder });
  } else {
    field = textField(label, { ...about, placeholder });
  }
  const first = field.read();
  return { ...field, name, placeholder, changed: () => field.read() !== first && field.read() !== null };
}

/** One field for each option that the server tells of. */
export const optionFields = (options) => options.map(optionField);

/** What was changed in such fields, by name; the rest is the server's to choose. */
export const changes = (fields) => Object.fromEntries(fields.filter((field) => field.changed()).map((field) => [field.name, field.read()]));

export const section = (title, ...children) => element("details", { class: "section" }, element("summary", {}, title), ...children);
