// A line from each document's place on the left to its place on the right. Knows only where the cards stand.

const SVG = "http://www.w3.org/2000/svg";

function middle(card, origin) {
  const box = card.querySelector(".head").getBoundingClientRect();
  return (box.top + box.bottom) / 2 - origin;
}

function path(from, to, width) {
  const line = document.createElementNS(SVG, "path");
  const half = width / 2;
  line.setAttribute("d", `M 0 ${from} C ${half} ${from}, ${half} ${to}, ${width} ${to}`);
  return line;
}

export function drawLines(lines, columns, moves) {
  const { top, width } = lines.getBoundingClientRect();
  const [left, right] = [...columns.querySelectorAll(".cards")].map(
    (cards) => new Map([...cards.querySelectorAll(".card")].map((card) => [card.dataset.index, card])),
  );
  const drawn = [...right].map(([index, card]) => {
    const line = path(middle(left.get(index), top), middle(card, top), width);
    const places = moves.get(Number(index));
    line.setAttribute("class", places === 0 ? "same" : places > 0 ? "up" : "down");
    line.dataset.index = index;
    line.classList.toggle("on", card.classList.contains("on"));
    return line;
  });
  lines.replaceChildren(...drawn);
}
