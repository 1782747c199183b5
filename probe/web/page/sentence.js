// The sentence beside the verdict: what broke, where, whose fault it is.
import { clock } from "./view.js";

export const blames = {
  encoder: "the encoder or packager",
  origin: "the origin server",
  cdn: "the CDN",
  path: "the monitor’s own network",
  config: "the configuration",
  unknown: "not known yet",
};

export const severities = ["info", "warning", "error", "critical"];

// worstFirst orders incidents: the gravest, then the oldest.
export function worstFirst(a, b) {
  return severities.indexOf(b.severity) - severities.indexOf(a.severity) || Date.parse(a.began) - Date.parse(b.began);
}

// hits reports whether an incident affects, or affected, a stream.
export const hits = (incident, stream) => streamsOf(incident).includes(stream);

// streamsOf lists whom an incident hits; one from an older version names only one.
export const streamsOf = incident => incident.streams?.length ? incident.streams : incident.stream ? [incident.stream] : [];

const wide = incident => ["event", "origin", "edge"].includes(incident.scope);

// place says where a wide cause sits: "the edge host d111.cloudfront.net".
export function place(incident) {
  if (incident.scope === "event") return "the whole event";
  if (incident.edge) return "edge " + incident.edge + (incident.host ? " (" + incident.host + ")" : "");
  return "the " + incident.scope + (incident.host ? " host " + incident.host : "");
}

// count writes a number with its noun.
export const count = (n, what) => n + " " + what + (n === 1 ? "" : what.endsWith("ch") ? "es" : "s");

const names = list => list.length > 3 ? count(list.length, "stream") : list.join(", ");

// where says how far a cause reaches, as probe.Incident.Where does.
export function where(incident) {
  const streams = streamsOf(incident);
  if (wide(incident)) return place(incident) + (streams.length ? ": " + names(streams) : "");
  const all = incident.renditions || [], more = all.length > 3 ? " and " + (all.length - 1) + " more" : "";
  const renditions = all.length > 1 && !more ? all.join(", ") : incident.rendition + more;
  return [names(streams), renditions].filter(Boolean).join(" ") + (incident.edge ? " at edge " + incident.edge : incident.side ? " at the " + incident.side : "");
}

// sentence says the verdict, whom it hits, what broke, whose fault that is and
// what proves it. All of it is taken from the worst diagnosis: nothing is
// concluded here, so that the parts cannot contradict each other.
export function sentence(state) {
  const { snapshot } = state;
  const streams = [...state.streams.values()];
  const who = streams.length === 1 ? streams[0].name : "all " + streams.length + " streams";
  const plural = streams.length !== 1;
  switch (snapshot.verdict) {
    case "ok": return capital(who) + (state.open.size ? plural ? " play " : " plays " : plural ? " are fine " : " is fine ") + sides(snapshot) + "." + besides(state);
    case "blind": return "streamwatch cannot see: " + stop(snapshot.reason || "its own network is the suspect") + " The streams may be fine." + besides(state);
    case "waiting": return (streams.length === 0 ? "Waiting for the first look at the stream." : snapshot.starts ? "Waiting for " + who + ": the event starts at " + clock(snapshot.starts) + "." : "Waiting for " + who + " to begin.") + besides(state);
    case "ended": return "The event has ended." + besides(state);
  }
  const sick = streams.filter(s => s.verdict === snapshot.verdict).map(s => s.name);
  const top = [...state.open.values()].sort((a, b) => suffering(b, sick) - suffering(a, sick) || worstFirst(a, b))[0];
  const subject = whom(sick, streams.length) + " " + snapshot.verdict;
  return capital(subject) + (top ? ": " + cause(top, sick) + others(state.open.size - 1) : ".");
}

const suffering = (incident, sick) => sick.some(name => hits(incident, name)) ? 1 : 0;

function whom(sick, of) {
  if (sick.length === 0) return "the event is";
  if (sick.length <= 3) return sick.join(", ") + (sick.length > 1 ? " are" : " is");
  return (sick.length === of ? "all " + of : sick.length + " of " + of) + " streams are";
}

function cause(incident, sick) {
  const only = streamsOf(incident), partly = sick.some(name => !only.includes(name));
  let s = incident.summary;
  if (wide(incident)) s += incident.scope === "event" || incident.edge && incident.summary.includes(incident.edge) ? "" : " at " + place(incident);
  else s += (partly ? " on " + names(only) : "") + (!incident.side || incident.summary.includes(incident.side) ? "" : " at the " + incident.side);
  const fault = incident.blame === "unknown" ? "Whose fault it is is not known yet" : capital(blames[incident.blame] || incident.blame) + " is to blame";
  return s + ". " + (incident.because ? fault + ": " + stop(incident.because) : fault + ".");
}

const others = n => n > 0 ? " " + n + " more " + (n === 1 ? "incident is" : "incidents are") + " open." : "";

// besides tells what is open though no verdict stands on it.
function besides(state) {
  const [top, ...rest] = [...state.open.values()].sort(worstFirst);
  if (!top) return "";
  const kind = { info: "A note", warning: "A warning", error: "An error", critical: "A critical incident" }[top.severity] || "An incident";
  return " " + kind + " is open: " + top.summary + " (" + where(top) + ")." + others(rest.length);
}

// stop ends a text with one full stop.
const stop = text => text.replace(/[.\s]+$/, "") + ".";

const sides = snapshot => snapshot.edge && snapshot.origin ? "at the edge and at the origin" : snapshot.edge ? "at the edge" : "at the origin";

function capital(s) {
  return /^(all|the) /.test(s) ? s[0].toUpperCase() + s.slice(1) : s;
}
