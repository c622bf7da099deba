// The page begins here: buttons, dropping, pasting and keys are wired to what they do.

import { App } from "./app.js";
import { find } from "./dom.js";
import { Keys, listShortcuts } from "./keys.js";
import { openFile, restore } from "./opening.js";
import { ServerError } from "./api.js";

const app = new App();
window.selfmend = app; // for tests, and for those who look into the console
const acts = {
  open: () => find("file").click(),
  "welcome-open": () => find("file").click(),
  "welcome-demo": openDemo,
  help: () => find("help-dialog").showModal(),
  undo: () => app.undo(),
  redo: () => app.redo(),
  invert: () => app.invert(),
  clear: () => app.clear(),
  "use-transparency": () => app.useTransparency(),
  "load-mask": () => find("mask-file").click(),
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

for (const [id, act] of [["file", (file) => openFile(app, file)], ["mask-file", (file) => app.loadMask(file)]]) {
  find(id).addEventListener("change", (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) {
      act(file);
    }
  });
}

// Tabs: arrow keys go from one to the next.
find("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) {
    app.setTab(tab.id.slice("tab-".length));
  }
});
find("tabs").addEventListener("keydown", (event) => {
  const tabs = [...find("tabs").children];
  const i = tabs.indexOf(event.target);
  const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    tabs.at(to % tabs.length).click();
    tabs.at(to % tabs.length).focus();
  }
});

// The menu of the mask stands beside its button.
find("mask-menu").addEventListener("beforetoggle", (event) => {
  if (event.newState === "open") {
    const button = find("mask-menu-button").getBoundingClientRect();
    const menu = find("mask-menu");
    const beside = button.right + 8 + 230 < window.innerWidth;
    menu.style.left = beside ? `${button.right + 8}px` : "auto";
    menu.style.right = beside ? "auto" : "12px";
    menu.style.bottom = `${Math.max(12, window.innerHeight - (beside ? button.bottom : button.top - 8))}px`;
  }
});
find("mask-menu").addEventListener("click", (event) => {
  if (event.target.closest("button") && event.target.closest("button").id !== "show-mask") {
    find("mask-menu").hidePopover();
  }
});

// Dropping and pasting: with a picture open, a file whose name says mask is one.
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
  const [file] = event.dataTransfer.files;
  if (file) {
    if (app.document && /mask/i.test(file.name)) {
      app.loadMask(file);
    } else {
      openFile(app, file);
    }
  }
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
    await app.loadTasks();
    await app.loadModels();
  } catch (error) {
    if (!(error instanceof ServerError) || error.status >= 400) {
      app.tell(error.message, { error: true });
    }
    setTimeout(connect, 2000);
  }
}

await Promise.all([restore(app), connect()]);
document.body.dataset.ready = "yes";
