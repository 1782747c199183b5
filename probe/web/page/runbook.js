// What the check of an incident means: the text of `streamwatch checks ID`, set for a
// narrow column. And what to do first, by whose fault the incident is.
import { ask, byId, el } from "./view.js";

const answers = new Map(); // by check

export async function showRunbook(incident) {
  const box = byId("runbook-text"), { check, blame } = incident, shown = check + " " + blame;
  if (box.dataset.shown === shown) return;
  box.dataset.shown = shown;
  show(box, answers.get(check) || {}, blame);
  if (answers.has(check)) return;
  const answer = await ask("/api/v1/checks/" + encodeURIComponent(check)).catch(() => null);
  if (answer) answers.set(check, answer);
  if (box.dataset.shown === shown) show(box, answer || { text: "" }, blame);
}

function show(box, { text, steps = {} }, blame) {
  byId("todo").replaceChildren(...(steps[blame] || steps.unknown || []).map(step => el("li", {}, step)));
  byId("todo-section").hidden = !steps.unknown;
  box.replaceChildren(...(text === undefined ? [] : layOut(text)));
}

// layOut turns paragraphs of wrapped lines into paragraphs, and lines of a name
// and its value into a list. The steps at the end are left out: those by whose
// fault the incident is stand beside.
function layOut(text) {
  text = text.replace(/\nWhat to do:[^]*/, "");
  if (!text) return [el("p", { class: "note" }, "Nothing is written of this check.")];
  return text.trim().split(/\n\s*\n/).map(block => {
    const rows = block.split("\n").map(line => /^(\S+) {2,}(.*)$/.exec(line));
    if (!rows.every(Boolean)) return el("p", {}, block.replace(/\s*\n\s*/g, " "));
    return el("dl", {}, ...rows.flatMap(([, name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  });
}
