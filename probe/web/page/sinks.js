// What streamwatch cannot write: the history on a full disk, metrics that
// CloudWatch refuses. Watching goes on, so it stands below the verdict.
import { count } from "./sentence.js";
import { attribute, byId, clock, el, text } from "./view.js";

const what = { store: "The history cannot be written", cloudwatch: "CloudWatch does not take the metrics" };
const receiver = /^(webhook|pagerduty|opsgenie|email)-\d+$/;

const saying = name => what[name] || (receiver.test(name) ? "Notifications to " + name + " cannot be sent" : "The sink " + name + " fails");

export function showSinks(snapshot) {
  const sick = (snapshot.sinks || []).filter(s => !s.ok);
  byId("sinks").hidden = sick.length === 0;
  text(byId("sinks"), sick.map(s => saying(s.name) + " since " + clock(s.failing_since) + ": " + s.error + ". " +
    count(s.batches_waiting, receiver.test(s.name) ? "message" : "batch") + (s.batches_waiting === 1 ? " waits" : " wait") + (s.batches_dropped ? ", " + s.batches_dropped + " dropped" : "") + ".").join(" "));
}

const names = { store: "History on disk", prometheus: "Prometheus metrics", web: "This page", alarms: "Alarms, evaluated here", cloudwatch: "CloudWatch metrics" };

const nameOf = name => names[name] || (receiver.test(name) ? "Notifications to " + name : name);

// listSinks shows how each of them fares, the sick ones first.
export function listSinks(snapshot) {
  const sinks = [...(snapshot.sinks || [])].sort((a, b) => a.ok - b.ok), box = byId("sink-list");
  byId("outputs").hidden = sinks.length === 0;
  const sick = sinks.filter(s => !s.ok).length;
  text(byId("outputs-tally"), sick ? sick + " of " + sinks.length + " failing" : "all " + sinks.length + " work");
  const said = sinks.map(s => s.name).join(" ");
  if (box.dataset.said !== said) {
    box.dataset.said = said;
    box.replaceChildren(...sinks.map(s => el("li", {}, el("span", {}, nameOf(s.name)), el("span", { class: "state" }), el("span", { class: "doc" }))));
  }
  sinks.forEach((s, i) => {
    const [, state, doc] = box.children[i].children;
    attribute(box.children[i], "data-state", s.ok ? "OK" : "ALARM");
    text(state, s.ok ? "ok" : "failing");
    text(doc, [s.ok ? "" : "since " + clock(s.failing_since) + ": " + s.error, s.batches_waiting ? s.batches_waiting + " waiting" : "", s.batches_dropped ? s.batches_dropped + " dropped" : ""].filter(Boolean).join(" · "));
  });
}
