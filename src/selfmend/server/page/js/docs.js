// The interface for programs, made of the server's own OpenAPI description: what is new there needs nothing here.

import { element, find } from "./dom.js";

const description = await (await fetch("/openapi.json")).json();
const resolved = (schema) => (schema?.$ref ? schema.$ref.slice(2).split("/").reduce((at, name) => at[name], description) : schema) ?? {};
const nameOf = (schema) => schema?.$ref?.split("/").at(-1);

function typeOf(schema) {
  if (nameOf(schema)) {
    return nameOf(schema);
  }
  const several = schema.anyOf ?? schema.oneOf;
  if (several) {
    return several.map(typeOf).join(" or ");
  }
  if (schema.const !== undefined || schema.enum) {
    return (schema.enum ?? [schema.const]).map((one) => JSON.stringify(one)).join(", ");
  }
  return schema.type === "array" ? `list of ${typeOf(schema.items ?? {})}` : (schema.format === "binary" ? "file" : (schema.type ?? "any"));
}

function factsOf(schema) {
  const facts = [["at least", schema.minimum], ["at most", schema.maximum], ["up to", schema.maxLength]].filter(([, value]) => value !== undefined).map((pair) => pair.join(" "));
  return [...facts, schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`].filter(Boolean).join(", ");
}

function row(name, schema, needed, words) {
  return element("tr", {}, element("th", { scope: "row" }, element("code", {}, name), needed ? " *" : ""), element("td", {}, typeOf(schema)), element("td", {}, [words ?? resolved(schema).description ?? "", factsOf(schema)].filter(Boolean).join("; ")));
}

function table(rows) {
  return rows.length ? element("div", { class: "wide" }, element("table", {}, element("thead", {}, element("tr", {}, ...["Name", "Type", "Meaning"].map((one) => element("th", { scope: "col" }, one)))), element("tbody", {}, ...rows))) : null;
}

/** The fields of an object, and of what it holds, as far as that has a name. */
function fields(schema, seen = []) {
  const one = resolved(schema);
  if (one.oneOf) {
    return element("div", {}, ...one.oneOf.map((each) => element("details", {}, element("summary", {}, nameOf(each) ?? typeOf(each)), fields(each, seen))));
  }
  const properties = Object.entries(one.properties ?? {});
  const inner = properties.map(([, each]) => each.contentSchema ?? each.items ?? each).filter((each) => nameOf(each) && !seen.includes(nameOf(each)));
  return element("div", {},
    one.description ? element("p", { class: "hint" }, one.description) : null,
    table(properties.map(([name, each]) => row(name, each, one.required?.includes(name)))),
    ...inner.map((each) => element("details", {}, element("summary", {}, nameOf(each)), fields(each, [...seen, nameOf(each)]))));
}

function body(content, title) {
  return Object.entries(content ?? {}).map(([kind, { schema = {}, example }]) => element("details", {},
    element("summary", {}, `${title}: ${kind}`), fields(schema), example ?? resolved(schema).example ? element("pre", {}, JSON.stringify(example ?? resolved(schema).example, null, 2)) : null));
}

function operation(path, method, one) {
  const id = `${method}-${path}`.replace(/\W+/g, "-");
  const answers = Object.entries(one.responses ?? {}).map(([status, answer]) => element("li", {}, element("code", {}, status), ` ${answer.description ?? ""}`, ...(status < 300 ? body(answer.content, "The answer") : [])));
  const section = element("section", { class: "operation", id },
    element("h3", {}, element("span", { class: `verb ${method}` }, method.toUpperCase()), " ", element("code", {}, path)),
    element("p", {}, one.description ?? one.summary ?? ""),
    table((one.parameters ?? []).map((each) => row(each.name, each.schema ?? {}, each.required, [each.in === "query" ? "" : `in the ${each.in}`, each.description].filter(Boolean).join("; ")))),
    ...body(one.requestBody?.content, "The body"),
    element("ul", {}, ...answers));
  return { section, entry: element("li", {}, element("a", { href: `#${id}` }, `${method.toUpperCase()} ${path}`)) };
}

const operations = Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => operation(path, method, one)));
find("description").textContent = description.info.description;
find("contents").append(element("ul", {}, ...operations.map(({ entry }) => entry)));
find("operations").append(...operations.map(({ section }) => section));
document.body.dataset.ready = "yes";
