// The preview of the stream's embed, as viewers get it, and what to make of it
// while there is nothing to see.
import { attribute, byId, clock, el, text } from "./view.js";

const titles = { hlsjs: "hls.js", videojs: "Video.js", native: "Native", iframe: "iframe" };
const kinds = (document.documentElement.dataset.kinds || "").split(" ").filter(Boolean);
const many = 8; // with more streams than these nothing plays before it is asked for
const lookAgain = 3000;

let kind = null, stream = "", shown = "", timer = 0;

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

// stopPlayer takes the preview away while another view is shown.
export function stopPlayer() {
  clearTimeout(timer);
  shown = "";
  byId("frame").replaceChildren();
}

function paint() {
  for (const b of byId("kinds").children) attribute(b, "aria-pressed", b.dataset.kind === kind ? "true" : null);
  if (kind === "off") {
    shown = "";
    return say("The preview is off.");
  }
  const src = "/embed/" + encodeURIComponent(stream) + "/" + encodeURIComponent(kind);
  if (src !== shown) load(src);
}

const say = words => byId("frame").replaceChildren(el("p", { class: "note" }, words));

// load shows the preview once there is one: before, its address answers 404.
async function load(src) {
  clearTimeout(timer);
  shown = src;
  const answer = await fetch(src, { method: "HEAD" }).catch(() => null);
  if (shown !== src) return;
  if (!answer?.ok) {
    say("The embed of " + stream + " is not written yet. It takes a moment after the start, and comes by itself.");
    timer = setTimeout(() => shown === src && load(src), lookAgain);
    return;
  }
  byId("frame").replaceChildren(el("iframe", { src, title: "Preview of " + stream + " in " + (titles[kind] || kind), allow: "autoplay; fullscreen; picture-in-picture", referrerpolicy: "same-origin" }));
}

// tellPlayer says beside the picture why there may be none, or why there is one
// although the verdict is bad.
export function tellPlayer(snapshot, chosen) {
  const at = iso => iso ? " at " + clock(iso) : "", reason = (chosen.reason || snapshot.reason || "its own network is the suspect").replace(/[.\s]+$/, "");
  const words = {
    blind: "The monitor is blind: " + reason + ". This preview is played by your browser, over your own network: it may well work.",
    waiting: snapshot.starts ? "The event starts" + at(snapshot.starts) + ". Until then viewers see the embed’s waiting message." : "Nothing to play yet: viewers see the embed’s waiting message.",
    ended: "The stream has ended" + at(chosen.since) + ". Viewers see the embed’s closing message, or what is left in the playlist.",
    down: "No viewer can be sure to play this now. What the preview still shows may be left in its buffer.",
  };
  const says = words[chosen.verdict] || "";
  byId("player-note").hidden = !says;
  text(byId("player-note"), says);
}
