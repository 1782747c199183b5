// The dialog in which somebody acknowledges an incident or silences what it is
// about: who, why, and for how long. Nothing is sent before its button is pressed.
import { ask, byId, el, text } from "./view.js";
import { streamsOf } from "./sentence.js";

export const takesActions = document.documentElement.dataset.desk === "true";
const remembered = "streamwatch.by"; // who acts, so that it is typed once

const send = (method, path, body) => ask(path, { method, headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body) });

let submit = null;

// actionsOf are the buttons of an open incident.
export function actionsOf(incident) {
  if (!takesActions) return null;
  const ack = incident.acknowledged;
  return el("p", { class: "actions" },
    ack ? button("Take back acknowledgement", () => unacknowledge(incident)) : button("Acknowledge", () => acknowledge(incident)),
    button(incident.silenced ? "Silence for longer" : "Silence", () => silence(incident)));
}

function button(words, act) {
  const b = el("button", { type: "button" }, words);
  b.addEventListener("click", act);
  return b;
}

function acknowledge(incident) {
  show("Acknowledge", "“" + incident.summary + "”: nobody is reminded of it any more. Changes of it, and its end, are still told.", {
    note: "What are you doing about it?",
    go: by => send("POST", "/api/v1/incidents/" + encodeURIComponent(incident.id) + "/ack", { by, note: byId("act-reason").value }),
  });
}

function unacknowledge(incident) {
  show("Take back acknowledgement", "“" + incident.summary + "” is repeated again until somebody acknowledges it.", {
    go: by => send("DELETE", "/api/v1/incidents/" + encodeURIComponent(incident.id) + "/ack", { by }),
  });
}

function silence(incident) {
  const streams = streamsOf(incident), who = streams.length === 1 ? streams[0] : "its " + streams.length + " streams";
  show("Silence", "Checks go on, and the page shows what they find. Nobody is told of it meanwhile, and its alarms stay quiet.", {
    note: "Why? Others read this",
    choices: [["check", incident.check + " on " + who], ["streams", "everything on " + who], ["all", "everything of the event"]],
    go: by => send("POST", "/api/v1/silences", {
      by, reason: byId("act-reason").value, for: byId("act-for").value, ...whatOf(incident, streams),
    }),
  });
}

function whatOf(incident, streams) {
  const choice = byId("act-what").value;
  return choice === "all" ? { all: true } : choice === "streams" ? { streams } : { streams, check: incident.check };
}

// endSilence asks before it ends one.
export function endSilence(silence, what) {
  show("End silence", "People are told again of " + what + ", at once of what is open.", {
    go: by => send("DELETE", "/api/v1/silences/" + encodeURIComponent(silence.id), { by }),
  });
}

// show opens the dialog: what it does, and the fields that it needs.
function show(title, explains, { note, choices, go }) {
  text(byId("act-title"), title);
  text(byId("act-explains"), explains);
  text(byId("act-wrong"), "");
  text(byId("act-go"), title);
  byId("act-reason-row").hidden = !note;
  text(byId("act-reason-label"), note || "");
  byId("act-reason").required = !!note && !!choices;
  byId("act-reason").value = "";
  byId("act-silence").hidden = !choices;
  byId("act-what").replaceChildren(...(choices || []).map(([value, words]) => el("option", { value }, words)));
  byId("act-by").value = localStorage.getItem(remembered) || "";
  submit = go;
  byId("act").showModal();
}

async function done(e) {
  e.preventDefault();
  const by = byId("act-by").value.trim();
  localStorage.setItem(remembered, by);
  byId("act-go").disabled = true;
  try {
    await submit(by);
    byId("act").close();
    dispatchEvent(new Event("acted"));
  } catch (problem) {
    text(byId("act-wrong"), problem.message);
  } finally {
    byId("act-go").disabled = false;
  }
}

byId("act-form").addEventListener("submit", done);
byId("act-cancel").addEventListener("click", () => byId("act").close());
