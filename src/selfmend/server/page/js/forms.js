// Fields of the panel: a label, an input, and how its value is read.

import { element } from "./dom.js";

let serial = 0;

function labelled(label, input, { hint = "", unit = "" } = {}) {
  serial += 1;
  input.id ||= `field-${serial}`;
  const words = [element("span", { class: "field-label" }, label, unit ? element("small", {}, ` ${unit}`) : null)];
  if (hint) {
    const id = `${input.id}-hint`;
    input.setAttribute("aria-describedby", id);
    words.push(element("span", { class: "hint", id }, hint));
  }
  const check = input.type === "checkbox";
  const row = element("div", { class: check ? "field check" : "field" }, element("label", { for: input.id }, ...words));
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

export function fileField(label, { accept = "image/*", ...rest } = {}) {
  const input = element("input", { type: "file", accept });
  return { row: labelled(label, input, rest), input, read: () => input.files[0] ?? null };
}

/** Give a number's field the range that the server tells of and, with `standard`, its default. */
export function fit(field, option, { standard = false } = {}) {
  const { input } = field;
  for (const [side, bound] of [["min", option.low], ["max", option.high]]) {
    if (bound !== null && bound <= Number.MAX_SAFE_INTEGER) {
      input[side] = bound;
    }
  }
  if (standard && option.default !== null) {
    input.value = option.default;
    field.say?.();
  }
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const named = (name) => sentence(name.replaceAll("_", " "));

/** One field for each option that the server tells of; only what was changed is read. */
export function optionFields(options) {
  const fields = options.map((option) => {
    const { name, default: standard, choices } = option;
    const about = { hint: sentence(option.meaning), unit: option.unit };
    const text = standard === null ? "" : String(standard);
    let field;
    if (typeof standard === "boolean") {
      field = checkField(named(name), { ...about, value: standard });
    } else if (choices.length) {
      field = selectField(named(name), { ...about, choices, value: text });
    } else if (typeof standard === "number") {
      field = numberField(named(name), { ...about, value: standard, step: "any" });
    } else {
      field = textField(named(name), { ...about, placeholder: text || "none" });
    }
    const first = field.read();
    return { name, row: field.row, changed: () => field.read() !== first && field.read() !== null, read: field.read };
  });
  return {
    rows: fields.map((field) => field.row),
    read: () => Object.fromEntries(fields.filter((f) => f.changed()).map((f) => [f.name, f.read()])),
  };
}

export const section = (title, ...children) => element("details", { class: "section" }, element("summary", {}, title), ...children);
