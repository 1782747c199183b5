// A board for the wall: many streams, worst first. Those that viewers suffer with
// have a tile that can be read from afar, the others a small one each; a tile is
// touched only when what it says changes.
import { attribute, badge, byId, clock, el, rank, seconds, setBadge, text, verdictName } from "./view.js";
import { count, hits, where, worstFirst } from "./sentence.js";
import { severityOf } from "./parts.js";
import { linkToIncident, linkToStream } from "./route.js";
import { mutedMark } from "./silences.js";
import { showShare, tally } from "./banner.js";

const maxLarge = 48, maxCauses = 4;
const large = new Map(), small = new Map(); // tiles by stream

export function openWall(state) {
  if (state.snapshot) paintWall(state, { streams: new Set(state.streams.keys()), incidents: true });
}

export function paintWall(state, dirty) {
  showTally(state);
  showCauses(state);
  const sick = [...state.streams.values()].filter(s => rank(s.verdict) >= rank("degraded")).sort((a, b) => rank(b.verdict) - rank(a.verdict) || Date.parse(a.since) - Date.parse(b.since));
  place(byId("wall-large"), large, sick.slice(0, maxLarge), largeTile, tile => paintLarge(state, tile));
  const shown = new Set(sick.slice(0, maxLarge).map(s => s.name));
  const rest = [...state.streams.values()].filter(s => !shown.has(s.name)).sort((a, b) => rank(b.verdict) - rank(a.verdict) || a.name.localeCompare(b.name, undefined, { numeric: true }));
  place(byId("wall-small"), small, rest, smallTile, tile => paintSmall(state, tile), dirty.streams);
}

// showTally counts by verdict: one of 30 that is down is one, not all.
function showTally(state) {
  showShare(byId("wall-share"), state.streams);
  const parts = tally(state.streams), said = JSON.stringify(parts), box = byId("wall-tally");
  if (box.dataset.said === said) return;
  box.dataset.said = said;
  box.replaceChildren(...parts.map(([verdict, n]) => {
    const one = badge(verdict);
    one.classList.add("large");
    one.insertBefore(el("strong", {}, String(n)), one.lastChild);
    return el("li", { "data-verdict": verdict }, one);
  }));
}

// showCauses lists what is open, and why streams are blind, one line each.
function showCauses(state) {
  const list = [...state.open.values()].sort(worstFirst), box = byId("wall-causes"), blind = new Map();
  for (const s of state.streams.values()) if (s.verdict === "blind") blind.set(s.reason || "", (blind.get(s.reason || "") || 0) + 1);
  const said = JSON.stringify([[...blind], list.map(i => [i.id, i.severity, i.summary, i.blame, where(i)])]);
  if (box.dataset.said === said) return;
  box.dataset.said = said;
  box.replaceChildren(...[...blind].map(([reason, n]) => el("li", {}, badge("blind"), " " + count(n, "stream") + ": " + (reason || "the monitor’s own network is the suspect"))),
    ...list.slice(0, maxCauses).map(i => el("li", { "data-severity": i.severity }, severityOf(i), " ", el("a", { href: linkToIncident(i.id) }, i.summary), " ",
      el("span", { class: "where" }, where(i)), el("span", { class: "chip" }, i.blame))));
  if (list.length > maxCauses) box.append(el("li", {}, el("a", { href: "#incidents&state=open" }, count(list.length - maxCauses, "more incident") + " open")));
  box.hidden = box.children.length === 0;
}

// place keeps a box at the tiles of some streams, in their order. A tile is made
// once, moved only when it has to be, and painted when its stream changed.
function place(box, tiles, streams, make, paint, dirty) {
  const names = new Set(streams.map(s => s.name));
  for (const [name, tile] of tiles) if (!names.has(name)) tile.remove(), tiles.delete(name);
  streams.forEach((s, i) => {
    let tile = tiles.get(s.name);
    const fresh = !tile;
    if (fresh) tiles.set(s.name, tile = make(s.name));
    if (box.children[i] !== tile) box.insertBefore(tile, box.children[i] || null);
    if (fresh || !dirty || dirty.has(s.name)) paint(tile);
  });
  box.hidden = streams.length === 0;
}

const smallTile = name => el("li", { "data-stream": name }, el("a", { href: linkToStream(name) }, badge("waiting"), el("span", { class: "name" }, name), el("span", { class: "mute" })));

function paintSmall(state, tile) {
  const stream = state.streams.get(tile.dataset.stream), [mark, , mute] = tile.firstChild.children;
  setBadge(mark, stream.verdict);
  text(mute, stream.silenced ? "muted" : "");
  attribute(mute, "title", mutedMark(stream) || null);
}

const largeTile = name => el("li", { "data-stream": name, class: "tile" }, el("a", { href: linkToStream(name) }, name), badge("waiting"), el("p", { class: "wrong" }), el("p", { class: "where" }));

const worst = values => values.reduce((a, b) => b == null ? a : a == null ? b : Math.max(a, b), null);

function paintLarge(state, tile) {
  const stream = state.streams.get(tile.dataset.stream), [, mark, wrong, facts] = tile.children;
  attribute(tile, "data-verdict", verdictName(stream.verdict));
  setBadge(mark, stream.verdict);
  const top = [...state.open.values()].filter(i => hits(i, stream.name)).sort(worstFirst)[0];
  text(wrong, top ? top.summary + " (" + top.blame + ")" : stream.reason || "no incident names it");
  text(facts, "since " + clock(stream.since) + " · segment age " + seconds(worst(stream.renditions.map(r => (r.edge || r.origin)?.last_segment_age_seconds))) +
    " · lag " + seconds(worst(stream.renditions.map(r => r.edge_lag_seconds))) + (mutedMark(stream) && " · " + mutedMark(stream)));
}
