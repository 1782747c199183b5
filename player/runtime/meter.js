import { json, moment, seconds } from './dom.js';

// makeMeter sends what this viewer experienced, if a beacon address is set:
// sums since the last beacon, every 30 s and when the page goes away. It holds
// no identity and sends nothing when nothing happened.
export function makeMeter(host, video, cfg) {
  if (!cfg.beacon || !navigator.sendBeacon) return () => {};
  let sum = {};
  let kind; // of the engine
  let started = false; // there was a picture
  let failed = false; // before it
  let at = 0; // position seen last
  let when = seconds();
  const add = (name, n) => { sum[name] = Math.round(((sum[name] || 0) + n) * 1000) / 1000; };
  const listen = ({ detail }) => {
    kind = detail.kind;
    // Who waited for a stream that was not there yet did not see it start
    // slowly, and each try of the wait is no error of its own.
    if (detail.type === 'playing') {
      started = true;
      if (!failed) add('startup_seconds', detail.seconds);
    }
    if (detail.type === 'stall') { add('stalls', 1); add('stall_seconds', detail.seconds); }
    if (detail.type === 'error' && detail.fatal) {
      const early = moment(cfg.starts) > Date.now();
      if (started || !(failed || early)) add('errors', 1);
      failed = true;
    }
    if (detail.type === 'latency') sum.latency_seconds = Math.round(detail.seconds * 1000) / 1000;
  };
  // played counts the time in which the picture moved: a jump is no playing.
  const played = () => {
    const now = seconds();
    const moved = Math.min(video.currentTime - at, now - when);
    if (moved > 0) add('played_seconds', moved);
    at = video.currentTime;
    when = now;
  };
  const send = () => {
    played();
    if (!kind || Object.keys(sum).length === 0) return;
    navigator.sendBeacon(cfg.beacon, json({ event: cfg.event, stream: cfg.stream, kind, ...sum }));
    sum = {};
  };
  const moving = setInterval(played, 1000);
  const timer = setInterval(send, 30000);
  host.addEventListener('streamwatch', listen);
  window.addEventListener('pagehide', send);
  return () => {
    send();
    clearInterval(moving);
    clearInterval(timer);
    host.removeEventListener('streamwatch', listen);
    window.removeEventListener('pagehide', send);
  };
}
