// What the server's short names are called on the page: of methods, of their presets, and of the choices of options.

import { t } from "./texts.js";

const NAMES = {
  method: {
    auto: "Automatic", patchmatch: "Patches", "patch-diffusion": "Patch diffusion", gpnn: "Nearest patches", gpdm: "Patch distributions",
    singan: "SinGAN", "sliced-wasserstein": "Learned patches", "deep-image-prior": "Deep image prior", lama: "LaMa", migan: "MI-GAN",
    deepfill: "DeepFill", "deepfill-v1": "DeepFill, version 1", edsr: "EDSR", srgan: "SRGAN", zssr: "ZSSR", pconv: "Partial convolutions", glcic: "GLCIC", telea: "Smooth (Telea)", "navier-stokes": "Smooth (Navier-Stokes)",
    biharmonic: "Smooth (biharmonic)", "thin plate": "Smooth",
  },
  preset: {
    default: "Standard", blended: "Blended", fast: "Fast", best: "Best", paper: "As in the paper", small: "Small", tiny: "Tiny, to try it out",
    enlarge: "Enlarge", faces: "Faces", places: "Places", kate: "Paper, figure Kate", vase: "Paper, figure vase", library: "Paper, figure library",
  },
  kind: {
    damage: "All damage", scratches: "Scratches", dust: "Dust", stains: "Stains", stamp: "Date stamp", watermark: "Watermark", text: "Text",
    bars: "Black bars", eyes: "Eyes", color: "A colour", object: "An object", mask: "One mask for all",
  },
  steady: { temporal: "Look at near frames too", none: "Each frame alone" },
  variety: { low: "low", normal: "normal", high: "high" },
  format: { "": "as it came", png: "PNG", jpeg: "JPEG", webp: "WebP", tiff: "TIFF", heic: "HEIC", gif: "GIF", mp4: "MP4" },
};
NAMES.init = { ...NAMES.method, mean: "Mean", "local-means": "Local means" };
NAMES.precision = { auto: "Automatic" };
NAMES.find = { "": "Nothing: what is marked goes", ...NAMES.kind };

/** `name` is of a `what`: "method", "preset", or the option that it is a choice of. "method:preset" is both. */
export function called(what, name) {
  const [first, preset] = what === "method" ? name.split(":") : [name];
  const words = t(NAMES[what]?.[first] ?? (first || "none"));
  return preset ? `${words}, ${called("preset", preset).toLowerCase()}` : words;
}
