// What is stored of a metric over time, and how several series share an axis.
import { ask } from "./view.js";
import { valueOf } from "./chart.js";

export const bucket = 10; // seconds that are stored as one

export const keepsHistory = document.documentElement.dataset.history === "true";

// loadSeries asks for the lines of a plot between two times, in Unix seconds,
// at no more points than the screen has room for. It gives [time, value] by line.
export async function loadSeries(p, stream, rendition, from, to, points, edge = "") {
  const loaded = {};
  for (const [name, side] of p.lines) {
    const query = new URLSearchParams({ stream, rendition, side, metric: p.metric, since: String(Math.floor(from)), points: String(points) });
    if (edge && (side ? side === "edge" : p.edges)) query.set("edge", edge);
    if (to) query.set("until", String(Math.ceil(to)));
    const answer = await ask("/api/v1/series?" + query).catch(() => null);
    if (answer) loaded[name] = centred(answer.points.map(point => [Date.parse(point.at) / 1000, valueOf(p, point)]));
  }
  return loaded;
}

// centred moves points from the beginning of their interval to its middle: what
// was greatest in ten seconds was not so from their first moment on.
function centred(points) {
  const step = points.reduce((least, [t], i) => i ? Math.min(least, t - points[i - 1][0]) : least, Infinity);
  const half = (Number.isFinite(step) ? Math.max(bucket, step) : bucket) / 2;
  return points.map(([t, v]) => [t + half, v]);
}

// align puts several series on one axis of time, with a hole where nothing was
// measured for long: a line across a time when nobody looked would be a lie.
export function align(series, hole) {
  const maps = series.map(points => new Map(points));
  const times = [...new Set(maps.flatMap(m => [...m.keys()]))].sort((a, b) => a - b);
  const out = [[], ...maps.map(() => [])];
  times.forEach((t, i) => {
    if (i && t - times[i - 1] > hole) {
      out[0].push(t - 1);
      maps.forEach((_, k) => out[k + 1].push(null));
    }
    out[0].push(t);
    maps.forEach((m, k) => out[k + 1].push(m.get(t) ?? undefined)); // undefined is bridged, null is not
  });
  return out;
}

// holeAt is the longest pause that a line is drawn across.
export const holeAt = (span, points) => 6 * Math.max(10, span / points);
