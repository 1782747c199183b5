// What is known of the event: the newest snapshot by stream, the open incidents
// by id, the past ones as far as they were heard of. Events change it.
import { ask, setServerTime } from "./view.js";
import { streamsOf } from "./sentence.js";

// state.known: every open incident that the streams name is in state.open, so
// that an empty list means that there is none. state.pastKnown likewise.
export const state = { snapshot: null, streams: new Map(), open: new Map(), past: [], known: false, pastKnown: false };
export const dirty = { streams: new Set(), incidents: false };
export const pastKept = 50;

let changed = () => {}, heard = 0;

// start connects, and calls back whenever something is to be painted.
export function start(callback) {
  changed = callback;
  connect();
}

// silence is for how many seconds nothing was heard, and since when.
export function silence() {
  return { seconds: heard ? (Date.now() - heard) / 1000 : performance.now() / 1000, since: heard };
}

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
  if (whole) for (const name of state.streams.keys()) dirty.streams.add(name), state.streams.delete(name);
  for (const stream of snapshot.streams) {
    state.streams.set(stream.name, stream);
    dirty.streams.add(stream.name);
  }
  state.snapshot = snapshot;
  compareOpen();
  changed();
}

export function takeIncident(incident) {
  heard = Date.now();
  if (incident.state === "closed") {
    state.open.delete(incident.id);
    state.past = [incident, ...state.past.filter(i => i.id !== incident.id)].slice(0, pastKept);
  } else {
    state.open.set(incident.id, incident);
  }
  shown();
}

// compareOpen asks for the incidents again when the streams name others than
// those we know, once for each difference.
let differed = "", asked = false;
function compareOpen() {
  const named = new Set();
  for (const s of state.streams.values()) for (const id of s.open_incidents) named.add(id);
  const differs = [...named].filter(id => !state.open.has(id));
  for (const [id, incident] of state.open) if (!named.has(id) && streamsOf(incident).some(n => state.streams.has(n))) differs.push("-" + id);
  const now = differs.join(" ");
  if (now && now !== differed) loadSoon();
  if (now !== differed) dirty.incidents = true;
  differed = now;
  state.known = asked && !now;
}

let loading = 0;
export function loadSoon() {
  if (!loading) loading = setTimeout(() => { loading = 0; loadIncidents(); }, 1000);
}

async function loadIncidents() {
  // Each by itself: what is open is known without the history, which a full disk takes away.
  await Promise.allSettled([
    ask("/api/v1/incidents?open=true&limit=1000").then(answer => {
      state.open = new Map(answer.incidents.map(i => [i.id, i]));
      asked = true;
    }),
    ask("/api/v1/incidents?open=false&limit=" + pastKept).then(answer => {
      state.past = answer.incidents;
      state.pastKnown = true;
    }),
  ].map(answer => answer.then(shown)));
  if (!asked || !state.pastKnown) setTimeout(loadIncidents, 5000);
}

function shown() {
  dirty.incidents = true;
  compareOpen();
  changed();
}
