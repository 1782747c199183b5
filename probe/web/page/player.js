// The preview of the stream's embed, as viewers get it.
import { attribute, byId, el } from "./view.js";

const titles = { hlsjs: "hls.js", videojs: "Video.js", native: "Native", iframe: "iframe" };
const kinds = (document.documentElement.dataset.kinds || "").split(" ").filter(Boolean);
const many = 8; // with more streams than these nothing plays before it is asked for

let kind = null, stream = "";

export function showPlayer(name, streams) {
  if (!kinds.length) return;
  byId("player").hidden = false;
  if (kind === null) kind = streams > many ? "off" : kinds[0];
  stream = name;
  if (!byId("kinds").firstChild) {
    byId("kinds").append(...[...kinds, "off"].map(k => {
      const button = el("button", { type: "button", "data-kind": k }, titles[k] || (k === "off" ? "Off" : k));
      button.addEventListener("click", () => { kind = k; paint(); });
      return button;
    }));
  }
  paint();
}

function paint() {
  for (const b of byId("kinds").children) attribute(b, "aria-pressed", b.dataset.kind === kind ? "true" : null);
  const frame = byId("frame");
  if (kind === "off") {
    frame.replaceChildren(el("p", { class: "note" }, "The preview is off."));
    return;
  }
  const src = "/embed/" + encodeURIComponent(stream) + "/" + encodeURIComponent(kind);
  if (frame.firstChild?.getAttribute?.("src") === src) return;
  frame.replaceChildren(el("iframe", { src, title: "Preview of " + stream + " in " + (titles[kind] || kind), allow: "autoplay; fullscreen; picture-in-picture", referrerpolicy: "same-origin" }));
}
