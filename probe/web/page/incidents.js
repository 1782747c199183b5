// Incidents beside the stream: one card for each cause that is open, with its
// scope, blame, what proves that, and the curl line that repeats the request; it
// unfolds to the streams and renditions that it hits. The past ones have a line each.
import { badge, byId, clock, el, lasting, rank, since, text, time, verdictName } from "./view.js";
import { count, streamsOf, where, worstFirst } from "./sentence.js";
import { blameOf, checkOf, curlOf, evidenceOf, lasted, severityOf, updatesOf } from "./parts.js";
import { linkToIncident } from "./route.js";
import { actionsOf } from "./dialog.js";
import { handled } from "./silences.js";

const cards = new Map(); // by id
const maxCards = 50, maxPast = 10;

export function showOpen(state) {
  latest = state;
  const list = [...state.open.values()].sort(worstFirst);
  text(byId("open-count"), list.length ? String(list.length) : "");
  const box = byId("open-list");
  for (const [id, card] of cards) if (!state.open.has(id)) card.element.remove(), cards.delete(id);
  box.querySelector(".note")?.remove();
  list.slice(0, maxCards).forEach((incident, i) => {
    const said = JSON.stringify(incident), frame = JSON.stringify({ ...incident, detail: "", because: "" });
    let card = cards.get(incident.id);
    if (card && card.said !== said && card.frame === frame) {
      paintMoving(card.element, incident);
      card.said = said;
    } else if (!card || card.said !== said) {
      const element = newCard(incident, card?.element);
      card ? card.element.replaceWith(element) : box.append(element);
      cards.set(incident.id, card = { element, said, frame });
    }
    paintAffected(card.element, incident);
    if (box.children[i] !== card.element) box.insertBefore(card.element, box.children[i] || null);
  });
  if (!list.length) box.append(el("p", { class: "note" }, state.known ? "None." : asking));
  else if (list.length > maxCards) box.append(el("p", { class: "note" }, el("a", { href: "#incidents&state=open" }, "and " + (list.length - maxCards) + " more")));
}

function newCard(incident, before) {
  const last = incident.evidence[0], was = name => before?.querySelector("details." + name)?.open;
  const card = el("article", { class: "incident", id: "incident-" + incident.id, tabindex: "-1", "data-severity": incident.severity },
    el("div", { class: "head" },
      el("h3", {}, severityOf(incident), " ", el("a", { href: linkToIncident(incident.id) }, incident.summary)), blameOf(incident)),
    el("p", { class: "reach" }, where(incident)),
    el("p", { class: "detail" }),
    el("p", { class: "because" }),
    el("p", { class: "where" }, "since ", time(incident.began), ", ", ticks(incident),
      incident.count > 1 ? " · came " + incident.count + " times" : "", " · ", checkOf(incident), incident.spec ? " · " + incident.spec : "",
      incident.consequences?.length ? " · explains " + incident.consequences.join(", ") : ""),
    handled(incident), last ? curlOf(last.curl) : null, actionsOf(incident),
    el("details", { class: "affected", open: was("affected") }, el("summary"), el("ul", { class: "hit" })),
    updatesOf(incident, was("updates")),
    incident.evidence.length ? el("details", { class: "evidence", open: was("evidence") }, el("summary", {}, "Evidence"), ...incident.evidence.map(evidenceOf)) : null);
  paintMoving(card, incident);
  card.querySelector("details.affected").addEventListener("toggle", () => paintAffected(card, incident));
  return card;
}

// paintMoving writes what changes while an incident stays what it is: its
// numbers. The rest of the card, and what is unfolded or selected, stays.
export function paintMoving(card, incident) {
  text(card.querySelector(".detail"), incident.detail);
  const because = card.querySelector(".because");
  because.hidden = !incident.because;
  if (!because.firstChild) because.append(el("strong", {}, "Because: "), el("span"));
  text(because.lastChild, incident.because || "");
}

export const ticks = incident => el("span", { class: "ticks", "data-began": incident.began }, lasting(since(incident.began)));

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

// asking stands where a list is not known yet: "None." would be a claim.
const asking = "Asking for them…";

let pastSaid = "";
export function showPast(state) {
  const said = JSON.stringify([state.pastKnown, state.past.map(i => [i.id, i.closed])]);
  if (said === pastSaid) return;
  pastSaid = said;
  byId("past-list").replaceChildren(...state.past.slice(0, maxPast).map(incident =>
    el("p", { class: "over", id: "incident-" + incident.id, "data-severity": incident.severity },
      severityOf(incident), " ", el("a", { href: linkToIncident(incident.id) }, incident.summary), " ", el("span", { class: "chip" }, incident.blame),
      el("span", { class: "where" }, where(incident) + " · " + clock(incident.began) + " · " + lasted(incident) + (incident.count > 1 ? " · came " + incident.count + " times" : "")))));
  byId("past-list").append(state.past.length ? el("p", { class: "more" }, el("a", { href: "#incidents" }, "All incidents")) : el("p", { class: "note" }, state.pastKnown ? "None." : asking));
}

export function tickIncidents() {
  for (const e of document.querySelectorAll(".ticks")) text(e, lasting(since(e.dataset.began)));
}
