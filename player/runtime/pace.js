// How often a page may ask while there is no stream. Every figure is in seconds.
// player/testdata/crowd.mjs shows what a hundred thousand pages do with it.

// phases of an outage or a wait: so long after it began, and the pause then.
const phases = [{ until: 60, pause: 0 }, { until: 120, pause: 5 }, { until: 180, pause: 15 }, { until: 240, pause: 60 }, { until: Infinity, pause: 130 }];
const soon = 60; // around the announced start, and after a failure, pages hurry
const minute = 60; // between two looks long before the start
const hiddenPause = 15; // nobody sees a hidden page wait

export const slowAfter = soon; // from then on a page asks with single requests

// jitter spreads pages that began to wait at the same moment.
export const jitter = (seconds, random = Math.random()) => seconds * (0.75 + random / 2);

// wakePause is the wait after the network or the page has come back: many do so at once.
export const wakePause = (random = Math.random()) => random;

// retryPause is the wait before a failed playlist is asked for again: in step
// with the reloads of a stream that plays, so that an outage adds no load.
export const retryPause = (target, random = Math.random()) => jitter(Math.min(Math.max(0.45 * target, 0.5), 3), random);

// pauseFor is the wait before the next look. elapsed counts from the first
// failure, toStart is the time until the announced start, negative after it and
// NaN when none is announced, quick is the pause while the page hurries.
export function pauseFor({ elapsed, toStart = NaN, quick = 1, hidden = false }, random = Math.random()) {
  let pause;
  if (toStart > soon) {
    // The last long pause ends a minute before the start, not around it.
    return Math.max(Math.min(jitter(minute, random), toStart - soon + random * quick), quick * 0.75);
  } else if (toStart > -soon) {
    pause = quick;
  } else {
    const since = toStart <= -soon ? Math.min(-toStart, elapsed) : elapsed;
    pause = Math.max(quick, phases.find(({ until }) => !(since >= until)).pause);
  }
  if (hidden) pause = Math.max(pause, hiddenPause);
  // Long pauses vary more, or pages that began together would come in waves.
  return pause < 30 ? jitter(pause, random) : pause * (0.4 + 1.2 * random);
}
