// The page: which view is shown, which stream is chosen, and what to paint of
// it in the next animation frame.
import { byId, clock, now, rank, text, zone } from "./view.js";
import { dirty, silence, start, state } from "./feed.js";
import { readAddress, linkToStream } from "./route.js";
import { headline, showBanner, tickBanner } from "./banner.js";
import { paintStream, showStreams } from "./streams.js";
import { showRenditions } from "./renditions.js";
import { showOpen, showPast, tickIncidents } from "./incidents.js";
import { hideIncident, openIncident, refreshIncident } from "./incident.js";
import { hideList, openList, refreshList } from "./list.js";
import { openWall, paintWall } from "./wall.js";
import { feedPlots, selectPlots } from "./plots.js";
import { showPlayer, stopPlayer, tellPlayer } from "./player.js";
import { showViewers } from "./viewers.js";
import { startFaults } from "./faults.js";
import { showAdvice } from "./advice.js";
import { startAlarms } from "./alarms.js";
import { listSinks } from "./sinks.js";
import { showSilences, startSilences } from "./silences.js";

let view = "", selected = "", chosen = false, frame = 0;

// follow turns to what the address names.
function follow() {
  const address = readAddress(), before = view;
  view = address.view;
  document.documentElement.dataset.view = view;
  for (const section of document.querySelectorAll("[data-of]")) section.hidden = !section.dataset.of.split(" ").includes(view);
  for (const a of document.querySelectorAll("nav a")) a.toggleAttribute("aria-current", a.dataset.view === view);
  if (view !== "event") stopPlayer();
  if (view !== "incident") hideIncident();
  if (view !== "incidents") hideList();
  if (view === "incident") openIncident(state, address.id);
  if (view === "incidents") openList(address.said);
  if (view === "wall") openWall(state);
  if (view === "event" && address.stream && state.streams.has(address.stream)) select(address.stream, true);
  if (view === "event" && before !== "event" && selected) paintPlayer();
  if (before && before !== view) byId("title-" + view)?.focus();
  for (const name of state.streams.keys()) dirty.streams.add(name);
  dirty.incidents = true;
  schedule();
}

// choose shows the worst stream until the reader picks one.
function choose() {
  if (chosen && state.streams.has(selected)) return;
  const { stream } = readAddress();
  if (stream && state.streams.has(stream)) return select(stream, true);
  let worst = null;
  for (const s of state.streams.values()) if (!worst || rank(s.verdict) > rank(worst.verdict)) worst = s;
  const current = state.streams.get(selected);
  if (worst && (!current || rank(worst.verdict) !== rank(current.verdict))) select(worst.name, false);
}

function select(name, byReader) {
  if (byReader) chosen = true;
  if (name === selected) return;
  for (const n of [selected, name]) dirty.streams.add(n);
  selected = name;
  if (view === "event") paintPlayer();
  selectPlots(state, name);
  schedule();
}

const paintPlayer = () => showPlayer(selected, state.streams.size);

function pick(name) {
  select(name, true);
  history.replaceState(null, "", linkToStream(name));
}

function schedule() {
  if (!frame) frame = requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  if (!state.snapshot) return;
  choose();
  if (dirty.incidents) for (const s of state.streams.values()) if (s.open_incidents.length) dirty.streams.add(s.name);
  if (dirty.streams.size && state.open.size) dirty.incidents = true; // they say how the streams fare whom they hit
  showBanner(state);
  showSilences(state.snapshot);
  tick();
  if (view === "event") paintEvent();
  if (view === "wall") paintWall(state, dirty);
  if (view === "incident" && dirty.incidents) refreshIncident(state);
  if (view === "incidents" && dirty.incidents) refreshList();
  dirty.streams.clear();
  dirty.incidents = false;
}

function paintEvent() {
  showStreams(state, dirty.streams);
  listSinks(state.snapshot);
  for (const name of dirty.streams) paintStream(state, name, name === selected);
  const stream = state.streams.get(selected);
  if (stream && dirty.streams.has(selected)) {
    showRenditions(state.snapshot, stream, state.open);
    tellPlayer(state.snapshot, stream);
    showAdvice(stream);
    feedPlots(state, stream);
    showViewers(stream);
  }
  if (dirty.incidents) {
    showOpen(state);
    showPast(state);
  }
}

// tick repaints what changes with time alone, and says when we hear nothing:
// an old page that looks calm is worse than none.
function tick() {
  const silent = silence(), lost = silent.seconds > 15;
  document.documentElement.classList.toggle("old", lost);
  byId("lost").hidden = !lost;
  if (lost) {
    text(byId("lost"), silent.since ? "No word from streamwatch since " + clock(new Date(silent.since).toISOString()) + ". What stands here is old." : "streamwatch does not answer.");
    document.title = "NO CONNECTION · streamwatch";
  }
  if (!state.snapshot) return;
  text(byId("clock"), clock(new Date(now()).toISOString()) + " " + zone());
  text(byId("wall-word"), headline(state));
  tickBanner(state);
  tickIncidents();
}

byId("stream-rows").addEventListener("click", e => {
  const row = e.target.closest("tr");
  if (row) pick(row.dataset.stream);
});
byId("open-list").addEventListener("click", e => {
  const button = e.target.closest("button.pick");
  if (button) pick(button.dataset.stream);
});
byId("skip").addEventListener("click", e => { // the address is the view's
  e.preventDefault();
  byId("title-" + view).focus();
});
addEventListener("hashchange", follow);
setInterval(tick, 1000);
startFaults();
startAlarms();
startSilences();
follow();
start(schedule);
