// The address says what is shown, so that each view can be linked to:
//   #stream=main   #incident=ID   #incidents&blame=cdn   #wall   (also ?view=wall)

// readAddress returns the view and what the address says of it.
export function readAddress() {
  const said = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
  if (said.get("incident")) return { view: "incident", id: said.get("incident"), said };
  for (const view of ["incidents", "wall"]) if (said.has(view)) return { view, said };
  if (!location.hash && new URLSearchParams(location.search).get("view") === "wall") return { view: "wall", said };
  return { view: "event", stream: said.get("stream") || "", said };
}

export const linkToIncident = id => "#incident=" + encodeURIComponent(id);
export const linkToStream = name => "#stream=" + encodeURIComponent(name);

// linkToIncidents is the list with a filter; what is empty stays out.
export function linkToIncidents(filter = {}) {
  const said = Object.entries(filter).filter(([, v]) => v);
  return "#incidents" + said.map(([k, v]) => "&" + k + "=" + encodeURIComponent(v)).join("");
}
