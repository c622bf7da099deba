/* One trial after the other: pictures for a second, then a question. Which is which, only the server knows. */

const at = (id) => document.getElementById(id);
const WORDS = {
  paired: { task: "Two pictures are shown for one second: one is a photo, the other was made by a program.", asked: "Which one was made by a program?", first: "← Left", second: "Right →" },
  unpaired: { task: "A picture is shown for one second: a photo, or made by a program.", asked: "What was it?", first: "← A photo", second: "Made by a program →" },
};

async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  const came = await answer.json();
  if (!answer.ok) throw new Error(came.error ?? answer.statusText);
  return came;
}

const frame = () => new Promise((done) => requestAnimationFrame(done));

/** Show pictures that are decoded already for so many seconds; the milliseconds that it took. */
async function flash(images, seconds) {
  at("pictures").replaceChildren(...images);
  await frame();
  const began = performance.now();
  while (performance.now() - began < seconds * 1000) await frame();
  at("pictures").replaceChildren();
  return performance.now() - began;
}

async function loaded(address) {
  const image = new Image();
  image.alt = "";
  image.src = address;
  await image.decode();
  return image;
}

/** The answer of a person, by a button or an arrow key. */
function answered() {
  return new Promise((done) => {
    const choose = (which) => {
      document.removeEventListener("keydown", pressed);
      done(which);
    };
    const pressed = (event) => {
      if (event.key === "ArrowLeft") choose(0);
      if (event.key === "ArrowRight") choose(1);
    };
    at("first").onclick = () => choose(0);
    at("second").onclick = () => choose(1);
    document.addEventListener("keydown", pressed);
  });
}

async function run() {
  const { person, protocol, seconds } = await ask("/api/study", {});
  const words = WORDS[protocol];
  at("intro").hidden = true;
  at("trial").hidden = false;
  for (const id of ["asked", "first", "second"]) at(id).textContent = words[id];
  for (;;) {
    const trial = await ask(`/api/study/${person}/next`);
    if (trial.done) break;
    at("question").hidden = true;
    at("count").textContent = `${trial.number} of ${trial.count}. ${trial.number === 1 ? words.task : ""}`;
    const images = await Promise.all(trial.images.map(loaded));
    const shown = await flash(images, seconds);
    at("question").hidden = false;
    const answer = await answered();
    await ask(`/api/study/${person}/answer`, { number: trial.number, answer, shown });
  }
  at("trial").hidden = true;
  at("end").hidden = false;
}

at("begin").onclick = () => {
  at("begin").disabled = true;
  run().catch((error) => {
    at("wrong").textContent = `${error.message}; load the page again to go on with a new part`;
    at("wrong").hidden = false;
  });
};
document.body.dataset.ready = "yes";
