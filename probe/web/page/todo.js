// What to do first, by whose fault it is: general steps, beside what the check
// itself explains.
const steps = {
  encoder: [
    "Look at the encoder and the packager first: are they running, and does their clock run?",
    "Repeat the curl line against the origin. What is wrong there is wrong for everyone.",
    "Fail over to the backup encoder where there is one. The incident closes by itself once the playlist is sound again.",
  ],
  origin: [
    "Look at the origin server: its load, its disk, its log for the request below.",
    "Repeat the curl line against the origin from the machine itself, then from outside: this tells the server from the way to it.",
    "If the CDN still has good copies, leave them: invalidating would send every viewer to the origin.",
  ],
  cdn: [
    "Repeat the curl line against the edge and compare Age, X-Cache and the playlist with the origin's.",
    "Look at the status page of the CDN. Name the pop and the request id of the evidence in the ticket.",
    "Where a second edge is set up and well, send viewers there. Invalidating the playlists helps only if the edge keeps an old copy.",
  ],
  path: [
    "The monitor's own network is the suspect: look at its uplink, DNS and proxy before anything else.",
    "Ask from another place (another vantage, a phone) whether the stream plays.",
  ],
  config: [
    "Somebody's setting causes this: a TTL, a policy, a token, a header. What changed last?",
    "The clause below says what the setting has to be. `streamwatch provision --print template` shows ours for CloudFront.",
  ],
  unknown: [
    "Nobody is proven guilty yet. Repeat the curl line against both sides and compare.",
    "Wait for the next update of the incident: more evidence often names the culprit within seconds.",
  ],
};

export const todo = incident => steps[incident.blame] || steps.unknown;
