// The page begins here: buttons, dropping, pasting and keys are wired to what they do.

import { App } from "./app.js";
import { find, hideNotice } from "./dom.js";
import { Folder } from "./folder.js";
import { Keys, listShortcuts } from "./keys.js";
import { droppedFiles } from "./many.js";
import { openFile, openFiles, restore } from "./opening.js";
import { ServerError } from "./api.js";
import { LANGUAGES, language, translate } from "./texts.js";

translate(document.body);
const app = new App();
const folder = new Folder(app);
window.selfmend = app; // for tests, and for those who look into the console
const acts = {
  open: () => find("file").click(),
  "welcome-open": () => find("file").click(),
  "welcome-demo": openDemo,
  help: () => find("help-dialog").showModal(),
  "close-notice": hideNotice,
  undo: () => app.undo(),
  redo: () => app.redo(),
  invert: () => app.invert(),
  clear: () => app.clear(),
  "use-transparency": () => app.useTransparency(),
  "load-mask": () => find("mask-file").click(),
  "save-mask": () => app.saveMask(),
  "grow-mask": () => app.grow(2),
  "shrink-mask": () => app.grow(-2),
  "show-mask": () => app.toggleMask(),
  "zoom-in": () => app.view.zoom(1.25),
  "zoom-out": () => app.view.zoom(0.8),
  "zoom-fit": () => app.view.fit(),
};

for (const [id, act] of Object.entries(acts)) {
  find(id).addEventListener("click", act);
}
for (const tool of ["brush", "eraser", "box", "lasso", "hand"]) {
  find(`tool-${tool}`).addEventListener("click", () => app.setTool(tool));
}
find("size").addEventListener("input", (event) => app.setSize(Math.round(1000 ** (event.target.value / 100))));

async function openDemo() {
  const answer = await fetch("/static/demo.webp");
  await openFile(app, new File([await answer.blob()], "coffee.webp", { type: "image/webp" }));
  app.useTransparency();
  find("notice").hidden = true;
}

for (const [id, act] of [["file", (files) => openFiles(app, files)], ["mask-file", ([file]) => app.loadMask(file)]]) {
  find(id).addEventListener("change", (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    if (files.length) {
      act(files);
    }
  });
}
find("language").append(...Object.entries(LANGUAGES).map(([value, words]) => new Option(words, value, false, value === language)));
find("language").addEventListener("change", (event) => {
  localStorage.setItem("language", event.target.value);
  window.location.reload();
});

// Tabs, and within a group those of its tasks: arrow keys go from one to the next.
for (const rows of [find("tabs"), find("groups")]) {
  rows.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab?.id.startsWith("group-")) {
      const inside = find(tab.getAttribute("aria-controls"));
      app.setTab((inside.querySelector("[aria-selected=true]") ?? find(`tab-${app.lastOf[tab.id]}`) ?? inside.firstElementChild).id.slice("tab-".length));
    } else if (tab) {
      app.setTab(tab.id.slice("tab-".length));
    }
  });
  rows.addEventListener("keydown", (event) => {
    const tabs = [...(event.target.closest("[role=tablist]")?.children ?? [])];
    const i = tabs.indexOf(event.target);
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (i >= 0 && to !== undefined) {
      event.preventDefault();
      tabs.at(to % tabs.length).click();
      tabs.at(to % tabs.length).focus();
    }
  });
}

// Menus stand beside their buttons.
for (const name of ["mask-menu", "recent-menu", "folder-menu"]) {
  const menu = find(name);
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") {
      const button = document.querySelector(`[popovertarget=${name}]`).getBoundingClientRect();
      const beside = name === "mask-menu" && button.right + 8 + 230 < window.innerWidth;
      const below = name !== "mask-menu";
      menu.style.left = beside ? `${button.right + 8}px` : "auto";
      menu.style.right = beside ? "auto" : "12px";
      menu.style.top = below ? `${button.bottom + 6}px` : "auto";
      menu.style.bottom = below ? "auto" : `${Math.max(12, window.innerHeight - (beside ? button.bottom : button.top - 8))}px`;
    }
  });
}
const STAYING = ["show-mask", "grow-mask", "shrink-mask"]; // pressed several times
find("mask-menu").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && !STAYING.includes(button.id)) {
    find("mask-menu").hidePopover();
  }
});

// Dropping and pasting: a file whose name says mask is one.
const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
window.addEventListener("dragover", (event) => {
  if (hasFiles(event)) {
    event.preventDefault();
    document.body.classList.add("dropping");
  }
});
window.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) {
    document.body.classList.remove("dropping");
  }
});
window.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  droppedFiles(event.dataTransfer).then((files) => openFiles(app, files), (error) => app.tell(error.message, { error: true }));
});
window.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])][0];
  if (file) {
    event.preventDefault();
    openFile(app, file);
  }
});
window.addEventListener("pagehide", () => app.document?.saveNow().catch(() => {}));

listShortcuts();
new Keys(app);
app.setTab("fill");

async function connect() {
  try {
    await Promise.all([folder.load(), app.loadTasks()]);
  } catch (error) {
    if (!(error instanceof ServerError) || error.status >= 400) {
      app.tell(error.message, { error: true });
    }
    setTimeout(connect, 2000);
  }
}

await Promise.all([restore(app), connect()]);
await folder.openFirst();
document.body.dataset.ready = "yes";
