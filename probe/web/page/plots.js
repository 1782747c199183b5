// Plots of the chosen rendition: stored buckets of ten seconds, then what the
// events brought since. Incidents lie behind them as bands. The first few always
// show; the others when they are asked for.
import { ask, attribute, byId, el, now } from "./view.js";
import { hits } from "./sentence.js";

// Each plot has its lines: [name of the series, side].
const list = JSON.parse(document.documentElement.dataset.plots || "null") || [];
for (const p of list) p.lines = p.sides ? [[p.metric + "edge", "edge"], [p.metric + "origin", "origin"]] : [[p.metric, ""]];
const first = 3;
const scale = { ms: 1000, "%": 100 };
const field = { max: "max", min: "min", avg: "mean" };

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
const refresh = 10_000, tailLength = 2000;
const dark = matchMedia("(prefers-color-scheme: dark)");

let stream = "", rendition = "", span = 900, state = null;
let stored = {}, tail = [], plots = {}, loaded = 0, drawn = 0;

const more = byId("more");
const shown = () => list.slice(0, more.open ? list.length : first);
list.forEach((p, i) => {
  p.box = el("div", { class: "plot" });
  const caption = p.title + (p.unit ? ", " + p.unit : "");
  byId(i < first ? "figures" : "figures-more").append(el("figure", { "data-metric": p.metric }, el("figcaption", {}, caption), p.box));
});
more.hidden = list.length <= first;

// selectPlots turns to another stream.
export function selectPlots(s, name) {
  state = s;
  stream = name;
  const names = state.streams.get(name)?.renditions.map(r => r.name) || [];
  fillSelect(names);
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

async function load() {
  loaded = Date.now();
  if (document.documentElement.dataset.history !== "true" || !stream) return draw();
  const chosen = () => [stream, rendition, span, edge].join("\n"), of = chosen();
  for (const p of shown()) {
    for (const [series, side] of p.lines) {
      const query = new URLSearchParams({ stream, rendition, side, metric: p.metric, since: String(Math.floor(now() / 1000 - span)) });
      if (edge && (side ? side === "edge" : p.edges)) query.set("edge", edge);
      const answer = await ask("/api/v1/series?" + query).catch(() => null);
      if (of !== chosen()) return;
      if (answer) stored[series] = answer.points.map(point => [Date.parse(point.at) / 1000, point[field[p.of]] * (scale[p.unit] || 1)]);
    }
  }
  draw();
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
  if (Date.now() - loaded > refresh) load();
  else if (Date.now() - drawn > 1000) draw();
}

// align puts several series on one axis of time, with a hole where nothing was
// measured: a line across a time when nobody looked would be a lie.
function align(p) {
  const series = p.lines.map(([name]) => new Map(stored[name] || []));
  const last = Math.max(0, ...series.flatMap(m => [...m.keys()]));
  for (const t of tail) {
    if (t.at > last + 10) p.lines.forEach(([name], i) => t[name] != null && series[i].set(t.at, t[name] * (scale[p.unit] || 1)));
  }
  const times = [...new Set(series.flatMap(m => [...m.keys()]))].sort((a, b) => a - b);
  const hole = 6 * Math.max(10, span / 1500), out = [[], ...series.map(() => [])];
  times.forEach((t, i) => {
    if (i && t - times[i - 1] > hole) {
      out[0].push(t - 1);
      series.forEach((_, k) => out[k + 1].push(null));
    }
    out[0].push(t);
    series.forEach((m, k) => out[k + 1].push(m.get(t) ?? undefined)); // undefined is bridged, null is not
  });
  return out;
}

function draw() {
  if (document.hidden || !window.uPlot) return;
  drawn = Date.now();
  for (const p of shown()) {
    const data = align(p);
    if (!plots[p.metric]) plots[p.metric] = make(p, data);
    else plots[p.metric].setData(data);
  }
}

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// range starts at zero but for numbers that only count up.
function range(p, min, max) {
  if (p.unit === "%" && !(max > 100)) return [0, 105];
  if (!p.unit && min > 1000) return [min - 1, max + 1];
  return [0, Math.max(p.unit === "ms" ? 20 : 2, (max || 0) * 1.1)];
}

function make(p, data) {
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
  const line = { edge: { stroke: colour("--edge"), width: 2 }, origin: { stroke: colour("--origin"), width: 1.5, dash: [5, 4] }, "": { stroke: colour("--edge"), width: 2 } };
  const figure = (u, v) => v == null ? "–" : p.unit === "s" ? v.toFixed(1) : v.toFixed(0);
  return new uPlot({
    width: Math.max(200, p.box.clientWidth), height: 130, padding: [8, 18, 0, 0],
    cursor: { sync: { key: "course" }, drag: { x: false, y: false }, points: { size: 5 } },
    legend: { show: true },
    scales: { x: { time: true, range: () => [now() / 1000 - span, now() / 1000] }, y: { range: (u, min, max) => range(p, min, max) } },
    axes: [{ ...axis, size: 26, space: 60, values: clockTicks }, { ...axis, size: 44, space: 28 }],
    series: [{ label: "", value: (u, v) => v == null ? "–" : new Date(v * 1000).toLocaleTimeString([], { hourCycle: "h23" }) },
      ...p.lines.map(([, side]) => ({ label: side || "edge", ...line[side], points: { show: false }, value: figure }))],
    hooks: { drawClear: [bands], setCursor: [u => u.root.classList.toggle("read", u.cursor.idx != null)] },
  }, data, p.box);
}

function clockTicks(u, splits) {
  const fine = span < 600;
  return splits.map(t => new Date(t * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: fine ? "2-digit" : undefined, hourCycle: "h23" }));
}

// bands paints the incidents of the stream behind the lines.
function bands(u) {
  const { left, top, width, height } = u.bbox, context = u.ctx;
  context.save();
  for (const incident of [...state.open.values(), ...state.past]) {
    if (!hits(incident, stream)) continue;
    const from = u.valToPos(Date.parse(incident.began) / 1000, "x", true);
    const to = u.valToPos((incident.closed ? Date.parse(incident.closed) : now()) / 1000, "x", true);
    const x = Math.max(left, from), right = Math.min(left + width, Math.max(to, from + 2));
    if (right <= x) continue;
    context.fillStyle = colour(incident.severity === "critical" ? "--band-down" : "--band-degraded");
    context.fillRect(x, top, right - x, height);
  }
  context.restore();
}

function rebuild() {
  for (const plot of Object.values(plots)) plot.destroy();
  plots = {};
  draw();
}

byId("plot-rendition").addEventListener("change", e => {
  rendition = e.target.value;
  reset();
});
byId("spans").addEventListener("click", e => {
  const seconds = Number(e.target.dataset.seconds);
  if (!seconds) return;
  span = seconds;
  for (const b of byId("spans").children) attribute(b, "aria-pressed", b === e.target ? "true" : null);
  load();
});
more.addEventListener("toggle", load);
dark.addEventListener("change", rebuild);
document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
new ResizeObserver(() => {
  for (const p of list) plots[p.metric]?.setSize({ width: Math.max(200, p.box.clientWidth), height: 130 });
}).observe(byId("plots"));
