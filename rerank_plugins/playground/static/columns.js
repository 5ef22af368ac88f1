// Two columns of documents, and where each one moved. Knows neither the form nor the server.

import { drawLines } from "./lines.js";

const MOST_SHOWN = 600; // characters of one document; the whole text stands in the form
const LEAD = 40; // characters before a passage
let watcher = null;

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function number(score) {
  const isSmall = score !== 0 && Math.abs(score) < 5e-5;
  return isSmall || Math.abs(score) >= 1e6 ? score.toExponential(1) : score.toFixed(4);
}

function bar(score, low, high) {
  const track = make("span", "track");
  const percent = (value) => (high === low ? 0 : (100 * (value - low)) / (high - low));
  const fill = make("span", score < 0 ? "fill below" : "fill");
  fill.style.left = `${Math.min(percent(0), percent(score))}%`;
  fill.style.width = `${Math.abs(percent(score) - percent(0))}%`;
  const zero = make("span", "zero");
  zero.style.left = `${percent(0)}%`;
  track.append(fill, zero);
  return track;
}

function words(text, passage) {
  const signs = Array.from(text); // passages count characters, not UTF-16 units
  const [start, end] = passage ?? [0, 0];
  const first = Math.max(0, start - LEAD);
  const last = Math.min(signs.length, first + MOST_SHOWN);
  const part = (from, to) => signs.slice(Math.min(from, last), Math.min(to, last)).join("");
  const shown = make("span", "words");
  shown.dir = "auto";
  shown.append(first > 0 ? "… " : "", part(first, start));
  if (passage) shown.append(make("mark", "", part(start, end)));
  shown.append(part(end, last), last < signs.length ? "…" : "");
  return shown;
}

function move(places) {
  if (places === 0) return make("span", "move same", "=");
  const moved = make("span", places > 0 ? "move up" : "move down", `${places > 0 ? "▲" : "▼"} ${Math.abs(places)}`);
  moved.title = `${places > 0 ? "up" : "down"} ${Math.abs(places)}`;
  return moved;
}

function card(text, place, rank, moved, range) {
  const button = make("button", "card");
  button.type = "button";
  button.dataset.index = place.index;
  button.setAttribute("aria-expanded", "false");
  const head = make("span", "head");
  head.append(make("span", "rank", String(rank + 1)));
  if (moved !== null) head.append(move(moved));
  if (place.score !== null) head.append(make("span", "score", number(place.score)));
  button.append(head);
  if (place.score !== null) button.append(bar(place.score, ...range));
  button.append(words(text, place.passage));
  if (place.truncated) button.append(make("span", "note", "truncated: the model saw only a part"));
  return button;
}

function column(side, texts, moves) {
  const box = make("div", "column");
  const heading = make("h2", "", side.title);
  heading.title = side.title;
  const about = side.instruction === "" ? side.scale : `${side.scale}; instruction: ${side.instruction}`;
  const list = make("ol", "cards");
  const scores = side.places.map((place) => place.score ?? 0);
  const range = [Math.min(0, ...scores), Math.max(0, ...scores)];
  side.places.forEach((place, rank) => {
    const item = make("li", "");
    item.append(card(texts[place.index], place, rank, moves?.get(place.index) ?? null, range));
    list.append(item);
  });
  const head = make("div", "about");
  head.append(heading, make("p", "hint", about));
  box.append(head, list);
  return box;
}

function highlight(result, index) {
  for (const element of result.querySelectorAll("[data-index]")) {
    element.classList.toggle("on", element.dataset.index === index);
  }
}

function listen(columns, result) {
  const indexOf = (event) => event.target.closest("[data-index]")?.dataset.index;
  const focused = () => columns.querySelector(".card:focus")?.dataset.index;
  // Only a pointer that moves: while one goes from card to card by key, the page scrolls under a pointer that rests.
  columns.addEventListener("pointermove", (event) => highlight(result, indexOf(event) ?? focused()));
  columns.addEventListener("pointerleave", () => highlight(result, focused()));
  columns.addEventListener("focusin", (event) => highlight(result, indexOf(event)));
  columns.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === null) return;
    button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") === "false" ? "true" : "false");
  });
}

// Shows both sides and returns how many documents stand at another place on the right than on the left.
export function showColumns(result, texts, [left, right]) {
  const before = new Map(left.places.map((place, rank) => [place.index, rank]));
  const moves = new Map(right.places.map((place, rank) => [place.index, before.get(place.index) - rank]));
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  lines.setAttribute("aria-hidden", "true");
  const columns = make("div", "columns");
  columns.append(column(left, texts, null), lines, column(right, texts, moves));
  result.replaceChildren(columns);
  listen(columns, result);
  watcher?.disconnect(); // of the columns before
  watcher = new ResizeObserver(() => drawLines(lines, columns, moves)); // also at once, and when a card opens
  watcher.observe(columns);
  return [...moves.values()].filter((places) => places !== 0).length;
}
