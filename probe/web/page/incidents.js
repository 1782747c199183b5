// Incidents: the open ones whole, with blame, evidence and the curl line that
// repeats the request; the past ones in a line each.
import { byId, clock, el, lasting, none, seconds, since, text, time } from "./view.js";
import { blames, worstFirst } from "./sentence.js";

const cards = new Map(); // by id
const maxCards = 50;

export function showOpen(state) {
  const list = [...state.open.values()].sort(worstFirst);
  text(byId("open-count"), list.length ? String(list.length) : "");
  const box = byId("open-list");
  for (const [id, card] of cards) if (!state.open.has(id)) card.element.remove(), cards.delete(id);
  box.querySelector(".note")?.remove();
  list.slice(0, maxCards).forEach((incident, i) => {
    const said = JSON.stringify(incident);
    let card = cards.get(incident.id);
    if (!card || card.said !== said) {
      const element = newCard(incident, card?.element.querySelector("details")?.open);
      card ? card.element.replaceWith(element) : box.append(element);
      cards.set(incident.id, card = { element, said });
    }
    if (box.children[i] !== card.element) box.insertBefore(card.element, box.children[i] || null);
  });
  if (!list.length) box.append(el("p", { class: "note" }, "None."));
  else if (list.length > maxCards) box.append(el("p", { class: "note" }, "and " + (list.length - maxCards) + " more: /api/v1/incidents?open=true"));
}

function place(incident) {
  const renditions = incident.renditions?.length ? incident.renditions.join(", ") : incident.rendition;
  return [incident.stream, incident.side, renditions].filter(Boolean).join(" · ");
}

function newCard(incident, wasOpen) {
  const last = incident.evidence[0];
  return el("article", { class: "incident", "data-severity": incident.severity },
    el("div", { class: "head" },
      el("h3", {}, el("span", { class: "severity" }, incident.severity), " ", incident.summary),
      el("p", { class: "blame" }, "Blame: ", el("strong", {}, blames[incident.blame] || incident.blame))),
    el("p", { class: "where" }, place(incident)),
    el("p", {}, incident.detail),
    incident.consequences?.length ? el("p", { class: "where" }, "Explains: " + incident.consequences.join(", ")) : null,
    el("p", { class: "where" }, "since ", time(incident.began), ", ", el("span", { class: "ticks", "data-began": incident.began }, lasting(since(incident.began))),
      " · ", el("code", {}, incident.check), incident.spec ? " · " + incident.spec : ""),
    last ? el("div", { class: "curl" }, el("code", { tabindex: "0" }, last.curl), copyButton(last.curl)) : null,
    incident.evidence.length ? el("details", { open: wasOpen }, el("summary", {}, "Evidence"), ...incident.evidence.map(evidence)) : null);
}

function evidence(e) {
  const facts = [["at", clock(e.at)], ["status", e.failure || String(e.status)], ["cache", e.cache], ["age", e.age_seconds == null ? "" : seconds(e.age_seconds)],
    ["pop", e.pop], ["request", e.request_id], ["url", e.url]];
  const list = el("dl");
  for (const [name, value] of facts) if (value) list.append(el("dt", {}, name), el("dd", {}, value));
  return list;
}

function copyButton(line) {
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(line);
    } catch { // no clipboard without https: mark it for Ctrl+C
      getSelection().selectAllChildren(button.previousSibling);
      done = false;
    }
    text(button, done ? "Copied" : "Press Ctrl+C");
    setTimeout(() => text(button, "Copy"), 2000);
  });
  return button;
}

let pastSaid = "";
export function showPast(state) {
  const said = JSON.stringify(state.past.map(i => [i.id, i.closed]));
  if (said === pastSaid) return;
  pastSaid = said;
  byId("past-list").replaceChildren(...state.past.map(incident =>
    el("details", { class: "over", "data-severity": incident.severity },
      el("summary", {}, el("span", { class: "severity" }, incident.severity), " ", incident.summary, " ", el("span", { class: "chip" }, incident.blame),
        el("span", { class: "where" }, place(incident) + " · " + clock(incident.began) + " · " + span(incident))),
      el("p", {}, incident.detail), ...incident.evidence.slice(0, 1).map(evidence))));
  if (!state.past.length) byId("past-list").append(el("p", { class: "note" }, "None."));
}

const span = incident => incident.closed ? seconds((Date.parse(incident.closed) - Date.parse(incident.began)) / 1000) : none;

export function tickIncidents() {
  for (const e of document.querySelectorAll(".ticks")) text(e, lasting(since(e.dataset.began)));
}
