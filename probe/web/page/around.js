// The plots of one incident: the time around it, of the stream and rendition
// that it hit.
import { byId, el, now, text } from "./view.js";
import { streamsOf } from "./sentence.js";
import { Chart, list } from "./chart.js";
import { align, holeAt, keepsHistory, loadSeries } from "./series.js";

const first = 3, refresh = 10_000, longestPad = 3600;

let incident = null, state = null, range = null, loaded = 0, key = "", loads = 0;
const charts = list.map((p, i) => {
  const chart = new Chart(p, { key: "around", range: span, bands: () => incident ? [incident] : [], zoom: (from, to) => show([from, to]) });
  byId(i < first ? "around-figures" : "around-more-figures").append(chart.figure);
  return chart;
});
const visible = () => charts.slice(0, byId("around-more").open ? charts.length : first);

// span is what is shown: the incident with as much before and after it as it
// lasted, at least two minutes and at most an hour.
function span() {
  if (range) return range;
  const from = Date.parse(incident.began) / 1000, to = (incident.closed ? Date.parse(incident.closed) : now()) / 1000;
  const pad = Math.min(longestPad, Math.max(120, to - from));
  return [from - pad, Math.min(to + pad, now() / 1000)];
}

function show(to) {
  range = to;
  byId("around-whole").disabled = !to;
  load();
}

export function showAround(s, one) {
  state = s;
  incident = one;
  byId("around").hidden = !keepsHistory || !list.length;
  byId("around-more").hidden = list.length <= first;
  fill(byId("around-stream"), streamsOf(one));
  fillRenditions();
  const wanted = JSON.stringify([one.id, one.closed]);
  if (wanted !== key) {
    key = wanted;
    range = null;
    byId("around-whole").disabled = true;
    load();
  } else if (!one.closed && !range && Date.now() - loaded > refresh) load();
}

export function hideAround() {
  incident = null;
  key = "";
  loads++;
  for (const chart of charts) chart.destroy();
}

function fill(select, names) {
  if ([...select.options].map(o => o.value).join("\n") === names.join("\n")) return;
  select.replaceChildren(...names.map(n => el("option", { value: n }, n || "multivariant")));
}

// fillRenditions offers those that the incident hit first, then the stream's others.
function fillRenditions() {
  const stream = byId("around-stream").value, all = state.streams.get(stream)?.renditions.map(r => r.name) || [];
  const hit = [...new Set([incident.rendition, ...(incident.renditions || [])])].filter(n => n && (!all.length || all.includes(n)));
  fill(byId("around-rendition"), [...hit, ...all.filter(n => !hit.includes(n))]);
}

async function load() {
  if (!incident || !keepsHistory) return;
  loaded = Date.now();
  const turn = ++loads, [from, to] = span(), points = Math.min(1500, Math.max(200, byId("around-figures").clientWidth));
  const stream = byId("around-stream").value, rendition = byId("around-rendition").value;
  let any = false;
  for (const chart of visible()) {
    const stored = await loadSeries(chart.plot, stream, rendition, from, to, points, incident.edge);
    if (turn !== loads) return;
    const series = chart.plot.lines.map(([name]) => stored[name] || []);
    any ||= series.some(s => s.length);
    chart.draw(align(series, holeAt(to - from, points)));
  }
  text(byId("around-note"), any ? "" : "Nothing is stored of this time and rendition.");
}

byId("around-stream").addEventListener("change", () => { fillRenditions(); load(); });
byId("around-rendition").addEventListener("change", load);
byId("around-whole").addEventListener("click", () => show(null));
byId("around-more").addEventListener("toggle", load);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of charts) chart.destroy();
  load();
});
new ResizeObserver(() => { for (const chart of charts) chart.resize(); }).observe(byId("around"));
