// One plot: lines over time with the incidents behind them. It zooms by drag,
// and says what is under the pointer in its caption, where it covers nothing.
import { el, milliseconds, now, seconds, text } from "./view.js";

const scale = { ms: 1000, "%": 100 };
const field = { max: "max", min: "min", avg: "mean" };
const height = 130;

export const list = (JSON.parse(document.documentElement.dataset.plots || "null") || []).map(p => ({
  ...p, lines: p.sides ? [[p.metric + "edge", "edge"], [p.metric + "origin", "origin"]] : [[p.metric, ""]],
}));

// shown is a value of /api/v1/series in the unit of a plot.
export const shown = (p, v) => v == null ? v : v * (scale[p.unit] || 1);
export const valueOf = (p, point) => shown(p, point[field[p.of]]);

// words writes a value of a plot as the tables do.
function words(p, v) {
  if (v == null) return "–";
  if (p.unit === "s") return seconds(v);
  if (p.unit === "ms") return milliseconds(v / 1000);
  return (Number.isInteger(v) ? v : v.toFixed(2)) + (p.unit === "%" ? " %" : "");
}

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Chart draws one plot of the list. Its options: range() gives the times at its
// ends and bands() the incidents, both in seconds; zoom(from, to) is called when
// the reader marks a span.
export class Chart {
  constructor(p, options) {
    this.plot = p;
    this.options = options;
    this.readout = el("span", { class: "readout" });
    this.box = el("div", { class: "plot" });
    this.figure = el("figure", { "data-metric": p.metric }, el("figcaption", {}, el("span", {}, p.title + (p.unit ? ", " + p.unit : "")), this.readout), this.box);
  }

  draw(data) {
    if (this.u) this.u.setData(data);
    else if (window.uPlot && this.box.clientWidth) this.u = this.make(data);
  }

  resize() { this.u?.setSize({ width: Math.max(200, this.box.clientWidth), height }); }

  destroy() {
    this.u?.destroy();
    this.u = null;
  }

  make(data) {
    const p = this.plot, line = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: colour("--soft"), grid: line, ticks: { ...line, size: 4 }, font: "11px system-ui, sans-serif" };
    const style = { edge: { stroke: colour("--edge"), width: 2 }, origin: { stroke: colour("--origin"), width: 1.5, dash: [5, 4] }, "": { stroke: colour("--edge"), width: 2 } };
    return new uPlot({
      width: Math.max(200, this.box.clientWidth), height, padding: [8, 26, 0, 0],
      cursor: { sync: { key: this.options.key }, drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      legend: { show: false },
      scales: { x: { time: true, range: () => this.options.range() }, y: { range: (u, min, max) => range(p, min, max) } },
      axes: [{ ...axis, size: 26, space: 72, values: timeTicks }, { ...axis, size: 44, space: 28 }],
      series: [{}, ...p.lines.map(([, side]) => ({ label: side || "edge", ...style[side], points: { show: false } }))],
      hooks: { drawClear: [u => bands(u, this.options.bands())], setCursor: [u => this.read(u)], setSelect: [u => this.zoom(u)] },
    }, data, this.box);
  }

  read(u) {
    const i = u.cursor.idx;
    text(this.readout, i == null ? "" : [moment(u.data[0][i]), ...this.plot.lines.map(([, side], k) => (side ? side + " " : "") + words(this.plot, u.data[k + 1][i]))].join(" · "));
  }

  zoom(u) {
    const { left, width } = u.select;
    if (width < 8) return;
    const from = u.posToVal(left, "x"), to = u.posToVal(left + width, "x");
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.options.zoom(from, to);
  }
}

const moment = t => new Date(t * 1000).toLocaleTimeString([], { hourCycle: "h23" });

// timeTicks writes what the span between two ticks asks for: seconds, minutes, or the day too.
function timeTicks(u, splits) {
  const step = splits[1] - splits[0], over = u.scales.x.max - u.scales.x.min > 86400 * 1.2;
  let day = "";
  return splits.map(t => {
    const at = new Date(t * 1000), date = at.toLocaleDateString([], { month: "short", day: "numeric" });
    const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: step < 60 ? "2-digit" : undefined, hourCycle: "h23" });
    if (!over) return time;
    if (step >= 86400) return date;
    const head = date === day ? "" : date + " ";
    day = date;
    return head + time;
  });
}

// range starts at zero but for numbers that only count up.
function range(p, min, max) {
  if (p.unit === "%" && !(max > 100)) return [0, 105];
  if (!p.unit && min > 1000) return [min - 1, max + 1];
  return [0, Math.max(p.unit === "ms" ? 20 : 2, (max || 0) * 1.1)];
}

// bands paints the incidents behind the lines: a faint field, and on top a strip
// that a short one shows in too. Those that overlap are one field, so that a day
// full of them does not turn into one dark block.
function bands(u, incidents) {
  const { left, top, width, height: tall } = u.bbox, c = u.ctx, strip = 4 * devicePixelRatio, least = 3 * devicePixelRatio;
  c.save();
  for (const [critical, field, edge] of [[false, "--band-degraded", "--degraded"], [true, "--band-down", "--down"]]) {
    const spans = incidents.filter(i => (i.severity === "critical") === critical).map(i => {
      const from = u.valToPos(Date.parse(i.began) / 1000, "x", true), to = u.valToPos((i.closed ? Date.parse(i.closed) : now()) / 1000, "x", true);
      return [Math.max(left, from), Math.min(left + width, Math.max(to, from + least))];
    }).filter(([a, b]) => b > a);
    for (const [a, b] of union(spans)) {
      c.fillStyle = colour(field);
      c.fillRect(a, top, b - a, tall);
      c.fillStyle = colour(edge);
      c.fillRect(a, top, b - a, strip);
    }
  }
  c.restore();
}

// union joins spans that touch.
export function union(spans) {
  const out = [];
  for (const [a, b] of spans.sort((x, y) => x[0] - y[0])) {
    const last = out.at(-1);
    if (last && a <= last[1] + 1) last[1] = Math.max(last[1], b);
    else out.push([a, b]);
  }
  return out;
}
