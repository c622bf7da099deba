// Follows the jobs that are not done: a few by events as they happen, the rest by asking now and then, because a browser
// opens only six connections to a server.

import { getJson, ServerError, setReachable } from "./api.js";

const STREAMS = 3;
const ASK_EVERY = 1500;
export const isFinal = (job) => ["done", "failed", "cancelled", "gone"].includes(job.state);

export class Jobs {
  /** `changed(job, before)` is called whenever a job is new or changed. */
  constructor(changed) {
    this.changed = changed;
    this.known = new Map();
    this.streams = new Map();
    setInterval(() => this.#ask(), ASK_EVERY);
  }

  get(id) {
    return this.known.get(id);
  }

  /** A job as the server has just told it. */
  take(job) {
    const before = this.known.get(job.id);
    if (before && before.revision > job.revision) {
      return;
    }
    this.known.set(job.id, job);
    if (isFinal(job)) {
      this.#close(job.id);
    }
    if (!before || before.revision !== job.revision || before.state !== job.state) {
      this.changed(job, before);
    }
    this.#listen();
  }

  forget(id) {
    this.#close(id);
    this.known.delete(id);
  }

  /** A job of which only the id is known, as after a reload. */
  async load(id) {
    try {
      this.take(await getJson(`/api/jobs/${encodeURIComponent(id)}`));
    } catch (error) {
      if (error instanceof ServerError && error.status === 404) {
        this.take({ id, state: "gone", revision: Infinity, results: [] });
      } else {
        this.known.set(id, this.known.get(id) ?? { id, state: "queued", revision: -1, results: [], task: "", warnings: [], settings: {} });
      }
    }
  }

  #waiting() {
    const order = { running: 0, queued: 1 };
    return [...this.known.values()].filter((job) => !isFinal(job)).sort((a, b) => order[a.state] - order[b.state]);
  }

  #listen() {
    const wanted = this.#waiting().slice(0, STREAMS).map((job) => job.id);
    for (const id of [...this.streams.keys()].filter((open) => !wanted.includes(open))) {
      this.#close(id);
    }
    for (const id of wanted.filter((one) => !this.streams.has(one))) {
      const stream = new EventSource(`/api/jobs/${encodeURIComponent(id)}/events`);
      stream.addEventListener("job", (event) => {
        setReachable(true);
        this.take(JSON.parse(event.data));
      });
      stream.addEventListener("error", () => {
        this.#close(id); // what became of the job, and whether the server is there, is asked for
      });
      this.streams.set(id, stream);
    }
  }

  #close(id) {
    this.streams.get(id)?.close();
    this.streams.delete(id);
  }

  async #ask() {
    if (this.asking) {
      return;
    }
    this.asking = true;
    await Promise.all(this.#waiting().filter((job) => !this.streams.has(job.id)).slice(0, 10).map((job) => this.load(job.id)));
    this.asking = false;
    if (this.#waiting().length) {
      this.#listen();
    }
  }
}
