// The panel in which a picture is learned, with the list of what was learned.

import { element, iconButton } from "./dom.js";
import { request } from "./api.js";
import { called } from "./names.js";
import { TaskPanel } from "./tasks.js";
import { t } from "./texts.js";

export class TrainPanel extends TaskPanel {
  layout() {
    this.list = element("ul", { class: "models" });
    this.heading = element("h3", { hidden: true }, t("What was learned"));
    return [...super.layout(), this.heading, this.list];
  }

  showModels(models) {
    super.showModels(models);
    this.list?.replaceChildren(...models.map((model) => this.#row(model)));
    if (this.heading) {
      this.heading.hidden = models.length === 0;
    }
  }

  #row(model) {
    const [height, width] = model.size ?? ["?", "?"];
    return element("li", {},
      element("img", { src: model.thumbnail, alt: "" }),
      element("span", {}, element("strong", {}, model.name), element("small", {}, `${called("method", model.method)} · ${width} × ${height}`)),
      iconButton("close", t("Delete what was learned as {name}", { name: model.name }), () => this.#remove(model.name)));
  }

  async #remove(name) {
    if (!window.confirm(t("Delete what was learned as {name}? This cannot be undone.", { name }))) {
      return;
    }
    try {
      await request(`/api/models/${encodeURIComponent(name)}`, { method: "DELETE" });
    } catch (error) {
      this.app.tell(error.message, { error: true });
    }
    this.app.loadModels();
  }
}
