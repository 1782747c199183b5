// crowd.mjs simulates many pages of one stream with the very functions of the
// element: node player/testdata/crowd.mjs prints requests per second.
import { jitter, pauseFor, retryPause, wakePause } from '../runtime/pace.js';

const viewers = 100000;
const target = 2; // seconds; a page that plays asks for a playlist and a segment in each
const healthy = 2 / target;

// random is the same in every run (mulberry32).
let seed = 1;
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

// simulate counts requests per second; next gives the pause after the look at t.
function simulate(first, next, until) {
  const counts = new Float64Array(until);
  for (let v = 0; v < viewers; v += 1) {
    for (let t = first(); t < until; t += next(t)) counts[Math.floor(t)] += 1;
  }
  return counts;
}

const mean = (counts, from, to) => counts.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
const peak = (counts, from, to) => Math.max(...counts.slice(from, to));
const rows = [];
const row = (what, from, to, counts) => rows.push({ what, from, to, mean: Math.round(mean(counts, from, to)), peak: Math.round(peak(counts, from, to)) });

// All pages play, and everything fails at 0: the library asks again at the pace
// of a reload, and after a minute each page with single requests.
const dead = simulate(
  () => random() * target,
  (t) => (t < 60 ? retryPause(target, random()) : pauseFor({ elapsed: t, quick: retryPause(target, random()) }, random())),
  1800,
);
row('an outage', 0, 10, dead);
row('an outage', 10, 60, dead);
row('an outage', 60, 300, dead);
row('a dead stream', 300, 1800, dead);

// All pages are open an hour before the start, and the stream is on time.
const early = simulate(() => random() * 60, (t) => pauseFor({ elapsed: t, toStart: 3600 - t }, random()), 3600);
row('an hour before the start', 60, 3540, early);
row('the last minute before it', 3541, 3600, early);

// The stream is an hour late, then two.
const late = simulate(() => random() * 60, (t) => pauseFor({ elapsed: t, toStart: -t }, random()), 3600);
row('the first minute after it, no stream', 1, 60, late);
row('five minutes late and more', 420, 3600, late);

// Everybody's network comes back in one moment.
const woken = simulate(() => wakePause(random()), () => Infinity, 3);
row('the network is back, everywhere at once', 0, 1, woken);

// EXT-X-ENDLIST at 0, and nothing follows.
const paused = simulate(() => random() * target, (t) => pauseFor({ elapsed: t, quick: 2 }, random()), 600);
row('paused', 0, 60, paused);
row('paused', 300, 600, paused);

console.log(JSON.stringify({ viewers, healthy: healthy * viewers, spread: jitter(1, 1) - jitter(1, 0), rows }));
