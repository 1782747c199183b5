// The alarms of CloudWatch, evaluated here from the same samples: those that
// roll the others up stand on top, the others below them, worst first.
import { ask, attribute, byId, clock, el, text } from "./view.js";

const every = 5000;
const words = { OK: "ok", ALARM: "in alarm", INSUFFICIENT_DATA: "no data yet" };
const order = ["ALARM", "INSUFFICIENT_DATA", "OK"];

export function startAlarms() {
  if (document.documentElement.dataset.alarms !== "true") return;
  byId("alarms").hidden = false;
  load();
  setInterval(load, every);
  document.addEventListener("visibilitychange", load);
}

async function load() {
  if (document.hidden) return;
  const answer = await ask("/api/v1/alarms").catch(() => null); // the banner tells when the server is gone
  if (!answer) return;
  const all = answer.alarms;
  const top = all.filter(a => a.pages || !a.condition);
  paint(byId("alarm-list"), top);
  const below = all.filter(a => !top.includes(a)).sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  paint(byId("alarm-list-more"), below);
  byId("alarm-more").hidden = below.length === 0;
  const alarming = all.filter(a => a.state === "ALARM").length;
  note(byId("alarm-notes"), answer.notes || []);
  const known = all.filter(a => a.armed !== null && a.armed !== undefined), off = known.filter(a => !a.armed).length;
  text(byId("alarms-tally"), (alarming ? alarming + " of " + all.length + " in alarm" : "all quiet") + (!known.length ? "" : off ? " · " + off + " of " + known.length + " disarmed" : " · armed"));
}

function paint(box, list) {
  const names = list.map(a => a.name).join("\n");
  if (box.dataset.names !== names) {
    box.dataset.names = names;
    box.replaceChildren(...list.map(row));
  }
  list.forEach((a, i) => {
    const li = box.children[i];
    attribute(li, "data-state", a.state);
    text(li.querySelector(".armed"), a.armed === null || a.armed === undefined ? "" : a.armed ? "armed" : "disarmed: wakes nobody");
    text(li.querySelector(".state"), words[a.state] || a.state);
    text(li.querySelector(".doc"), a.state === "ALARM" ? a.text + ", since " + clock(a.since) : a.condition || a.text);
  });
}

const row = a => el("li", {}, el("code", {}, a.name), a.pages ? el("span", { class: "chip" }, "pages") : null, el("span", { class: "armed" }), el("span", { class: "state" }), el("span", { class: "doc" }));

function note(box, notes) {
  box.hidden = notes.length === 0;
  if (box.dataset.notes === notes.join("\n")) return;
  box.dataset.notes = notes.join("\n");
  box.replaceChildren(...notes.map(n => el("li", {}, n)));
}
