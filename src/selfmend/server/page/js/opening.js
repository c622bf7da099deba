// How a picture comes onto the stage: from a file, from a result, from the picture before, from the last visits.

import { childOf, createDocument, isFilmFile, jobsOnRecord, lastDocument, openDocument, recentPhotos } from "./documents.js";
import { announce, ask, element, find, hideNotice } from "./dom.js";
import { t } from "./texts.js";

/** Another picture; transparent parts are looked for, since they can be the hole. */
export function show(app, opened) {
  app.show(opened);
  opened.transparency = /jpe?g|bmp/.test(opened.blob?.type ?? "jpeg") ? null : (opened.transparency ?? opened.picture.transparency());
  find("use-transparency").disabled = !opened.transparency;
}

/** Whether the user wants to leave what is open; asked only where something would have to be looked for again. */
function mayLeave(app) {
  const { document: open, unsaved } = app;
  return !open || !unsaved || ask({
    title: t("Open another photo?"), yes: t("Open the other"), no: t("Stay here"),
    text: t("What you did to {name} is not downloaded. It stays under Recent, with its marks and results.", { name: open.name }),
  });
}

/** What the server takes at most is said before somebody works on a picture that is larger. */
function check(app, name, { width, height }) {
  const { max_pixels: most } = app.limits ?? {};
  if (most && width * height > most) {
    throw new Error(t("{name} has {has} million pixels; this server takes at most {most} million. Make it smaller first.", {
      name, has: (width * height / 1e6).toFixed(1), most: (most / 1e6).toFixed(0),
    }));
  }
}

export async function openFile(app, file, mask = null) {
  if (!(await mayLeave(app))) {
    return;
  }
  find("stage").setAttribute("aria-busy", "true");
  const name = file.name || "picture.png";
  try {
    const { max_bytes: most } = app.limits ?? {};
    if (most && file.size > most) {
      throw new Error(t("{name} has {has} MB; this server takes at most {most} MB.", { name, has: (file.size / 1e6).toFixed(1), most: (most / 1e6).toFixed(0) }));
    }
    await app.document?.saveNow().catch(() => {});
    const made = await createDocument(file, name, (picture) => check(app, name, picture));
    hideNotice();
    show(app, made);
    app.setTab(isFilmFile(file) ? "video" : app.tab === "video" ? "fill" : app.tab);
    announce(t("{name} is open, {width} by {height} pixels.", { name, width: made.picture.width, height: made.picture.height }));
    if (mask) {
      await app.loadMask(mask);
    } else if (made.transparency) {
      app.tell(t("This picture has transparent parts."), { action: () => app.useTransparency(), label: t("Fill them") });
    }
    showRecent(app);
  } catch (error) {
    app.tell(error.message, { error: true });
  }
  find("stage").removeAttribute("aria-busy");
}

/** Files that came together: a picture, and perhaps its mask, told by its name. */
export function openFiles(app, files) {
  const named = files.find((file) => /mask/i.test(file.name));
  const others = files.filter((file) => file !== named);
  if (named && !others.length && app.document) {
    app.loadMask(named);
  } else if (app.panels.many && others.length && (others.length > 1 || app.tab === "many")) {
    if (named) {
      app.panels.many.setMask(named);
    }
    app.panels.many.add(others);
  } else if (files.length) {
    openFile(app, others[0] ?? named, others.length ? named : null);
  }
}

/** The picture, mask and results of the last visit. */
export async function restore(app) {
  try {
    const opened = await lastDocument();
    app.owned = await jobsOnRecord();
    if (opened) {
      show(app, opened);
    }
  } catch {
    app.owned = []; // nothing was kept, or the browser keeps nothing
  }
  await loadJobs(app);
  showRecent(app);
}

async function loadJobs(app) {
  await Promise.all(app.ownedHere().map((one) => app.jobs.load(one.id)));
  app.strip.render();
}

/** The photos of before: in the menu beside Open, and where no picture is open. */
export async function showRecent(app) {
  const photos = (await recentPhotos().catch(() => [])).filter((photo) => photo.id !== app.document?.root);
  find("recent").hidden = !photos.length;
  for (const list of [find("recent-menu"), find("welcome-recent")]) {
    list.replaceChildren(...photos.map((photo) => {
      const small = photo.small ? element("img", { alt: "", src: URL.createObjectURL(photo.small), load: (event) => URL.revokeObjectURL(event.target.src) }) : null;
      return element("button", { type: "button", click: () => reopen(app, photo.last) }, small, element("span", {}, photo.name));
    }));
  }
}

/** A photo of before, with its mask and its results. */
async function reopen(app, id) {
  find("recent-menu").hidePopover();
  await app.document?.saveNow().catch(() => {});
  if (await goTo(app, id)) {
    app.unsaved = false;
    await loadJobs(app);
    showRecent(app);
  }
}

/** The document of that id on the stage; whether it is still there. */
export async function goTo(app, id) {
  if (app.document?.id === id) {
    return true;
  }
  app.document?.saveNow().catch(() => {});
  const opened = await openDocument(id).catch(() => null);
  if (!opened) {
    app.tell(t("This picture is no longer kept by this browser."), { error: true });
    return false;
  }
  show(app, opened);
  return true;
}

/** The result on the stage becomes the picture. `pixels` are marks that were drawn meanwhile; undo leads back. */
export function goOn(app, pixels = null) {
  const { looking, document: before } = app;
  const result = app.jobs.get(looking.id).results[looking.index];
  const { url, name, media_type } = result;
  const child = childOf(before, { ...looking, url, name, media_type }, app.result.picture);
  before.next = { made: looking, child: child.id, position: before.mask.position };
  before.save();
  if (pixels) {
    child.mask.replace(pixels);
    child.mask.commit();
    child.save();
  }
  show(app, child);
}
