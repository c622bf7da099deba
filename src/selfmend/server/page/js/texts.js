// The words of the page in the user's language: English stands in the code and in what the server says, the other
// languages in tables.

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" };
const wanted = () => localStorage.getItem("language") ?? navigator.language.slice(0, 2).toLowerCase();

export const language = wanted() in LANGUAGES ? wanted() : "en";
const column = Object.keys(LANGUAGES).indexOf(language);
const parts = ["translations", "translations-server", "translations-methods"];
const tables = column ? (await Promise.all(parts.map((name) => import(`./${name}.js`)))).map((part) => part.ROWS) : [[], []];
const table = Object.fromEntries(tables.flat().map((row) => [row[0], row[column]]));

const put = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** A text in the user's language, with `{name}` replaced by the value of that name. */
export const t = (text, values = {}) => put(table[text] ?? text, values);

const escaped = (text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
const forms = tables[1].filter(([text]) => text.includes("{")).map(([text, ...others]) => [new RegExp(`^${escaped(text).replace(/\{(\w+)\}/g, "(?<$1>.+?)")}$`), others[column - 1]]);

/** A line of the server's, which has names and numbers in it: the sentence of the table that it fits, with these put in. */
export function told(line) {
  if (line in table) {
    return table[line];
  }
  for (const [form, text] of forms) {
    const found = form.exec(line);
    if (found) {
      return put(text, Object.fromEntries(Object.entries(found.groups).map(([name, value]) => [name, told(value)])));
    }
  }
  return line;
}

const SPOKEN = ["aria-label", "title", "alt"];

/** The words that stand in the markup. */
export function translate(root) {
  document.documentElement.lang = language;
  if (language === "en") {
    return;
  }
  const words = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const { data } = words.currentNode;
    words.currentNode.data = data.replace(data.trim(), t(data.trim()));
  }
  for (const name of SPOKEN) {
    for (const one of root.querySelectorAll(`[${name}]`)) {
      one.setAttribute(name, t(one.getAttribute(name)));
    }
  }
}
