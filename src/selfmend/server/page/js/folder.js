// The pictures that the server was started with, and the folder of its machine where results are saved.

import { element, find, sizeText } from "./dom.js";
import { getJson, request } from "./api.js";
import { t } from "./texts.js";

export class Folder {
  constructor(app) {
    Object.assign(this, { app, files: [], open: null, name: "", saves: false });
    app.folder = this;
    find("save").addEventListener("click", () => this.save());
  }

  async load() {
    const { folder, files, open, saves } = await getJson("/api/files");
    Object.assign(this, { files, open, name: folder, saves });
    this.app.panels.many?.offerShared();
    find("save").hidden = !saves;
    find("folder").hidden = !folder;
    find("folder-menu").replaceChildren(...files.map(({ name, bytes }) => element("button", { type: "button", click: () => this.show(name) }, element("span", {}, name), element("small", {}, sizeText(bytes)))));
  }

  /** The photo that the server was started with; what was open before is under Recent. */
  async openFirst() {
    if (this.open && this.open !== sessionStorage.getItem("opened")) {
      sessionStorage.setItem("opened", this.open); // a reload keeps what was done to it
      this.app.unsaved = false;
      await this.show(this.open);
    }
  }

  async show(name) {
    find("folder-menu").hidePopover();
    try {
      const blob = await (await request(`/api/files/${encodeURIComponent(name)}`)).blob();
      await this.app.open(new File([blob], name, { type: blob.type }));
    } catch (error) {
      this.app.tell(error.message, { error: true });
    }
  }

  /** A result of a job into the server's output folder; { name } there. */
  async saveResult(job, index) {
    const answer = await request("/api/saved", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ job, index }) });
    return answer.json();
  }

  /** The result on the stage into the server's output folder. */
  async save() {
    const { app } = this;
    const { id, index } = app.looking ?? app.document.made;
    try {
      const saved = await this.saveResult(id, index);
      app.unsaved = false;
      app.tell(t("Saved as {name}.", saved));
    } catch (error) {
      app.tell(error.message, { error: true });
    }
  }
}
