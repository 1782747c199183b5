// All incidents, open and past, by filter and page by page. The filter stands in
// the address, so that a list can be sent to a colleague.
import { ask, byId, el, text, time } from "./view.js";
import { blames, count, where } from "./sentence.js";
import { lasted, severityOf } from "./parts.js";
import { ticks } from "./incidents.js";
import { linkToIncident, linkToIncidents } from "./route.js";
import { state } from "./feed.js";

const page = 50;
const fields = ["state", "severity", "blame", "stream", "text"];
let visited = [""], next = "", turn = 0, timer = 0, openSaid = "", visible = false;

const control = name => byId("list-" + name);

// openList shows the list that the address asks for.
export function openList(said) {
  visible = true;
  for (const name of fields) control(name).value = said.get(name) || "";
  byId("list-streams").replaceChildren(...[...state.streams.keys()].sort().map(name => el("option", { value: name })));
  visited = [""];
  load();
}

export function hideList() {
  visible = false;
  turn++;
}

// refreshList asks again when other incidents are open than a moment ago.
export function refreshList() {
  const said = [...state.open.keys()].join(" ");
  if (said === openSaid || visited.length > 1) return;
  openSaid = said;
  load();
}

async function load() {
  const mine = ++turn, before = visited.at(-1), query = new URLSearchParams({ limit: page });
  openSaid = [...state.open.keys()].join(" ");
  for (const name of fields) if (control(name).value.trim() && name !== "state") query.set(name, control(name).value.trim());
  if (control("state").value) query.set("open", String(control("state").value === "open"));
  if (before) query.set("before", before);
  let answer;
  try {
    answer = await ask("/api/v1/incidents?" + query);
  } catch (e) {
    if (mine === turn) text(byId("list-said"), e.message);
    return;
  }
  if (mine !== turn || !visible) return;
  next = answer.next || "";
  byId("list-rows").replaceChildren(...answer.incidents.map(row));
  const filtered = fields.some(name => control(name).value);
  const from = (visited.length - 1) * page;
  text(byId("list-said"), answer.incidents.length ? (next || from ? (from + 1) + " to " + (from + answer.incidents.length) + ", newest first" : count(answer.incidents.length, "incident") + ", newest first")
    : filtered ? "No incident matches this filter." : "No incident so far.");
  byId("list-table").hidden = !answer.incidents.length;
  byId("list-newer").disabled = visited.length === 1;
  byId("list-older").disabled = !next;
}

function row(incident) {
  return el("tr", { "data-severity": incident.severity },
    el("td", { class: "when" }, time(incident.began), el("span", { class: "where" }, incident.closed ? lasted(incident) + (incident.closed_because ? ", " + incident.closed_because : "") : el("span", {}, el("strong", {}, "open"), ", ", ticks(incident)))),
    el("td", { class: "what" }, el("span", {}, severityOf(incident), " ", el("a", { href: linkToIncident(incident.id) }, incident.summary)), el("span", { class: "where" }, where(incident))),
    el("td", { class: "who" }, blames[incident.blame] || incident.blame));
}

function turnTo(pages) {
  visited = pages;
  load();
  byId("title-incidents").scrollIntoView();
}

// changed follows the form; the text is asked for once it rests.
function changed() {
  history.replaceState(null, "", linkToIncidents(Object.fromEntries(fields.map(name => [name, control(name).value.trim()]))));
  visited = [""];
  clearTimeout(timer);
  timer = setTimeout(load, 250);
}

byId("list-form").addEventListener("input", changed);
byId("list-form").addEventListener("submit", e => e.preventDefault());
byId("list-form").addEventListener("reset", () => setTimeout(changed));
byId("list-older").addEventListener("click", () => turnTo([...visited, next]));
byId("list-newer").addEventListener("click", () => turnTo(visited.slice(0, -1)));
