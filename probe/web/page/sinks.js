// What streamwatch cannot write: the history on a full disk, metrics that
// CloudWatch refuses. Watching goes on, so it stands below the verdict.
import { count } from "./sentence.js";
import { byId, clock, text } from "./view.js";

const what = { store: "The history cannot be written", cloudwatch: "CloudWatch does not take the metrics", notify: "Notifications cannot be sent" };

export function showSinks(snapshot) {
  const sick = (snapshot.sinks || []).filter(s => !s.ok);
  byId("sinks").hidden = sick.length === 0;
  text(byId("sinks"), sick.map(s => (what[s.name] || "The sink " + s.name + " fails") + " since " + clock(s.failing_since) + ": " + s.error + ". " +
    count(s.batches_waiting, s.name === "notify" ? "message" : "batch") + (s.batches_waiting === 1 ? " waits" : " wait") + (s.batches_dropped ? ", " + s.batches_dropped + " dropped" : "") + ".").join(" "));
}
