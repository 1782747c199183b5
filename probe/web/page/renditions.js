// The renditions of the chosen stream: edge and origin side by side, or of an
// event with several edges each edge beside the others.
import { attribute, badge, byId, clock, el, milliseconds, none, seconds, setBadge, text, whole } from "./view.js";

// Columns: label for narrow screens, side, value of a side, whether it is a number.
const pair = [
  ["State", "edge", null],
  ["Sequence", "edge", s => whole(s.media_sequence), true],
  ["Seg. age", "edge", s => seconds(s.last_segment_age_seconds), true, "age"],
  ["Status", "edge", answer, true],
  ["Cache", "edge", s => s.cache || none],
  ["Age", "edge", s => seconds(s.object_age_seconds), true],
  ["Fetch", "edge", s => milliseconds(s.fetch_seconds), true],
  ["Lag", "", null, true],
  ["State", "origin", null],
  ["Sequence", "origin", s => whole(s.media_sequence), true],
  ["Seg. age", "origin", s => seconds(s.last_segment_age_seconds), true, "age"],
  ["Status", "origin", answer, true],
  ["Fetch", "origin", s => milliseconds(s.fetch_seconds), true],
];

// Where there are several edges each has the columns that tell them apart.
const perEdge = [["State", null], ["Seg. age", s => seconds(s.last_segment_age_seconds), true, "age"], ["Status", answer, true], ["Cache", s => s.cache || none], ["Lag", null, true]];
const ofOrigin = pair.filter(([label, side]) => side === "origin" && label !== "Sequence" && label !== "Fetch");

function several(edges) {
  const of = ({ name }) => perEdge.map(([label, value, number, kind]) => [label, "edge", value, number, kind, name]);
  return [...edges.flatMap(of), ...ofOrigin];
}

let columns = pair, told = "";

// arrange makes the columns, and their heads, those of the event's edges.
function arrange(edges) {
  const names = edges.map(e => e.name).join("\n");
  if (names === told) return;
  told = names;
  columns = several(edges);
  rows.clear();
  byId("rendition-rows").replaceChildren();
  const head = document.querySelector(".pairs thead"), [groups, labels] = head.rows;
  head.parentElement.classList.add("several");
  const group = (name, side, span) => el("th", { role: "columnheader", scope: "colgroup", colspan: span, class: "of-" + side }, name);
  groups.replaceChildren(groups.cells[0], ...edges.map(e => group(e.name, "edge", perEdge.length)), group("Origin", "origin", ofOrigin.length));
  labels.replaceChildren(labels.cells[0], ...columns.map(c => el("th", { role: "columnheader", scope: "col", class: classes(c) }, c[0])));
}

const classes = ([label, side, , number]) => [number ? "n" : "", side ? "of-" + side : "lag", told && label === "State" ? "begins" : ""].join(" ").trim();

// factsOf is what is known of a rendition where a column is about.
const factsOf = (rendition, [, side, , , , edge]) => edge ? rendition.edges?.[edge] : rendition[side];

const words = { limit: "beyond our limit", canceled: "–" };

function answer(s) {
  return s.phase ? s.phase : s.failure ? words[s.failure] || s.failure : s.status ? String(s.status) : none;
}

const rows = new Map();
let shown = "", last;

// Where an event is watched from several vantages, one of them can be chosen;
// with none chosen each rendition is as the worst vantage sees it.
let vantage = "";

byId("vantages").addEventListener("click", e => {
  const button = e.target.closest("button");
  if (!button) return;
  vantage = button.dataset.vantage;
  showRenditions(...last);
});

// seenFrom shows the choice of vantages and returns the renditions as the chosen
// one sees them.
function seenFrom(stream) {
  const box = byId("vantages"), all = stream.vantages || [];
  box.hidden = all.length === 0;
  if (all.length === 0) return stream.renditions;
  if (!all.some(v => v.name === vantage)) vantage = "";
  const names = ["", ...all.map(v => v.name)];
  if ([...box.children].map(b => b.dataset.vantage).join("\n") !== names.join("\n") || box.children.length === 0)
    box.replaceChildren(...names.map(name => el("button", { type: "button", "data-vantage": name }, ...(name ? [name + " ", badge("waiting")] : ["Worst of all"]))));
  for (const b of box.children) {
    const one = all.find(v => v.name === b.dataset.vantage);
    attribute(b, "aria-pressed", String(b.dataset.vantage === vantage));
    if (!one) continue;
    setBadge(b.querySelector(".badge"), one.verdict);
    attribute(b, "title", one.gone_since ? "nobody has watched from here since " + clock(one.gone_since) : null);
  }
  return all.find(v => v.name === vantage)?.renditions || stream.renditions;
}

export function showRenditions(snapshot, stream, open) {
  last = [snapshot, stream, open];
  if (snapshot.edges) arrange(snapshot.edges);
  if (stream.name !== shown) {
    rows.clear();
    byId("rendition-rows").replaceChildren();
    shown = stream.name;
  }
  text(byId("renditions-title"), "Renditions of " + stream.name);
  text(byId("paths"), [...(snapshot.edges?.map(e => e.name + " " + e.url) || [snapshot.edge && "edge " + snapshot.edge]), snapshot.origin && "origin " + snapshot.origin].filter(Boolean).join("   "));
  tellEmpty(stream, open);
  const renditions = seenFrom(stream), names = new Set(renditions.map(r => r.name));
  for (const [name, row] of rows) if (!names.has(name)) row.remove(), rows.delete(name);
  renditions.forEach((rendition, i) => {
    let row = rows.get(rendition.name);
    if (!row) rows.set(rendition.name, row = newRow(rendition.name));
    if (byId("rendition-rows").children[i] !== row) byId("rendition-rows").insertBefore(row, byId("rendition-rows").children[i] || null);
    paint(row, rendition);
  });
}

// tellEmpty says why there is no row: a table without one explains nothing.
function tellEmpty(stream, open) {
  const none = stream.renditions.length === 0, why = stream.open_incidents.map(id => open.get(id)).find(Boolean);
  byId("pairs").hidden = none;
  byId("no-renditions").hidden = !none;
  if (!none) return;
  const words = {
    blind: "streamwatch cannot see them: " + (stream.reason || "its own network is the suspect") + ".",
    ended: "The stream has ended, and its playlists are gone.",
    waiting: "None yet. They appear once the multivariant playlist of " + stream.name + " can be read.",
  };
  text(byId("no-renditions"), words[stream.verdict] || "None is known: the multivariant playlist of " + stream.name + " could not be read so far" + (why ? " (" + why.summary + ")." : "."));
}

function newRow(name) {
  const row = el("tr", { role: "row" }, el("th", { scope: "row", role: "rowheader" }, name || "multivariant"));
  for (const column of columns) {
    const [label, , value] = column;
    const cell = el("td", { role: "cell", class: classes(column), "data-label": label, "data-edge": column[5] });
    if (label === "State") cell.append(badge("waiting"));
    else if (value || label === "Lag") cell.append(el("span"));
    row.append(cell);
  }
  return row;
}

function paint(row, rendition) {
  attribute(row, "data-verdict", rendition.verdict);
  const late = rendition.target_duration ? 3 * rendition.target_duration : Infinity;
  columns.forEach((column, i) => {
    const [label, , value, , kind] = column, cell = row.cells[i + 1], facts = factsOf(rendition, column);
    if (label === "Lag") {
      const { edge_lag_seconds: lag, edge_lag_segments: segments } = column[5] ? facts || {} : rendition;
      text(cell.firstChild, seconds(lag) + (segments ? " / " + segments : ""));
      attribute(cell, "title", segments == null ? null : segments + " segments");
      attribute(cell, "data-late", lag > late ? "true" : null);
    } else if (label === "State") {
      cell.firstChild.hidden = !facts;
      if (facts) setBadge(cell.firstChild, facts.verdict);
      attribute(cell, "title", facts ? facts.url : null);
    } else {
      text(cell.firstChild, facts ? value(facts) : none);
      if (kind === "age") attribute(cell, "data-late", facts && facts.last_segment_age_seconds > late ? "true" : null);
      if (value === answer) attribute(cell, "data-late", facts && (facts.failure || facts.status >= 400) ? "true" : null);
    }
  });
}
