// The messages between a framed page and the page that frames it, version 1.
// docs/embeds.md describes them.
const version = 1;

// speak connects one player with the page around the frame. origins are those
// that may give orders; without any it is the one that the browser names as the
// page that loaded the frame.
export function speak(player, origins) {
  if (window.parent === window) return;
  const allowed = origins && origins.length ? origins : [referrer()].filter(Boolean);
  const may = (origin) => allowed.some((a) => a === '*' || a === origin || matches(a, origin));
  // A list may have patterns, and a message needs one address.
  let target = allowed.find((a) => !a.includes('*')) || '';
  if (allowed.length > 1 || !target) target = may(referrer()) ? referrer() : target;
  const say = (message) => { if (target) window.parent.postMessage({ streamwatch: version, ...message }, target); };
  const status = () => ({ state: player.state, paused: player.paused, muted: player.muted, volume: player.volume, currentTime: player.currentTime, latency: player.latency });
  const commands = {
    play: () => player.play(),
    pause: () => player.pause(),
    mute: () => { player.muted = true; },
    unmute: () => { player.muted = false; },
    volume: (v) => { if (v >= 0 && v <= 1) player.volume = v; },
    golive: () => player.golive(),
    reload: () => player.reload(),
    status: () => {},
  };
  window.addEventListener('message', ({ source, origin, data }) => {
    if (source !== window.parent || !may(origin) || !data || typeof data !== 'object' || data.streamwatch === undefined) return;
    target = origin;
    const answer = { id: data.id, command: data.command };
    if (data.streamwatch !== version) say({ ...answer, type: 'error', reason: 'version ' + version + ' is spoken here' });
    else if (!Object.prototype.hasOwnProperty.call(commands, data.command)) say({ ...answer, type: 'error', reason: 'unknown command' });
    else {
      commands[data.command](data.value);
      say({ ...answer, type: 'status', ...status() });
    }
  });
  player.addEventListener('streamwatch', ({ detail }) => say({ type: 'event', detail }));
  say({ type: 'hello' });
}

function referrer() {
  try { return new URL(document.referrer).origin; } catch { return ''; }
}

// matches understands https://*.example.com, as a Content-Security-Policy does.
function matches(pattern, origin) {
  const [scheme, host] = pattern.split('://*.');
  return Boolean(host) && origin.startsWith(scheme + '://') && origin.endsWith('.' + host);
}
