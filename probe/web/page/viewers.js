// One line of what the stream's viewers report, where the event asks them to.
import { byId, seconds, text } from "./view.js";

export function showViewers(stream) {
  const v = stream.viewers, parts = [];
  byId("viewers").hidden = !v;
  if (!v) return;
  if (v.watching != null) parts.push(Math.round(v.watching) + " watching");
  if (v.startup_p50_seconds != null) parts.push("startup " + seconds(v.startup_p50_seconds));
  if (v.latency_p50_seconds != null) parts.push(seconds(v.latency_p50_seconds) + " behind the live edge");
  if (v.stalls_per_minute != null) parts.push(v.stalls_per_minute.toFixed(2) + " stalls a minute");
  parts.push(v.errors + (v.errors === 1 ? " error" : " errors"));
  text(byId("viewers"), "Viewers, as they report: " + parts.join(" · "));
}
