// DOM and words. Every text that reaches the page goes through textContent:
// names, URLs and details come from streams and are hostile.

export const byId = id => document.getElementById(id);

const svgNS = "http://www.w3.org/2000/svg";

// el makes an element: attributes, then children (elements or text).
export function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) e.setAttribute(name, "");
    else if (value !== false && value != null) e.setAttribute(name, value);
  }
  e.append(...children.filter(c => c != null));
  return e;
}

// text changes an element's text only when it differs: no repaint without cause.
export function text(e, value) {
  if (e.textContent !== value) e.textContent = value;
}

export function attribute(e, name, value) {
  if (value == null) e.removeAttribute(name);
  else if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

const verdicts = ["ended", "waiting", "ok", "blind", "degraded", "down"];

export const verdictName = v => verdicts.includes(v) ? v : "waiting";
export const rank = v => verdicts.indexOf(verdictName(v));

// badge shows a verdict by shape, colour and word.
export function badge(verdict) {
  const svg = document.createElementNS(svgNS, "svg");
  svg.setAttribute("class", "shape");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(svgNS, "use"));
  const b = el("span", { class: "badge" }, svg, el("span"));
  setBadge(b, verdict);
  return b;
}

export function setBadge(b, verdict) {
  const name = verdictName(verdict);
  attribute(b, "data-verdict", name);
  attribute(b.querySelector("use"), "href", "#v-" + name);
  text(b.lastChild, name);
}

export const none = "–";

// seconds writes a span of time as short as it stays exact enough.
export function seconds(s) {
  if (s == null) return none;
  const sign = s < 0 ? "−" : "";
  s = Math.abs(s);
  if (s < 99.95) return sign + s.toFixed(1) + " s";
  if (s < 3600) return sign + Math.floor(s / 60) + " min " + String(Math.floor(s % 60)).padStart(2, "0") + " s";
  if (s < 86400) return sign + Math.floor(s / 3600) + " h " + String(Math.floor(s % 3600 / 60)).padStart(2, "0") + " min";
  return sign + Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
}

// lasting is for spans that tick on the page: whole seconds.
export function lasting(s) {
  s = Math.max(0, Math.floor(s));
  return s < 100 ? s + " s" : seconds(s);
}

export const milliseconds = s => s == null ? none : s < 0.00995 ? (s * 1000).toFixed(1) + " ms" : s < 9.9995 ? Math.round(s * 1000) + " ms" : seconds(s);
export const whole = n => n == null ? none : String(n);

const today = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const otherDay = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

// clock writes a time of day in the zone of the reader; the zone stands at the top.
export function clock(iso) {
  if (!iso) return none;
  const t = new Date(iso);
  return (t.toDateString() === new Date().toDateString() ? today : otherDay).format(t);
}

export function zone() {
  const part = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(new Date()).find(p => p.type === "timeZoneName");
  return part ? part.value : "";
}

export const time = iso => el("time", { datetime: iso, title: iso }, clock(iso));

// offset is how far the server's clock is ahead of ours, so that ages are right
// on a laptop that is not. A snapshot may be a while old: the freshest, which
// has the largest offset, tells best. A new connection begins anew.
let offset = null;
export function setServerTime(iso, anew) {
  if (!iso) return;
  const ahead = Date.parse(iso) - Date.now();
  offset = anew || offset === null ? ahead : Math.max(offset, ahead);
}
export const now = () => Date.now() + (offset || 0);
export const since = iso => (now() - Date.parse(iso)) / 1000;

// ask fetches JSON; an answer that is none throws its reason.
export async function ask(path, options) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, ...options });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.detail ? body.detail + (body.hint ? " (" + body.hint + ")" : "") : "status " + answer.status);
  return body;
}
