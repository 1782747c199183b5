// Plots of the chosen rendition: what is stored, then what the events brought
// since. The first few always show; the others when they are asked for. Any
// span that is stored can be chosen, zoomed by drag and moved through.
import { ask, attribute, byId, el, now } from "./view.js";
import { hits } from "./sentence.js";
import { pastKept } from "./feed.js";
import { Chart, list, shown } from "./chart.js";
import { align, bucket, holeAt, keepsHistory, loadSeries } from "./series.js";

const first = 3, refresh = 10_000, tailLength = 2000, shortest = 60;
const kept = 14 * 86400; // what the store keeps at most, in seconds

// What a status says of a rendition, by metric and side: newer than any bucket.
const newest = {
  manifest_age_seconds: (r, side) => r[side]?.last_segment_age_seconds,
  manifest_fetch_seconds: (r, side) => r[side]?.fetch_seconds,
  media_sequence: (r, side) => r[side]?.media_sequence,
  edge_object_age_seconds: r => r.edge?.object_age_seconds,
  edge_lag_seconds: r => r.edge_lag_seconds,
};
// Of several edges one is drawn, chosen beside the rendition.
let edge = "";
const drawnOf = r => edge && r.edges?.[edge] ? { ...r, ...r.edges[edge], edge: r.edges[edge] } : r;

let stream = "", rendition = "", state = null, stored = {}, tail = [], older = [], loaded = 0, drawn = 0, loads = 0;
let soon = 0, live = 900, fixed = null; // seconds up to now, or [from, to]; live 0 is all that is stored

const more = byId("more");
const visible = () => charts.slice(0, more.open ? charts.length : first);
const charts = list.map((p, i) => {
  const chart = new Chart(p, { key: "course", range: span, bands: incidents, zoom: (from, to) => show([from, to]) });
  byId(i < first ? "figures" : "figures-more").append(chart.figure);
  return chart;
});
more.hidden = list.length <= first;

// span is what the plots show, in Unix seconds.
function span() {
  if (fixed) return fixed;
  const to = now() / 1000;
  if (live) return [to - live, to];
  const oldest = Math.min(to - 900, ...Object.values(stored).filter(s => s.length).map(s => s[0][0]));
  return [oldest, to];
}

// show turns to a span that stands still; null is back to now.
function show(range) {
  if (range) {
    const least = Math.max(shortest, range[1] - range[0]), to = Math.min(range[1], now() / 1000);
    range = [Math.min(range[0], to - least), to];
  }
  fixed = range;
  say();
  draw();
  clearTimeout(soon);
  soon = setTimeout(load, 150); // one request for a turn of the wheel
}

// move shifts by a part of what is shown, or widens and narrows it around its middle.
function move(by, zoom) {
  const [from, to] = span(), length = (to - from) * zoom, middle = (from + to) / 2 + (to - from) * by;
  show([middle - length / 2, middle + length / 2]);
}

// selectPlots turns to another stream.
export function selectPlots(s, name) {
  state = s;
  stream = name;
  fillSelect(state.streams.get(name)?.renditions.map(r => r.name) || []);
  offerEdges();
  reset();
}

// offerEdges adds the choice where there is one.
function offerEdges() {
  const edges = state.snapshot?.edges;
  if (!edges || byId("plot-edge")) return;
  edge = edges[0].name;
  const select = el("select", { id: "plot-edge" }, ...edges.map(e => el("option", { value: e.name }, e.name)));
  select.addEventListener("change", () => { edge = select.value; reset(); });
  byId("plot-rendition").parentElement.after(el("label", {}, "Edge ", select));
}

function fillSelect(names) {
  const select = byId("plot-rendition");
  select.parentElement.hidden = names.length === 0;
  if ([...select.options].map(o => o.value).join("\n") === names.join("\n")) return;
  select.replaceChildren(...names.map(n => el("option", { value: n }, n || "multivariant")));
  rendition = names.includes(rendition) ? rendition : names[0] || "";
  select.value = rendition;
}

function reset() {
  stored = {};
  tail = [];
  load();
}

const points = () => Math.min(1500, Math.max(200, byId("figures").clientWidth));

async function load() {
  loaded = Date.now();
  const turn = ++loads;
  if (!keepsHistory || !stream) return draw();
  let [from, to] = span();
  if (!live && !fixed) from = to - kept;
  await loadOlder(from, to);
  const wanted = visible();
  for (const chart of wanted) attribute(chart.figure, "aria-busy", "true");
  for (const chart of wanted) {
    const answer = await loadSeries(chart.plot, stream, rendition, from, fixed && to, points(), edge);
    if (turn !== loads) return;
    Object.assign(stored, answer);
    chart.draw(data(chart.plot));
    attribute(chart.figure, "aria-busy", null);
  }
  drawn = Date.now();
}

// loadOlder gets the incidents of a span that goes back further than the newest ones.
async function loadOlder(from, to) {
  const oldest = state.past.at(-1);
  if (state.past.length < pastKept || Date.parse(oldest.began) / 1000 < from) return;
  const query = new URLSearchParams({ stream, open: "false", since: String(Math.floor(from)), until: String(Math.ceil(to)), limit: "1000" });
  older = (await ask("/api/v1/incidents?" + query).catch(() => null))?.incidents || older;
}

function incidents() {
  const known = new Map([...older, ...state.past, ...state.open.values()].filter(i => hits(i, stream)).map(i => [i.id, i]));
  return [...known.values()];
}

// feedPlots takes what a status says of the chosen stream.
export function feedPlots(s, changed) {
  state = s;
  fillSelect(changed.renditions.map(r => r.name));
  const r = changed.renditions.find(r => r.name === rendition);
  if (r) {
    const says = { at: now() / 1000 };
    for (const p of list) {
      for (const [series, side] of p.lines) says[series] = newest[p.metric]?.(drawnOf(r), side);
    }
    tail.push(says);
    if (tail.length > tailLength) tail.splice(0, tail.length - tailLength);
  }
  const [from, to] = span(), wait = Math.max(refresh, (to - from) * 5);
  if (fixed) return;
  if (Date.now() - loaded > wait) load();
  else if (Date.now() - drawn > 1000) draw();
}

// data is what is stored of a plot and then, up to now, what the table said since:
// the plot ends with the number in the table. Where both are known of the last
// stored interval, which may not be over, the finer one counts.
function data(p) {
  const series = p.lines.map(([name]) => stored[name] || []), [from, to] = span();
  const last = Math.max(0, ...series.map(s => s.at(-1)?.[0] || 0)), begin = last - bucket / 2;
  const finer = !fixed && tail.length > 0 && tail[0].at <= begin + 1, fresh = fixed ? [] : tail.filter(t => t.at > (finer ? begin : last));
  return align(series.map((s, k) => {
    const name = p.lines[k][0], live = fresh.filter(t => t[name] != null).map(t => [t.at, shown(p, t[name])]);
    return [...(finer && live.length ? s.filter(([t]) => t < last) : s), ...live];
  }), holeAt(to - from, points()));
}

function draw() {
  if (document.hidden || !state || !byId("plots").offsetParent) return;
  drawn = Date.now();
  for (const chart of visible()) chart.draw(data(chart.plot));
}

// say keeps the buttons and the line of dates at what is shown.
function say() {
  for (const b of byId("spans").children) attribute(b, "aria-pressed", !fixed && Number(b.dataset.seconds) === live ? "true" : "false");
  byId("plots-now").disabled = !fixed;
  byId("plots-later").disabled = !fixed;
  if (!fixed) return void (byId("span-said").textContent = "");
  const write = t => new Date(t * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
  byId("span-said").textContent = write(fixed[0]) + " – " + write(fixed[1]);
}

byId("plot-rendition").addEventListener("change", e => {
  rendition = e.target.value;
  reset();
});
byId("spans").addEventListener("click", e => {
  if (!e.target.dataset.seconds) return;
  live = Number(e.target.dataset.seconds);
  show(null);
});
for (const [id, by, zoom] of [["plots-earlier", -0.5, 1], ["plots-later", 0.5, 1], ["plots-in", 0, 0.5], ["plots-out", 0, 2]]) byId(id).addEventListener("click", () => move(by, zoom));
byId("plots-now").addEventListener("click", () => show(null));
byId("figures").addEventListener("wheel", e => { // sideways moves through time; up and down stays the page's
  const sideways = e.shiftKey ? e.deltaY : e.deltaX;
  if (e.ctrlKey || !sideways || !e.shiftKey && Math.abs(sideways) < Math.abs(e.deltaY)) return;
  e.preventDefault();
  move(Math.sign(sideways) * 0.1, 1);
}, { passive: false });
byId("custom").addEventListener("submit", e => {
  e.preventDefault();
  const from = Date.parse(byId("custom-from").value) / 1000, to = Date.parse(byId("custom-to").value) / 1000;
  byId("custom-wrong").textContent = from < to ? "" : "The first time must be before the second.";
  if (from < to) show([from, to]);
});
more.addEventListener("toggle", load);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of charts) chart.destroy();
  draw();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
new ResizeObserver(() => {
  for (const chart of charts) chart.resize();
  draw();
}).observe(byId("plots"));
say();
