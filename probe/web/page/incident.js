// One incident by itself, open or long over: what it says, its course, its plots
// around its time, what was served, and what the check means.
import { ask, attribute, byId, el, lasting, none, seconds, text, time } from "./view.js";
import { count, streamsOf, where } from "./sentence.js";
import { blameOf, checkOf, curlOf, lasted, severityOf } from "./parts.js";
import { paintMoving, ticks } from "./incidents.js";
import { linkToIncidents, linkToStream } from "./route.js";
import { showAround, hideAround } from "./around.js";
import { actionsOf } from "./dialog.js";
import { begun, handled } from "./silences.js";
import { hideServed, showServed } from "./served.js";
import { showRunbook } from "./runbook.js";

let shownId = "", said = "", state = null;

export async function openIncident(s, id) {
  state = s;
  if (id === shownId) return;
  hideIncident();
  shownId = id;
  text(byId("title-incident"), "Incident " + id);
  const known = find(id);
  if (known) return paint(known);
  note("Looking for it…");
  try {
    const incident = await ask("/api/v1/incidents/" + encodeURIComponent(id));
    if (shownId === id) paint(find(id) || incident);
  } catch (e) {
    if (shownId === id) note(e.message);
  }
}

// refreshIncident paints what changed since.
export function refreshIncident(s) {
  state = s;
  const incident = find(shownId);
  if (incident) paint(incident);
}

addEventListener("silences", () => { // what they say of its course was asked for meanwhile
  said = "";
  if (shownId) refreshIncident(state);
});

export function hideIncident() {
  shownId = said = "";
  byId("incident-body").hidden = true;
  byId("incident-note").hidden = true;
  hideAround();
  hideServed();
}

const find = id => state.open.get(id) || state.past.find(i => i.id === id);

function note(words) {
  byId("incident-note").hidden = false;
  text(byId("incident-note"), words);
}

function paint(incident) {
  byId("incident-note").hidden = true;
  byId("incident-body").hidden = false;
  const now = JSON.stringify(incident);
  if (now === said) return;
  said = now;
  const box = byId("incident-view");
  attribute(box, "data-severity", incident.severity);
  byId("title-incident").replaceChildren(severityOf(incident), " " + incident.summary);
  paintFacts(incident);
  byId("incident-course").replaceChildren(...course(incident));
  const evidence = JSON.stringify(incident.evidence);
  if (byId("incident-evidence").dataset.said !== incident.id + evidence) {
    byId("incident-evidence").dataset.said = incident.id + evidence;
    byId("incident-evidence").replaceChildren(...requests(incident.evidence));
    if (!incident.evidence.length) byId("incident-evidence").append(el("p", { class: "note" }, "None was kept."));
  }
  showAround(state, incident);
  showServed(incident);
  showRunbook(incident);
}

// requests shows each line that repeats one, and when it was made with what outcome.
function requests(evidence) {
  const byLine = Map.groupBy(evidence, e => e.curl), columns = ["At", "Status", "Cache", "Age", "Pop", "Request id"];
  return [...byLine].flatMap(([line, made]) => [curlOf(line), el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Requests" }, el("table", { class: "requests" },
    el("thead", {}, el("tr", {}, ...columns.map(c => el("th", { scope: "col" }, c)))),
    el("tbody", {}, ...made.map(e => el("tr", {}, el("td", {}, time(e.at)), el("td", {}, e.failure || String(e.status)), el("td", {}, e.cache || none),
      el("td", {}, seconds(e.age_seconds)), el("td", {}, e.pop || none), el("td", {}, el("code", {}, e.request_id || none)))))))]);
}

// paintFacts writes the card on top.
function paintFacts(incident) {
  const streams = streamsOf(incident), card = byId("incident-facts");
  if (!card.firstChild) card.append(el("div", { class: "head" }), el("p", { class: "detail" }), el("p", { class: "because" }), el("p", { class: "where" }), el("p", { class: "where" }), el("div"));
  const [head, , , times, of, people] = card.children;
  head.replaceChildren(el("p", { class: "reach" }, where(incident)), blameOf(incident));
  paintMoving(card, incident);
  times.replaceChildren(incident.closed ? el("span", {}, "lasted " + lasted(incident) + ", from ") : el("span", {}, el("strong", {}, "open"), " for ", ticks(incident), ", since "),
    time(incident.began), ...(incident.closed ? [" to ", time(incident.closed), incident.closed_because ? " (closed: " + incident.closed_because + ")" : ""] : []), incident.count > 1 ? " · came " + incident.count + " times" : "",
    " · ", checkOf(incident), incident.spec ? " · " + incident.spec : "", incident.consequences?.length ? " · explains " + incident.consequences.join(", ") : "");
  of.replaceChildren(count(streams.length, "stream") + ": ", ...streams.slice(0, 40).flatMap((name, i) => [i ? ", " : "", el("a", { href: linkToStream(name) }, name)]),
    streams.length > 40 ? " and " + (streams.length - 40) + " more" : "", " · ", el("a", { href: linkToIncidents({ stream: streams[0] }) }, "other incidents of " + streams[0]));
  paintPeople(people, incident);
}

// paintPeople keeps the buttons that may have the focus where nothing changed.
function paintPeople(box, incident) {
  const now = JSON.stringify([incident.id, incident.acknowledged, incident.silenced, incident.closed]);
  if (box.dataset.said === now) return;
  box.dataset.said = now;
  box.replaceChildren(...[handled(incident), incident.closed ? null : actionsOf(incident)].filter(Boolean));
}

// course lists what became of the incident, and what people did, in order of time.
function course(incident) {
  const steps = [[incident.began, "first bad observation"], [incident.opened, "opened: the evidence sufficed"],
    ...(incident.updates || []).map(u => [u.at, "updated: " + u.what]), ...peopleDid(incident)];
  if (incident.closed) steps.push([incident.closed, "closed: " + (incident.closed_because || "the fault is over")]);
  steps.sort((a, b) => Date.parse(a[0]) - Date.parse(b[0]));
  return steps.map(([at, what]) => el("li", {}, time(at), el("span", {}, what), el("span", { class: "where" }, Date.parse(at) <= Date.parse(incident.began) ? "" : "+" + lasting((Date.parse(at) - Date.parse(incident.began)) / 1000))));
}

// peopleDid lists acknowledgement and silence.
function peopleDid(incident) {
  const list = [begun(incident.silenced)].filter(Boolean), ack = incident.acknowledged;
  if (ack?.at) list.push([ack.at, "acknowledged by " + (ack.by || "somebody") + (ack.note ? ": " + ack.note : "")]);
  return list;
}
