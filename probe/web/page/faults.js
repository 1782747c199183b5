// The faults of the demo: inject and clear. The section is not there when a
// real stream is watched.
import { ask, attribute, byId, el, text } from "./view.js";

const path = "/api/v1/demo/faults";
const buttons = new Map();

export function startFaults() {
  if (document.documentElement.dataset.demo !== "true") return;
  byId("faults").hidden = false;
  byId("clear-faults").addEventListener("click", () => change("DELETE", {}));
  refresh();
  setInterval(() => { if (!document.hidden) refresh(); }, 3000);
}

const refresh = () => ask(path).then(show, () => {});

async function change(method, request) {
  try {
    show(await ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(request) }));
    text(byId("fault-note"), "");
  } catch (e) {
    text(byId("fault-note"), e.message);
  }
}

function show({ faults, active }) {
  const on = new Set(active.map(f => f.name));
  for (const fault of faults) {
    if (!buttons.has(fault.name)) {
      const button = el("button", { type: "button" }, el("code", {}, fault.name), el("span", { class: "chip" }, fault.where), el("span", { class: "doc" }, fault.title));
      button.addEventListener("click", () => change(button.getAttribute("aria-pressed") === "true" ? "DELETE" : "POST", { name: fault.name }));
      buttons.set(fault.name, button);
      byId("fault-list").append(el("li", {}, button));
    }
    attribute(buttons.get(fault.name), "aria-pressed", String(on.has(fault.name)));
  }
  byId("clear-faults").disabled = on.size === 0;
}
