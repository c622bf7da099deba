// The words of the page in the user's language: English stands in the code, the other languages in one table.

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" };
const wanted = () => localStorage.getItem("language") ?? navigator.language.slice(0, 2).toLowerCase();

export const language = wanted() in LANGUAGES ? wanted() : "en";
const table = language === "en" ? {} : (await import("./translations.js")).TABLES[language];

/** A text in the user's language, with `{name}` replaced by the value of that name. */
export const t = (text, values = {}) => (table[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

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
