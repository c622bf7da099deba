// Loaded into Playwright's driver (NODE_OPTIONS) where Firefox is the browser: the Firefox that people have, Debian's and
// Mozilla's, is driven by WebDriver BiDi, and its long-term version lacks one command that Playwright sends for each page,
// which makes it dark. There it may fail.
const fs = require("node:fs");
const Module = require("node:module");

const load = Module._extensions[".js"];
Module._extensions[".js"] = (module, file) => {
  if (!file.endsWith("coreBundle.js")) {
    return load(module, file);
  }
  const words = fs.readFileSync(file, "utf8");
  return module._compile(words.replaceAll('.send("emulation.setMediaFeaturesOverride"', '.sendMayFail("emulation.setMediaFeaturesOverride"'), file);
};
