// The page keeps one state: the newest snapshot by stream, the open incidents
// by id, and the stream that is shown in detail. Events change it; what they
// changed is painted in the next animation frame.
import { attribute, ask, byId, clock, lasting, now, rank, setServerTime, since, text, verdictName, zone } from "./view.js";
import { paintStream, showStreams } from "./streams.js";
import { showRenditions } from "./renditions.js";
import { showIncident, showOpen, showPast, tickIncidents } from "./incidents.js";
import { feedPlots, selectPlots } from "./plots.js";
import { showPlayer } from "./player.js";
import { showViewers } from "./viewers.js";
import { startFaults } from "./faults.js";
import { showAdvice } from "./advice.js";
import { startAlarms } from "./alarms.js";
import { showSinks } from "./sinks.js";
import { sentence, streamsOf } from "./sentence.js";

const state = { snapshot: null, streams: new Map(), open: new Map(), past: [], selected: "", chosen: false };
const dirty = new Set(); // names of streams to repaint
let dirtyIncidents = false, frame = 0, heard = 0;

function connect() {
  const source = new EventSource("/api/v1/events");
  let first = true;
  source.addEventListener("open", () => { first = true; });
  source.addEventListener("status", e => {
    takeStatus(JSON.parse(e.data), first);
    if (first) loadIncidents();
    first = false;
  });
  source.addEventListener("incident", e => takeIncident(JSON.parse(e.data)));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  });
}

function takeStatus(snapshot, whole) {
  heard = Date.now();
  setServerTime(snapshot.at, whole);
  if (whole) for (const name of state.streams.keys()) dirty.add(name), state.streams.delete(name);
  for (const stream of snapshot.streams) {
    state.streams.set(stream.name, stream);
    dirty.add(stream.name);
  }
  state.snapshot = snapshot;
  compareOpen();
  choose();
  schedule();
}

function takeIncident(incident) {
  heard = Date.now();
  if (incident.state === "closed") {
    state.open.delete(incident.id);
    state.past = [incident, ...state.past.filter(i => i.id !== incident.id)].slice(0, 50);
  } else {
    state.open.set(incident.id, incident);
  }
  dirtyIncidents = true;
  schedule();
}

// compareOpen asks for the incidents again when the streams name others than
// those we know, once for each difference.
let differed = "";
function compareOpen() {
  const named = new Set();
  for (const s of state.streams.values()) for (const id of s.open_incidents) named.add(id);
  const differs = [...named].filter(id => !state.open.has(id));
  for (const [id, incident] of state.open) if (!named.has(id) && streamsOf(incident).some(n => state.streams.has(n))) differs.push("-" + id);
  const now = differs.join(" ");
  if (now && now !== differed) loadSoon();
  differed = now;
}

let loading = 0;
function loadSoon() {
  if (!loading) loading = setTimeout(() => { loading = 0; loadIncidents(); }, 1000);
}

async function loadIncidents() {
  try {
    const [open, past] = await Promise.all([ask("/api/v1/incidents?open=true&limit=1000"), ask("/api/v1/incidents?open=false&limit=50")]);
    state.open = new Map(open.incidents.map(i => [i.id, i]));
    state.past = past.incidents;
    dirtyIncidents = true;
    schedule();
    if (!followed) follow();
  } catch { /* the banner tells when the server is gone */ }
}

// follow turns to the incident that the address names, as links in messages do.
let followed = false;
async function follow() {
  followed = true;
  if (!location.hash.startsWith("#incident=")) return;
  const id = decodeURIComponent(location.hash.slice("#incident=".length));
  let incident = state.open.get(id) || state.past.find(i => i.id === id);
  if (!incident) {
    incident = await ask("/api/v1/incidents/" + encodeURIComponent(id)).catch(() => null);
    if (!incident) return;
    takeIncident(incident);
  }
  const stream = streamsOf(incident).find(name => state.streams.has(name));
  if (stream) select(stream, true, location.hash);
  paint();
  showIncident(id);
}

// choose shows the worst stream until the reader picks one.
function choose() {
  if (state.chosen && state.streams.has(state.selected)) return;
  const wanted = decodeURIComponent(location.hash.replace(/^#stream=/, ""));
  if (location.hash.startsWith("#stream=") && state.streams.has(wanted)) return select(wanted, true);
  let worst = null;
  for (const s of state.streams.values()) if (!worst || rank(s.verdict) > rank(worst.verdict)) worst = s;
  if (worst && rank(worst.verdict) !== rank(state.streams.get(state.selected)?.verdict)) select(worst.name, false);
}

function select(name, chosen, hash = "#stream=" + encodeURIComponent(name)) {
  if (chosen) state.chosen = true;
  if (name === state.selected) return;
  for (const n of [state.selected, name]) dirty.add(n);
  state.selected = name;
  if (chosen) history.replaceState(null, "", hash);
  showPlayer(name, state.streams.size);
  selectPlots(state, name);
  schedule();
}

function schedule() {
  if (!frame) frame = requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  if (!state.snapshot) return;
  if (dirtyIncidents) for (const s of state.streams.values()) if (s.open_incidents.length) dirty.add(s.name);
  if (dirty.size && state.open.size) dirtyIncidents = true; // they say how the streams fare whom they hit
  paintVerdict();
  showStreams(state, dirty);
  for (const name of dirty) paintStream(state, name);
  const selected = state.streams.get(state.selected);
  if (selected && dirty.has(state.selected)) {
    showRenditions(state.snapshot, selected);
    showAdvice(selected);
    feedPlots(state, selected);
    showViewers(selected);
  }
  dirty.clear();
  if (dirtyIncidents) {
    showOpen(state);
    showPast(state);
    dirtyIncidents = false;
  }
}

function paintVerdict() {
  const { snapshot } = state, verdict = verdictName(snapshot.verdict);
  attribute(byId("verdict"), "data-verdict", verdict);
  attribute(byId("shape"), "href", "#v-" + verdict);
  attribute(byId("icon"), "href", "/assets/icon-" + verdict + ".svg");
  text(byId("word"), verdict);
  text(byId("sentence"), sentence(state));
  text(byId("event"), snapshot.event);
  showSinks(snapshot);
  document.title = verdict.toUpperCase() + " · " + snapshot.event + " · streamwatch";
  tick();
}

// tick repaints what changes with time alone, and says when we hear nothing:
// an old page that looks calm is worse than none.
function tick() {
  const { snapshot } = state;
  const silent = heard ? (Date.now() - heard) / 1000 : performance.now() / 1000;
  const lost = silent > 15;
  document.documentElement.classList.toggle("old", lost);
  byId("lost").hidden = !lost;
  if (lost) {
    text(byId("lost"), heard ? "No word from streamwatch since " + clock(new Date(heard).toISOString()) + ". What stands here is old." : "streamwatch does not answer.");
    document.title = "NO CONNECTION · streamwatch";
  }
  if (!snapshot) return;
  text(byId("clock"), clock(new Date(now()).toISOString()) + " " + zone());
  text(byId("since"), snapshot.since ? "since " + clock(snapshot.since) + ", " + lasting(since(snapshot.since)) : "\u00a0");
  tickIncidents();
}

byId("stream-rows").addEventListener("click", e => {
  const row = e.target.closest("tr");
  if (row) select(row.dataset.stream, true);
});
byId("open-list").addEventListener("click", e => {
  const pick = e.target.closest("button.pick");
  if (pick) select(pick.dataset.stream, true);
});
addEventListener("hashchange", follow);
setInterval(tick, 1000);
startFaults();
startAlarms();
connect();
