// The list of streams, worst first: one row each, made once, and repainted
// only where a value differs.
import { attribute, badge, byId, clock, el, rank, seconds, setBadge, text } from "./view.js";
import { worstFirst } from "./sentence.js";
import { mutedMark } from "./silences.js";

const rows = new Map(); // by stream name
let order = "", needle = "";

byId("filter").addEventListener("input", e => {
  needle = e.target.value.trim().toLowerCase();
  for (const [name, row] of rows) row.hidden = !name.toLowerCase().includes(needle);
});

// showStreams adds and removes rows and puts them in order.
export function showStreams(state, dirty) {
  byId("streams").hidden = state.streams.size < 2;
  if (state.streams.size < 2 && rows.size === 0) return;
  const names = [...state.streams.keys()].sort((a, b) => {
    const x = state.streams.get(a), y = state.streams.get(b);
    return rank(y.verdict) - rank(x.verdict) || a.localeCompare(b, undefined, { numeric: true });
  });
  for (const [name, row] of rows) if (!state.streams.has(name)) row.remove(), rows.delete(name);
  for (const name of names) if (!rows.has(name)) rows.set(name, newRow(name)), dirty.add(name);
  const wanted = names.join("\n");
  if (wanted !== order) {
    order = wanted;
    byId("stream-rows").append(...names.map(n => rows.get(n)));
  }
  const sick = names.filter(n => rank(state.streams.get(n).verdict) > rank("ok")).length;
  text(byId("tally"), sick ? sick + " of " + names.length + " not ok" : names.length + " ok");
}

function newRow(name) {
  const button = el("button", { type: "button", class: "pick" }, badge("waiting"), el("span", { class: "name" }, name));
  const row = el("tr", { "data-stream": name }, el("td", {}, button), el("td"), el("td", { class: "n" }), el("td", { class: "n" }), el("td", { class: "wrong" }));
  row.hidden = !name.toLowerCase().includes(needle);
  return row;
}

const worst = values => values.reduce((a, b) => b == null ? a : a == null ? b : Math.max(a, b), null);

export function paintStream(state, name, selected) {
  const row = rows.get(name), stream = state.streams.get(name);
  if (!row || !stream) return;
  setBadge(row.querySelector(".badge"), stream.verdict);
  attribute(row.querySelector(".pick"), "aria-current", selected ? "true" : null);
  const cells = row.cells;
  text(cells[1], clock(stream.since));
  text(cells[2], seconds(worst(stream.renditions.map(r => (r.edge || r.origin)?.last_segment_age_seconds))));
  text(cells[3], seconds(worst(stream.renditions.map(r => r.edge_lag_seconds))));
  const top = stream.open_incidents.map(id => state.open.get(id)).filter(Boolean).sort(worstFirst)[0];
  const more = stream.open_incidents.length - 1;
  const wrong = top ? top.summary + " (" + top.blame + ")" + (more > 0 ? " +" + more : "") : stream.open_incidents.length ? stream.open_incidents.length + " open" : stream.reason;
  text(cells[4], [wrong, mutedMark(stream)].filter(Boolean).join(" · "));
}
