// The picture that is worked on, with its mask and its history; going on from a result makes a child that knows its parent.

import { decodeFile } from "./picture.js";
import { Mask } from "./mask.js";
import * as store from "./store.js";

const SAVE_AFTER = 150;

export class Document {
  constructor({ id, name, blob, parent, picture, mask }) {
    Object.assign(this, { id, name, blob, parent, picture, mask, saved: new Set() });
  }

  /** The mask and its history will be in the database a moment later. */
  save() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.saveNow().catch(() => {}), SAVE_AFTER);
  }

  async saveNow() {
    clearTimeout(this.timer);
    const history = this.mask.history();
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

/** A document of a file; whatever was open is forgotten, unless it is the parent. */
export async function createDocument(blob, name, parent = null) {
  const picture = await decodeFile(blob, name);
  const mask = new Mask(picture.width, picture.height);
  const made = new Document({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, name, blob, parent, picture, mask });
  try {
    if (!parent) {
      await Promise.all([store.clear("documents"), store.clear("steps"), store.clear("state")]);
    }
    await store.put("documents", { id: made.id, name, blob, parent });
    await store.put("state", made.id, "current");
  } catch {
    // a browser without room or without a database: all works until the page is closed
  }
  return made;
}

/** A document as it was left. */
export async function openDocument(id) {
  const record = await store.get("documents", id);
  if (!record) {
    return null;
  }
  const picture = await decodeFile(record.blob, record.name);
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
  const opened = new Document({ ...record, picture, mask });
  opened.saved = new Set(serials);
  await store.put("state", id, "current");
  return opened;
}

/** The document that was open when the page was left. */
export async function lastDocument() {
  const id = await store.get("state", "current");
  return id ? openDocument(id) : null;
}

export const jobsOnRecord = async () => (await store.get("state", "jobs")) ?? [];
export const recordJobs = (jobs) => store.put("state", jobs, "jobs").catch(() => {});
