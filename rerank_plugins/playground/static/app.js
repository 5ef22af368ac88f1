// The form: offers the models, sends what is asked, shows the answer or the error. Draws nothing itself.
// Text of users and servers only ever becomes text nodes.

import { showColumns } from "./columns.js";

const AS_GIVEN = "The order given";
const at = (id) => document.getElementById(id);
const sides = ["left", "right"].map((name) => ({
  name,
  model: at(`${name}-model`),
  instruction: at(`${name}-instruction`),
  reason: at(`${name}-reason`),
  draft: at(`${name}-instruction`).value,
}));
let models = [];

function documents() {
  const pattern = document.querySelector("input[name=split]:checked").value === "lines" ? /\r?\n/ : /\r?\n\s*\n/;
  return at("documents").value.split(pattern).map((text) => text.trim()).filter((text) => text !== "");
}

function chosen(side) {
  return models[side.model.value] ?? null; // the order given has no number
}

function whyNoInstruction(model) {
  if (model === null) return "There is no model to instruct.";
  return model.takes_instruction ? "" : `${model.name} (${model.family}) takes no instruction.`;
}

function showInstruction(side) {
  const reason = whyNoInstruction(chosen(side));
  if (!side.instruction.disabled) side.draft = side.instruction.value;
  side.instruction.disabled = reason !== "";
  side.instruction.value = reason === "" ? side.draft : "";
  side.instruction.rows = reason === "" ? 2 : 1;
  side.reason.textContent = reason;
}

function offerModels() {
  for (const side of sides) {
    side.model.replaceChildren(new Option(AS_GIVEN, "given"), ...models.map((model, place) => new Option(model.name, place)));
    side.model.addEventListener("change", () => showInstruction(side));
  }
  const [left, right] = sides;
  right.model.value = String(models.length - 1);
  left.model.value = models.length > 1 || models[0].takes_instruction ? "0" : "given";
  sides.forEach(showInstruction);
}

function asked(side) {
  const instruction = side.instruction.value.trim();
  return { model: chosen(side)?.name ?? null, instruction: instruction === "" ? null : instruction };
}

function heading(side) {
  const model = chosen(side);
  return {
    title: model?.name ?? AS_GIVEN,
    scale: model === null ? "no scores" : `score: ${model.scale}`,
    instruction: asked(side).instruction ?? "",
  };
}

function showError(type, message) {
  const [kind, text] = at("error").children;
  kind.textContent = type;
  text.textContent = message;
  at("error").hidden = type === "";
  if (type === "") return;
  at("result").hidden = true;
  at("error").scrollIntoView({ block: "nearest" });
}

async function read(answer) {
  const isJson = (answer.headers.get("content-type") ?? "").startsWith("application/json");
  const found = isJson ? await answer.json() : { type: `HTTP ${answer.status}`, message: await answer.text() };
  if (!answer.ok) throw Object.assign(new Error(found.message), { name: found.type });
  return found;
}

async function compare() {
  const texts = documents();
  const [left, right] = sides;
  const body = { query: at("query").value, documents: texts, left: asked(left), right: asked(right) };
  const headings = sides.map(heading); // as they were when it was asked; the form may change meanwhile
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const found = await read(await fetch("/compare", request));
  at("result").hidden = false;
  const moved = showColumns(at("result"), texts, [
    { ...headings[0], places: found.left },
    { ...headings[1], places: found.right },
  ]);
  at("status").textContent = `${moved} of ${texts.length} documents moved.`;
  at("status").scrollIntoView({ block: "start" });
}

async function attempt(work, saying) {
  showError("", "");
  at("status").textContent = saying;
  at("compare").disabled = true;
  try {
    await work();
  } catch (error) {
    at("status").textContent = "";
    showError(error.name, error.message);
  }
  at("compare").disabled = models.length === 0;
}

function showCount() {
  at("count").textContent = `(${documents().length})`;
}

at("documents").addEventListener("input", showCount);
for (const choice of document.querySelectorAll("input[name=split]")) choice.addEventListener("change", showCount);
at("query").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("ask").requestSubmit(at("compare"));
});
at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (documents().length === 0) showError("No documents:", "write at least one.");
  else attempt(compare, "Comparing…");
});

showCount();
attempt(async () => {
  models = await read(await fetch("/models"));
  offerModels();
  at("status").textContent = "";
}, "Asking for the models…");
