// The server, as far as the page speaks with it. Errors come as its own one line.

import { find, notify, hideNotice } from "./dom.js";
import { t, told } from "./texts.js";

export class ServerError extends Error {
  constructor(line, status = 0) {
    super(line);
    this.status = status;
  }
}

const ASK_AGAIN = 2000; // ms while the server is gone
let reachable = true;

async function untilReachable() {
  while (!reachable) {
    await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN); });
    await fetch("/api/health").then(() => setReachable(true), () => {});
  }
}

/** Says once that the server is gone, and once that it is there again. */
export function setReachable(now) {
  if (now !== reachable) {
    reachable = now;
    if (now) {
      hideNotice();
    } else {
      notify(t("The server does not answer. Is it still running? Trying again."), { error: true });
      untilReachable();
    }
  }
}

async function errorLine(response) {
  try {
    const body = await response.json();
    return told(body.error ?? body.detail ?? response.statusText);
  } catch {
    return t("The server answered {status}", { status: `${response.status} ${response.statusText}`.trim() });
  }
}

export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    setReachable(false);
    throw new ServerError(t("The server does not answer. Is it still running?"));
  }
  setReachable(true);
  if (response.status === 401 && path !== "/api/login") {
    await signIn();
    return request(path, options);
  }
  if (!response.ok) {
    throw new ServerError(await errorLine(response), response.status);
  }
  return response;
}

export const getJson = async (path) => (await request(path)).json();

/** A new job; `files` are Blobs by name of the form's field, left out where null. */
export async function postJob(task, files, settings, names = {}) {
  const form = new FormData();
  form.append("task", task);
  for (const [field, blob] of Object.entries(files)) {
    if (blob) {
      form.append(field, blob, names[field] ?? blob.name ?? `${field}.png`);
    }
  }
  form.append("settings", JSON.stringify(settings));
  return (await request("/api/jobs", { method: "POST", body: form })).json();
}

export const removeJob = (id) => request(`/api/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });

let asking = null;

/** Asks for the token that the server was started with, once however many requests wait for it. */
function signIn() {
  asking ??= new Promise((resolve) => {
    const dialog = find("token-dialog");
    dialog.querySelector("form").onsubmit = async (event) => {
      event.preventDefault();
      const token = find("token").value;
      try {
        await request("/api/login", {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }),
        });
      } catch (error) {
        dialog.querySelector(".problem").textContent = error.status === 401 ? t("This is not the token.") : error.message;
        return;
      }
      asking = null;
      dialog.close();
      resolve();
    };
    dialog.oncancel = (event) => event.preventDefault();
    dialog.showModal();
  });
  return asking;
}
