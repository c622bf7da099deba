"use strict";

// The table: a kind of holes is chosen, and a heading sorts by its column.
const table = document.getElementById("table");
const body = table.tBodies[0];
const choice = document.getElementById("kind");

function showKind() {
  for (const row of body.rows) {
    row.hidden = choice.value !== "*" && row.dataset.kind !== choice.value;
  }
}

function sortBy(heading) {
  const column = heading.cellIndex;
  const up = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of heading.parentNode.cells) {
    other.removeAttribute("aria-sort");
  }
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = (row) => row.cells[column].dataset.value;
  const compare = (one, other) => {
    const a = value(one);
    const b = value(other);
    if (a === "" || b === "") {
      return (a === "") - (b === ""); // what has no number stands at the end either way
    }
    const order = column < 2 ? a.localeCompare(b) : Number(a) - Number(b);
    return up ? order : -order;
  };
  body.append(...[...body.rows].sort(compare));
}

choice.addEventListener("change", showKind);
for (const heading of table.tHead.rows[0].cells) {
  heading.firstElementChild.addEventListener("click", () => sortBy(heading));
}
showKind();

// A slider for each case: the truth on the left, the chosen picture on the right of the line.
const ENLARGED = 2;

function build(strip) {
  const buttons = [...strip.querySelectorAll("button")];
  const truth = strip.querySelector("img");
  if (buttons.length === 0) {
    return;
  }
  const box = document.createElement("div");
  const stage = document.createElement("div");
  const under = new Image();
  const over = new Image();
  const line = document.createElement("i");
  const range = document.createElement("input");
  const captions = document.createElement("p");
  const left = document.createElement("span");
  const right = document.createElement("span");
  box.className = "compare";
  box.style.width = `min(100%, ${ENLARGED * truth.width}px)`;
  under.src = truth.src;
  under.alt = "truth";
  left.textContent = "truth";
  range.type = "range";
  range.min = "0";
  range.max = "100";
  range.value = "50";
  range.addEventListener("input", () => box.style.setProperty("--cut", `${range.value}%`));
  captions.append(left, right);
  stage.append(under, over, line);
  box.append(stage, range, captions);
  strip.after(box);
  const choose = (button) => {
    for (const other of buttons) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    const picture = button.querySelector("img");
    over.src = picture.src;
    over.alt = picture.alt;
    right.textContent = button.dataset.name;
    range.setAttribute("aria-label", `truth against ${button.dataset.name}`);
  };
  for (const button of buttons) {
    button.addEventListener("click", () => choose(button));
  }
  choose(buttons.find((button) => button.dataset.first === "true") || buttons[0]);
}

for (const strip of document.querySelectorAll(".strip")) {
  build(strip);
}
