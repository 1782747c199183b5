// tempo.mjs plays what is buffered while nothing new comes, with the element's
// own tempo, and then a stream that goes on: node player/testdata/tempo.mjs
// prints how long each buffer lasted and how fast it was played, in seconds.
import { makeTempo } from '../runtime/tempo.js';

const cfg = { target_duration: 2, slowest: 0.5, fastest: 1.1 };
const tick = 0.25;

const rows = [6, 7, 8].flatMap((buffered) => [false, true].map((muted) => {
  const video = { playbackRate: 1, muted };
  const tempo = makeTempo(video, cfg, () => 1);
  let t = 0;
  let slowest = 1;
  for (let left = buffered; left > 0; t += tick) {
    tempo.step(t, left, 0);
    slowest = Math.min(slowest, video.playbackRate);
    left -= video.playbackRate * tick;
  }
  // The stream is back with as much as before, and the viewer is 2 s behind.
  let late = 2;
  let caught = 0;
  for (; caught < 60; caught += tick) {
    tempo.step(0, buffered, late);
    if (video.playbackRate === 1) break;
    late -= (video.playbackRate - 1) * tick;
  }
  return { buffered, muted, lasted: t, slowest, caught, late };
}));
console.log(JSON.stringify(rows));
