// Incidents: one card for each cause that is open, with its scope, blame, what
// proves that, and the curl line that repeats the request; it unfolds to the
// streams and renditions that it hits. The past ones have a line each.
import { badge, byId, clock, el, lasting, none, rank, seconds, since, text, time, verdictName } from "./view.js";
import { blames, count, streamsOf, where, worstFirst } from "./sentence.js";

const cards = new Map(); // by id
const maxCards = 50;

export function showOpen(state) {
  latest = state;
  const list = [...state.open.values()].sort(worstFirst);
  text(byId("open-count"), list.length ? String(list.length) : "");
  const box = byId("open-list");
  for (const [id, card] of cards) if (!state.open.has(id)) card.element.remove(), cards.delete(id);
  box.querySelector(".note")?.remove();
  list.slice(0, maxCards).forEach((incident, i) => {
    const said = JSON.stringify(incident);
    let card = cards.get(incident.id);
    if (!card || card.said !== said) {
      const element = newCard(incident, card?.element);
      card ? card.element.replaceWith(element) : box.append(element);
      cards.set(incident.id, card = { element, said });
    }
    paintAffected(card.element, incident);
    if (box.children[i] !== card.element) box.insertBefore(card.element, box.children[i] || null);
  });
  if (!list.length) box.append(el("p", { class: "note" }, "None."));
  else if (list.length > maxCards) box.append(el("p", { class: "note" }, "and " + (list.length - maxCards) + " more: /api/v1/incidents?open=true"));
}

function newCard(incident, before) {
  const last = incident.evidence[0], was = name => before?.querySelector("details." + name)?.open;
  const card = el("article", { class: "incident", id: "incident-" + incident.id, tabindex: "-1", "data-severity": incident.severity },
    el("div", { class: "head" },
      el("h3", {}, el("span", { class: "severity" }, incident.severity), " ", incident.summary),
      el("p", { class: "blame" }, "Blame: ", el("strong", {}, blames[incident.blame] || incident.blame))),
    el("p", { class: "reach" }, where(incident)),
    el("p", {}, incident.detail),
    incident.because ? el("p", {}, el("strong", {}, "Because: "), incident.because) : null,
    el("p", { class: "where" }, "since ", time(incident.began), ", ", el("span", { class: "ticks", "data-began": incident.began }, lasting(since(incident.began))),
      incident.count > 1 ? " · came " + incident.count + " times" : "", " · ", check(incident), incident.spec ? " · " + incident.spec : "",
      incident.consequences?.length ? " · explains " + incident.consequences.join(", ") : ""),
    last ? el("div", { class: "curl" }, el("code", { tabindex: "0" }, last.curl), copyButton(last.curl)) : null,
    el("details", { class: "affected", open: was("affected") }, el("summary"), el("ul", { class: "hit" })),
    updates(incident, was("updates")),
    incident.evidence.length ? el("details", { class: "evidence", open: was("evidence") }, el("summary", {}, "Evidence"), ...incident.evidence.map(evidence)) : null);
  card.querySelector("details.affected").addEventListener("toggle", () => paintAffected(card, incident));
  return card;
}

// check names the check, with a link to what it means where there is a page.
function check(incident) {
  const name = el("code", {}, incident.check), page = incident.runbook;
  return page && /^https?:/.test(page) ? el("a", { href: "/checks/" + encodeURIComponent(incident.check), title: "what it means" }, name) : name;
}

function updates(incident, open) {
  const list = incident.updates || [];
  return list.length ? el("details", { class: "updates", open }, el("summary", {}, count(list.length, "update")),
    el("ul", { class: "hit" }, ...list.map(u => el("li", {}, time(u.at), " ", u.what)))) : null;
}

let latest = null; // the state, for lists that unfold

// paintAffected says how those fare whom an incident hits: in a word, and, where
// it is unfolded, stream by stream with the renditions that are not well.
function paintAffected(card, incident) {
  const streams = streamsOf(incident), details = card.querySelector("details.affected");
  details.hidden = streams.length === 0;
  const verdicts = new Map();
  for (const name of streams) {
    const v = verdictName(latest.streams.get(name)?.verdict);
    verdicts.set(v, (verdicts.get(v) || 0) + 1);
  }
  const tally = [...verdicts].sort((a, b) => rank(b[0]) - rank(a[0])).map(([v, n]) => n + " " + v).join(", ");
  text(details.firstChild, streams.length === 1 ? "Renditions of " + streams[0] : count(streams.length, "stream") + ": " + tally);
  if (!details.open) return;
  const list = details.lastChild;
  const said = JSON.stringify(streams.map(name => [name, latest.streams.get(name)?.verdict, ill(name, incident)]));
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  list.replaceChildren(...streams.map(name => row(name, incident)));
}

function row(name, incident) {
  const pick = el("button", { type: "button", class: "pick", "data-stream": name }, badge(latest.streams.get(name)?.verdict), el("span", { class: "name" }, name));
  const sick = ill(name, incident);
  return el("li", {}, pick, el("span", { class: "where" }, sick.length ? sick.map(([r, v]) => (r || "multivariant") + " " + v).join(", ") : "all renditions ok"));
}

// ill lists the renditions of a stream that are not well; of the side that
// the incident is about where it has one.
function ill(name, incident) {
  const renditions = latest.streams.get(name)?.renditions || [];
  return renditions.map(r => [r.name, (r[incident.side] || r).verdict]).filter(([, v]) => rank(v) > rank("ok"));
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
    el("details", { class: "over", id: "incident-" + incident.id, "data-severity": incident.severity },
      el("summary", {}, el("span", { class: "severity" }, incident.severity), " ", incident.summary, " ", el("span", { class: "chip" }, incident.blame),
        el("span", { class: "where" }, where(incident) + " · " + clock(incident.began) + " · " + span(incident) + (incident.count > 1 ? " · came " + incident.count + " times" : ""))),
      el("p", {}, incident.detail), incident.because ? el("p", {}, el("strong", {}, "Because: "), incident.because) : null,
      streamsOf(incident).length > 1 ? el("p", { class: "where" }, "Streams: " + streamsOf(incident).join(", ")) : null,
      updates(incident, false), el("p", { class: "where" }, check(incident)), ...incident.evidence.slice(0, 1).map(evidence))));
  if (!state.past.length) byId("past-list").append(el("p", { class: "note" }, "None."));
}

const span = incident => incident.closed ? seconds((Date.parse(incident.closed) - Date.parse(incident.began)) / 1000) : none;

export function tickIncidents() {
  for (const e of document.querySelectorAll(".ticks")) text(e, lasting(since(e.dataset.began)));
}

// showIncident unfolds an incident and turns to it. It reports whether it is there.
export function showIncident(id) {
  const element = document.getElementById("incident-" + id);
  if (!element) return false;
  if (element.tagName === "DETAILS") element.open = true;
  else element.querySelector("details.affected").open = true;
  document.querySelector(".wanted")?.classList.remove("wanted");
  element.classList.add("wanted");
  element.scrollIntoView({ block: "center" });
  (element.tagName === "DETAILS" ? element.firstChild : element).focus({ preventScroll: true });
  return true;
}
