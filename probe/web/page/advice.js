// What is worth knowing of the chosen stream: findings that open no incident.
import { byId, el, text } from "./view.js";

export function showAdvice(stream) {
  const list = stream.advice || [], box = byId("advice-list");
  byId("advice").hidden = list.length === 0;
  text(byId("advice-tally"), String(list.length));
  const now = JSON.stringify(list);
  if (box.dataset.shown === now) return;
  box.dataset.shown = now;
  box.replaceChildren(...list.map(a => el("li", {}, el("code", {}, a.check), el("span", {}, a.summary),
    el("span", { class: "doc" }, a.detail + " · " + [a.side, a.renditions.filter(Boolean).join(", ")].filter(Boolean).join(" · ")))));
}
