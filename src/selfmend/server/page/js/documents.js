// The picture that is worked on, with its mask and its history. A result that is gone on from makes a child that knows its
// parent: a photo is the root of all that was made of it. The last few photos are kept in the browser's own database.

import { request } from "./api.js";
import { decode, decodeFile, smallBlob } from "./picture.js";
import { Mask } from "./mask.js";
import * as store from "./store.js";

const SAVE_AFTER = 150;
const KEPT_PHOTOS = 8;
const OPEN_AT_MOST = 4; // documents in memory, so that undo and redo across fills are instant

export const isFilmFile = ({ name, type }) => Boolean(type?.startsWith("video/")) || /\.(mp4|mov|mkv|webm|avi|m4v)$/i.test(name ?? "");

export class Document {
  /** `made` is the result that a child is: { id, index, url, name, media_type }; `root` the id of its photo. */
  constructor({ id, name, blob, parent = null, root = id, made = null, picture, mask, original = picture, next = null }) {
    Object.assign(this, { id, name, blob, parent, root, made, picture, mask, original, next, saved: new Set() });
  }

  /** Whether it is a film, of which the first frame is shown. */
  get film() {
    return isFilmFile({ name: this.name, type: this.blob?.type });
  }

  /** The file itself; of a result it comes when somebody needs it. */
  async file() {
    this.blob ??= await (await request(this.made.url)).blob();
    return this.blob;
  }

  /** The mask and its history will be in the database a moment later. */
  save() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.saveNow().catch(() => {}), SAVE_AFTER);
  }

  async saveNow() {
    clearTimeout(this.timer);
    const history = { ...this.mask.history(), next: this.next };
    const steps = [...this.mask.steps];
    const keep = new Set(history.serials);
    for (const step of steps.filter((one) => !this.saved.has(one.serial))) {
      this.saved.add(step.serial);
      const { x, y, width, height, bits, serial } = step;
      await store.put("steps", { x, y, width, height, bits, serial }, [this.id, step.serial]);
    }
    await store.put("state", history, `history ${this.id}`);
    for (const serial of [...this.saved].filter((one) => !keep.has(one))) {
      this.saved.delete(serial);
      await store.remove("steps", [this.id, serial]);
    }
  }
}

const open = new Map(); // the last used are the last

function keepOpen(one) {
  open.delete(one.id);
  open.set(one.id, one);
  while (open.size > OPEN_AT_MOST) {
    open.delete(open.keys().next().value);
  }
  return one;
}

const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

async function record(one, more = {}) {
  const { id, name, parent, root, made } = one;
  await store.put("documents", { id, name, parent, root, made, blob: await one.file(), opened: Date.now(), ...more });
  await store.put("state", id, "current");
}

/** A document of a file, which is a photo of its own; `checked` looks at the decoded picture before anything is kept. */
export async function createDocument(blob, name, checked = () => {}) {
  const picture = await decodeFile(blob, name);
  checked(picture);
  const made = new Document({ id: newId(), name, blob, picture, mask: new Mask(picture.width, picture.height) });
  try {
    await record(made, { small: await smallBlob(picture) });
    await forgetOld();
  } catch {
    // a browser without room or without a database: all works until the page is closed
  }
  return keepOpen(made);
}

/** The document that goes on from a result of another one; there at once, kept as soon as its file has come. */
export function childOf(parent, made, picture) {
  const mask = new Mask(picture.width, picture.height);
  const child = new Document({ id: newId(), name: parent.name, blob: null, parent: parent.id, root: parent.root, made, picture, mask, original: parent.original });
  if (made.url) {
    record(child).catch(() => {});
  }
  return keepOpen(child);
}

/** The document of a picture that was put together here; its file is not the server's. */
export async function childOfBlob(parent, blob, name) {
  const child = childOf(parent, { id: null, index: 0, url: "", name, media_type: blob.type }, await decode(blob));
  child.blob = blob;
  record(child).catch(() => {});
  return child;
}

/** A document as it was left, or null. */
export async function openDocument(id) {
  if (open.has(id)) {
    await store.put("state", id, "current").catch(() => {});
    return keepOpen(open.get(id));
  }
  const kept = await store.get("documents", id);
  if (!kept) {
    return null;
  }
  const picture = await decodeFile(kept.blob, kept.name);
  const history = await store.get("state", `history ${id}`);
  let mask = new Mask(picture.width, picture.height);
  let serials = [];
  if (history) {
    const steps = await store.getAll("steps", store.stepsOf(id));
    const known = new Map(steps.map((step) => [step.serial, step]));
    if (history.serials.every((serial) => known.has(serial))) {
      mask = Mask.restore(picture.width, picture.height, history, history.serials.map((serial) => known.get(serial)));
      serials = history.serials;
    }
  }
  const root = kept.root ?? id;
  const first = root === id ? null : await store.get("documents", root);
  const original = first ? await decode(first.blob).catch(() => picture) : picture;
  const opened = new Document({ ...kept, root, picture, mask, original, next: history?.next ?? null });
  opened.saved = new Set(serials);
  await store.put("state", id, "current");
  return keepOpen(opened);
}

/** The document that was open when the page was left. */
export async function lastDocument() {
  const id = await store.get("state", "current");
  return id ? openDocument(id) : null;
}

/** The photos that are kept, the last one first: { id, name, small, last }, `last` being the newest document of each. */
export async function recentPhotos() {
  const all = await store.getAll("documents");
  const photos = all.filter((one) => (one.root ?? one.id) === one.id).map((photo) => {
    const family = all.filter((one) => (one.root ?? one.id) === photo.id);
    const last = family.reduce((a, b) => ((a.opened ?? 0) > (b.opened ?? 0) ? a : b));
    return { id: photo.id, name: photo.name, small: photo.small, last: last.id, opened: last.opened ?? 0, family: family.map((one) => one.id) };
  });
  return photos.sort((a, b) => b.opened - a.opened);
}

async function forgetOld() {
  for (const photo of (await recentPhotos()).slice(KEPT_PHOTOS)) {
    for (const id of photo.family) {
      await Promise.all([store.remove("documents", id), store.remove("steps", store.stepsOf(id)), store.remove("state", `history ${id}`)]);
    }
  }
}

export const jobsOnRecord = async () => (await store.get("state", "jobs")) ?? [];
export const recordJobs = (jobs) => store.put("state", jobs, "jobs").catch(() => {});
