// What both sides served when an incident opened: heads and playlists side by
// side, and line by line what differs. The file with all of it can be had too.
import { ask, byId, clock, el, milliseconds, none, text } from "./view.js";
import { curlOf } from "./parts.js";

let shown = "", loads = 0;

// showServed asks once for each incident that something was recorded of.
export function showServed(incident) {
  byId("served").hidden = !incident.recording;
  if (!incident.recording || shown === incident.id) return;
  shown = incident.id;
  byId("served-file").href = path(incident.id) + "/recording";
  load(incident.id, null);
}

export function hideServed() {
  shown = "";
  loads++;
}

const path = id => "/api/v1/incidents/" + encodeURIComponent(id);

async function load(id, choice) {
  const turn = ++loads, query = choice ? "?" + new URLSearchParams(choice) : "";
  try {
    const served = await ask(path(id) + "/served" + query);
    if (turn === loads) paint(id, served);
  } catch (e) {
    if (turn === loads) byId("served-body").replaceChildren(el("p", { class: "note" }, e.message));
  }
}

function paint(id, served) {
  fillChoices(id, served);
  text(byId("served-at"), "as of " + clock(served.at) + ", when it opened");
  const tabs = [["Origin and edge", () => sideBySide(served)], ["Texts", () => texts(served)]];
  if (served.origin) tabs.push(["Origin over time", () => overTime(served.origin)]);
  if (served.edge) tabs.push(["Edge over time", () => overTime(served.edge)]);
  const box = byId("served-views");
  const show = k => {
    [...box.children].forEach((b, i) => b.setAttribute("aria-pressed", String(i === k)));
    byId("served-body").replaceChildren(...tabs[k][1]());
  };
  box.replaceChildren(...tabs.map(([words], k) => {
    const b = el("button", { type: "button" }, words);
    b.addEventListener("click", () => show(k));
    return b;
  }));
  show(0);
}

function fillChoices(id, served) {
  const select = byId("served-playlist"), many = new Set(served.playlists.map(p => p.stream)).size > 1;
  select.replaceChildren(...served.playlists.map((p, i) => el("option", { value: i, selected: p.stream === served.stream && p.rendition === served.rendition },
    (many ? p.stream + " " : "") + (p.rendition || "multivariant"))));
  select.onchange = () => load(id, served.playlists[select.value]);
}

// sideBySide shows both heads, and how the edge's playlist differs from the origin's.
function sideBySide(served) {
  return [el("div", { class: "sides" }, head("Origin", served.origin?.now), head("Edge", served.edge?.now)),
    ...diff(served.diff, "The playlists of the edge and the origin are the same.", "One of the sides gave no playlist.", "origin only", "edge only")];
}

function overTime(side) {
  return [el("div", { class: "sides" }, head("Before", side.before), head("Now", side.now)),
    ...diff(side.diff, "The playlist is the same as before.", "There is no playlist to compare with.", "before only", "now only")];
}

// texts shows both playlists whole, one beside the other.
function texts(served) {
  const one = (name, answer) => el("div", {}, el("h4", {}, name), el("pre", { class: "text", tabindex: "0", role: "group", "aria-label": name + " playlist" }, answer?.playlist ?? "no playlist"), answer?.cut ? el("p", { class: "note" }, "It goes on: the file has more.") : null);
  return [el("div", { class: "sides" }, one("Origin", served.origin?.now), one("Edge", served.edge?.now))];
}

// head is what one answer says beside its body.
function head(name, answer) {
  if (!answer) return el("div", { class: "answer" }, el("h4", {}, name), el("p", { class: "note" }, "Nothing was recorded."));
  const facts = [["at", clock(answer.at)], ["status", answer.failure ? answer.failure + (answer.error ? ": " + answer.error : "") : String(answer.status)], ["took", milliseconds(answer.fetch_seconds)],
    ["sequence", answer.media_sequence == null ? none : answer.media_sequence + ", " + answer.segments + " segments"], ["url", answer.url]];
  return el("div", { class: "answer" }, el("h4", {}, name), el("dl", {}, ...facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])),
    el("pre", { class: "heads", tabindex: "0", role: "group", "aria-label": name + ", response headers" }, (answer.headers || []).join("\n") || "no headers"), answer.curl ? curlOf(answer.curl) : null);
}

const marks = { same: " ", removed: "−", added: "+", skipped: "…" };

// diff writes lines as a table: each with its number on either side, a sign and
// its text, so that nothing stands on colour alone.
function diff(lines, equal, missing, first, second) {
  if (!lines) return [el("p", { class: "note" }, missing)];
  if (!lines.length) return [el("p", { class: "note" }, equal)];
  const words = { removed: first, added: second };
  return [el("p", { class: "note legend" }, el("span", { "data-op": "removed" }, "− " + first), " ", el("span", { "data-op": "added" }, "+ " + second)),
    el("div", { class: "diff", tabindex: "0", role: "region", "aria-label": "Difference of the playlists" }, el("table", {}, el("tbody", {}, ...lines.map(line => el("tr", { "data-op": line.op },
      el("td", { class: "n" }, line.old ? String(line.old) : ""), el("td", { class: "n" }, line.new ? String(line.new) : ""),
      el("td", {}, marks[line.op], words[line.op] ? el("span", { class: "unseen" }, words[line.op]) : null),
      el("td", {}, line.op === "skipped" ? line.count + " equal lines" : line.text || ""))))))];
}
