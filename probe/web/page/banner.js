// The verdict on top of every view: a word, a sentence, since when, and how
// many streams fare how.
import { attribute, byId, clock, el, lasting, now, rank, since, text, verdictName } from "./view.js";
import { count, sentence, severities } from "./sentence.js";
import { showSinks } from "./sinks.js";

// tally counts the streams by verdict, worst first: [["down", 1], ["ok", 29]].
export function tally(streams) {
  const n = new Map();
  for (const s of streams.values()) n.set(verdictName(s.verdict), (n.get(verdictName(s.verdict)) || 0) + 1);
  return [...n].sort((a, b) => rank(b[0]) - rank(a[0]));
}

// headline is the verdict in a word, or for how many streams it holds.
export function headline(state) {
  const verdict = verdictName(state.snapshot.verdict), of = state.streams.size;
  const n = tally(state.streams).find(([v]) => v === verdict)?.[1] ?? 0;
  return of < 2 || n === of || n === 0 ? verdict : n + " of " + of + " " + verdict;
}

let announced = "";

export function showBanner(state) {
  const { snapshot } = state, verdict = verdictName(snapshot.verdict), word = headline(state), says = sentence(state);
  attribute(byId("verdict"), "data-verdict", verdict);
  attribute(byId("shape"), "href", "#v-" + verdict);
  attribute(byId("icon"), "href", "/assets/icon-" + verdict + ".svg");
  text(byId("word"), word);
  text(byId("also"), verdict === "ok" ? openBySeverity(state) : "");
  text(byId("sentence"), says);
  text(byId("event"), snapshot.event);
  showShare(byId("share"), state.streams);
  showSinks(snapshot);
  document.title = word.toUpperCase() + (byId("also").textContent && verdict === "ok" ? ", " + byId("also").textContent : "") + " · " + snapshot.event + " · streamwatch";
  // Texts tick along with their numbers; only what is news is read aloud.
  const news = [word, ...[...state.open.values()].map(i => [i.id, i.check, i.severity, i.blame, i.scope].join(" "))].join("\n");
  if (news !== announced && state.known) {
    announced = news;
    text(byId("announce"), word + ". " + says);
  }
  tickBanner(state);
}

// openBySeverity says what is open beside an ok: "1 warning".
export function openBySeverity(state) {
  return severities.toReversed().map(s => [[...state.open.values()].filter(i => i.severity === s).length, s])
    .filter(([n]) => n).map(([n, s]) => s === "info" ? n + " info" : s === "critical" ? n + " critical" : count(n, s)).join(", ");
}

// showShare draws how many streams fare how, as one bar.
export function showShare(box, streams) {
  const parts = tally(streams), said = JSON.stringify(parts);
  box.hidden = streams.size < 2;
  if (box.dataset.said === said) return;
  box.dataset.said = said;
  box.replaceChildren(...parts.map(([v, n]) => {
    const part = el("span", { class: "part", "data-verdict": v });
    part.style.flexGrow = n;
    return part;
  }), el("span", { class: "said" }, parts.map(([v, n]) => n + " " + v).join(" · ")));
}

export function tickBanner({ snapshot }) {
  const starts = snapshot.starts && Date.parse(snapshot.starts), ahead = (starts - now()) / 1000;
  let says = snapshot.since ? "since " + clock(snapshot.since) + ", " + lasting(since(snapshot.since)) : "\u00a0";
  if (snapshot.verdict === "waiting" && starts) {
    says = ahead > 0 ? "starts in " + lasting(ahead) : "should have started " + lasting(-ahead) + " ago";
  } else if (snapshot.ends && snapshot.verdict !== "ended") {
    const left = (Date.parse(snapshot.ends) - now()) / 1000;
    if (left > 0 && left < 3600) says += " · ends in " + lasting(left) + ", at " + clock(snapshot.ends);
  }
  text(byId("since"), says);
}
