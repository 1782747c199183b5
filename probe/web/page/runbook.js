// What the check of an incident means, and what to do: the text of
// `streamwatch checks ID`, set for a narrow column.
import { ask, byId, el } from "./view.js";
import { todo } from "./todo.js";

const texts = new Map(); // by check

export async function showRunbook(incident) {
  byId("todo").replaceChildren(...todo(incident).map(step => el("li", {}, step)));
  const box = byId("runbook-text"), check = incident.check;
  if (box.dataset.check === check) return;
  box.dataset.check = check;
  box.replaceChildren();
  if (!texts.has(check)) {
    const answer = await ask("/api/v1/checks/" + encodeURIComponent(check)).catch(() => null);
    texts.set(check, answer ? answer.text : "");
  }
  if (box.dataset.check === check) box.replaceChildren(...layOut(texts.get(check)));
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
