// The sentence beside the verdict: what broke, where, whose fault it is.
import { rank } from "./view.js";

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

export function sentence(state) {
  const { snapshot } = state;
  const streams = [...state.streams.values()];
  const who = streams.length === 1 ? streams[0].name : "all " + streams.length + " streams";
  switch (snapshot.verdict) {
    case "ok": return capital(who) + (streams.length === 1 ? " is" : " are") + " fine " + where(snapshot) + ".";
    case "blind": return "streamwatch cannot see: its own network is the suspect. The streams may be fine.";
    case "waiting": return streams.length === 0 ? "Waiting for the first look at the stream." : "Waiting for " + who + " to begin.";
    case "ended": return "The event has ended.";
  }
  const incidents = [...state.open.values()].sort((a, b) =>
    rank(state.streams.get(b.stream)?.verdict) - rank(state.streams.get(a.stream)?.verdict) || worstFirst(a, b));
  const sick = streams.filter(s => s.verdict === snapshot.verdict).map(s => s.name);
  const subject = sick.length > 3 ? sick.length + " streams are " + snapshot.verdict : sick.join(", ") + (sick.length > 1 ? " are " : " is ") + snapshot.verdict;
  const top = incidents[0];
  return top ? subject + ": " + cause(state, top, incidents.length - 1, sick.length > 1) : subject + ".";
}

function cause(state, incident, others, named) {
  const stream = state.streams.get(incident.stream);
  let s = (named && incident.stream ? incident.stream + ", " : "") + incident.summary + place(incident) + ". ";
  s += incident.blame === "unknown" ? "Whose fault it is is not known yet" : capital(blames[incident.blame] || incident.blame) + " is to blame";
  const originFine = stream && stream.renditions.length > 0 && stream.renditions.every(r => r.origin && r.origin.verdict === "ok");
  if (incident.side === "edge" && originFine) s += "; the origin is fine";
  s += ".";
  if (others > 0) s += " " + others + " more " + (others === 1 ? "incident is" : "incidents are") + " open.";
  return s;
}

// place names the side, unless the summary does.
const place = incident => !incident.side || incident.summary.includes(incident.side) ? "" : " at the " + incident.side;

const where = snapshot => snapshot.edge && snapshot.origin ? "at the edge and at the origin" : snapshot.edge ? "at the edge" : "at the origin";

function capital(s) {
  return s.startsWith("all ") || s.startsWith("the ") ? s[0].toUpperCase() + s.slice(1) : s;
}
