// The panel of films: what goes is marked on the first frame, or looked for in each; one of the two.

import { TaskPanel } from "./tasks.js";
import { t } from "./texts.js";

export class FilmPanel extends TaskPanel {
  missing() {
    const looks = Boolean(this.field("find").read());
    const marked = Boolean(this.app.document?.mask.count);
    const first = super.missing();
    if (!first && looks && marked) {
      return t("Something is marked, and something is to be found in each frame: clear the mask, or choose to find nothing.");
    }
    return first || (looks || marked ? "" : t("Mark on the first frame what should go from all of them, or choose what to find in each."));
  }
}
