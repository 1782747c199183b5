// What streamwatch cannot write: the history on a full disk, metrics that
// CloudWatch refuses. Watching goes on, so it stands below the verdict.
import { count } from "./sentence.js";
import { byId, clock, text } from "./view.js";

const what = { store: "The history cannot be written", cloudwatch: "CloudWatch does not take the metrics" };
const receiver = /^(webhook|pagerduty|opsgenie|email)-\d+$/;

const saying = name => what[name] || (receiver.test(name) ? "Notifications to " + name + " cannot be sent" : "The sink " + name + " fails");

export function showSinks(snapshot) {
  const sick = (snapshot.sinks || []).filter(s => !s.ok);
  byId("sinks").hidden = sick.length === 0;
  text(byId("sinks"), sick.map(s => saying(s.name) + " since " + clock(s.failing_since) + ": " + s.error + ". " +
    count(s.batches_waiting, receiver.test(s.name) ? "message" : "batch") + (s.batches_waiting === 1 ? " waits" : " wait") + (s.batches_dropped ? ", " + s.batches_dropped + " dropped" : "") + ".").join(" "));
}
