// Parts of an incident that both its card and its own view show.
import { clock, el, seconds, text, time } from "./view.js";
import { blames, count } from "./sentence.js";

export const severityOf = incident => el("span", { class: "severity" }, incident.severity);

export const blameOf = incident => el("p", { class: "blame" }, "Blame: ", el("strong", {}, blames[incident.blame] || incident.blame));

// checkOf names the check, with a link to what it means where there is a page.
export function checkOf(incident) {
  const name = el("code", {}, incident.check), page = incident.runbook;
  return page && /^https?:/.test(page) ? el("a", { href: "/checks/" + encodeURIComponent(incident.check), title: "what it means" }, name) : name;
}

export function updatesOf(incident, open) {
  const list = incident.updates || [];
  return list.length ? el("details", { class: "updates", open }, el("summary", {}, count(list.length, "update")),
    el("ul", { class: "hit" }, ...list.map(u => el("li", {}, time(u.at), " ", u.what)))) : null;
}

// evidenceOf lists what one request showed.
export function evidenceOf(e) {
  const facts = [["at", clock(e.at)], ["status", e.failure || String(e.status)], ["cache", e.cache], ["age", e.age_seconds == null ? "" : seconds(e.age_seconds)],
    ["pop", e.pop], ["request", e.request_id], ["url", e.url]];
  const list = el("dl");
  for (const [name, value] of facts) if (value) list.append(el("dt", {}, name), el("dd", {}, value));
  return list;
}

// curlOf is the line that repeats a request, to be copied.
export const curlOf = line => el("div", { class: "curl" }, el("code", { tabindex: "0", role: "group", "aria-label": "curl line" }, line), copyButton(line));

function copyButton(line) {
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(line);
    } catch { // no clipboard without https: mark it for Ctrl+C
      getSelection().selectAllChildren(button.previousSibling);
      done = false;
    }
    text(button, done ? "Copied" : "Press Ctrl+C");
    setTimeout(() => text(button, "Copy"), 2000);
  });
  return button;
}

export const lasted = incident => incident.closed ? seconds((Date.parse(incident.closed) - Date.parse(incident.began)) / 1000) : "";
