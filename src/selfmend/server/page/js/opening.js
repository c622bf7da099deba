// How a picture comes onto the stage: from a file, from a result, from the picture before, from the last visit.

import { createDocument, jobsOnRecord, lastDocument, openDocument } from "./documents.js";
import { announce, find, hideNotice } from "./dom.js";

/** Another picture; transparent parts are looked for, since they can be the hole. */
function show(app, opened) {
  app.show(opened);
  opened.transparency = /jpe?g|bmp/.test(opened.blob.type) ? null : opened.picture.transparency();
  find("use-transparency").disabled = !opened.transparency;
}

export async function openFile(app, file) {
  find("stage").setAttribute("aria-busy", "true");
  try {
    const made = await createDocument(file, file.name || "picture.png");
    hideNotice();
    app.owned = [];
    show(app, made);
    app.record();
    announce(`${made.name} is open, ${made.picture.width} by ${made.picture.height} pixels.`);
    if (made.transparency) {
      app.tell("This picture has transparent parts.", { action: () => app.useTransparency(), label: "Fill them" });
    }
  } catch (error) {
    app.tell(error.message, { error: true });
  }
  find("stage").removeAttribute("aria-busy");
}

/** The picture, mask and results of the last visit. */
export async function restore(app) {
  try {
    const opened = await lastDocument();
    if (opened) {
      show(app, opened);
    }
    app.owned = await jobsOnRecord();
  } catch {
    app.owned = []; // nothing was kept, or the browser keeps nothing
  }
  await Promise.all(app.owned.map((one) => app.jobs.load(one.id)));
  app.strip.render();
}

/** The result on the stage becomes the picture; the way back stays open. */
export async function goOn(app) {
  const { id, index } = app.looking;
  const result = app.jobs.get(id).results[index];
  try {
    const blob = await app.result.fetchBlob(result);
    await app.document?.saveNow();
    const file = new File([blob], result.name, { type: blob.type });
    show(app, await createDocument(file, result.name, app.document?.id ?? null));
    app.setTab("fill");
    announce("The result is the picture now.");
  } catch (error) {
    app.tell(error.message, { error: true });
  }
}

/** The picture from which this one came. */
export async function goBack(app) {
  await app.document.saveNow().catch(() => {});
  const parent = await openDocument(app.document.parent).catch(() => null);
  if (parent) {
    show(app, parent);
  } else {
    app.tell("The picture before is no longer kept by this browser.", { error: true });
  }
}
