// Whom nobody is told of: silences and planned maintenance, and what they and
// acknowledgements look like on an incident.
import { ask, byId, clock, el, lasting, now, text } from "./view.js";
import { endSilence, takesActions } from "./dialog.js";

let said = "", known = new Map(); // by id; those that ended within a day too

// startSilences keeps the list; another silence in a status asks for it anew.
export function startSilences() {
  if (!takesActions) return;
  byId("silences").hidden = false;
  addEventListener("acted", load);
  setInterval(() => { if (!document.hidden) load(); }, 60_000);
  load();
}

export function showSilences(snapshot) {
  const ids = JSON.stringify((snapshot.silences || []).map(s => [s.id, s.until]));
  if (takesActions && ids !== said) {
    said = ids;
    load();
  }
  showMuted(snapshot);
}

async function load() {
  const answer = await ask("/api/v1/silences").catch(() => null);
  if (!answer) return;
  known = new Map(answer.silences.map(s => [s.id, s]));
  const list = answer.silences.filter(s => s.state !== "expired");
  byId("silence-list").replaceChildren(...list.map(row));
  text(byId("silences-tally"), list.length ? "" : "none");
  dispatchEvent(new Event("silences"));
}

// whatOf says what a silence mutes.
export function whatOf(s) {
  const what = [s.check, s.scope && "scope " + s.scope].filter(Boolean).join(", "), who = (s.streams || []).join(", ");
  return who && what ? who + ": " + what : who || what || "everything";
}

function row(s) {
  const end = s.maintenance ? null : el("button", { type: "button", "aria-label": "End the silence of " + whatOf(s) }, "End");
  end?.addEventListener("click", () => endSilence(s, whatOf(s)));
  const times = s.state === "pending" ? "from " + clock(s.from) + " to " + clock(s.until) : "until " + clock(s.until) + ", in " + lasting((Date.parse(s.until) - now()) / 1000);
  return el("li", { "data-state": s.state === "pending" ? "INSUFFICIENT_DATA" : "MUTED" }, el("span", {}, whatOf(s)), el("span", { class: "chip" }, s.maintenance ? "maintenance" : "silence"),
    el("span", { class: "state" }, end), el("span", { class: "doc" }, times + (s.by ? " · " + s.by : "") + (s.reason ? ": " + s.reason : "")));
}

// showMuted says below the verdict that nobody is told of it.
function showMuted(snapshot) {
  const all = (snapshot.silences || []).find(s => whatOf(s) === "everything"), n = (snapshot.silences || []).length;
  byId("muted").hidden = n === 0;
  text(byId("muted"), n === 0 ? "" : all ? "Nobody is told of anything until " + clock(all.until) + " (" + because(all) + ")."
    : "Nobody is told of " + snapshot.silences.slice(0, 3).map(s => whatOf(s) + " until " + clock(s.until) + " (" + because(s) + ")").join("; ") + (n > 3 ? " and " + (n - 3) + " more" : "") + ".");
}

// why says in brackets what is not said by the word "maintenance" or "silenced".
const why = s => {
  const text = s.maintenance ? s.reason : because(s);
  return text ? " (" + text + ")" : "";
};

const because = s => [s.maintenance ? "maintenance" : s.by, s.reason].filter(Boolean).join(": ");

// begun is when a silence began and what it says, for the course of an incident.
export function begun(mute) {
  const silence = mute && known.get(mute.id);
  return silence ? [silence.from, (silence.maintenance ? "maintenance" : "silenced") + " until " + clock(silence.until) + why(mute)] : null;
}

// handled says of an incident who takes care of it and why nobody is told.
export function handled(incident) {
  const ack = incident.acknowledged, mute = incident.silenced, parts = [];
  if (ack) parts.push("Acknowledged by " + ack.by + " at " + clock(ack.at) + (ack.note ? ": " + ack.note : "") + ".");
  if (mute) parts.push((mute.maintenance ? "Maintenance" : "Silenced") + " until " + clock(mute.until) + why(mute) + ".");
  return parts.length ? el("p", { class: "handled" }, parts.join(" ")) : null;
}

// mutedMark is the word beside a stream that is muted as a whole.
export const mutedMark = stream => stream.silenced ? (stream.silenced.maintenance ? "maintenance" : "silenced") + " until " + clock(stream.silenced.until) : "";
