
// makeControls adds what the browser's or Video.js' own controls lack: the
// way back to live, the quality menu, unmute, a first play button, keys.
function makeControls(root, cfg, act) {
  const video = act.video;
  const bar = element('div', 'streamwatch-bar');
  const live = element('button', 'streamwatch-live', words.live);
  const unmute = element('button', 'streamwatch-unmute', words.unmute);
  const quality = element('select', 'streamwatch-quality');
  const play = element('button', 'streamwatch-play', words.play);
  for (const b of [live, unmute, play]) {
    b.type = 'button';
    b.hidden = true;
  }
  quality.setAttribute('aria-label', words.quality);
  quality.hidden = true;
  bar.append(live, quality, unmute);
  root.append(bar, play);

  const listeners = [];
  function on(target, type, handler) {
    target.addEventListener(type, handler);
    listeners.push(() => target.removeEventListener(type, handler));
  }
  on(live, 'click', () => act.golive());
  on(play, 'click', () => act.play());
  on(unmute, 'click', () => {
    act.unmute();
    video.focus();
  });
  on(quality, 'change', () => act.quality(Number(quality.value)));
  on(video, 'volumechange', refresh);
  on(root, 'keydown', key);

  function refresh() {
    unmute.hidden = !(video.muted && act.playing() && cfg.autoplay !== 'off');
  }

  // edge shows whether the viewer is at the live edge; nothing for a recording.
  function edge(known, atEdge) {
    live.hidden = !known || act.ownLiveButton;
    live.textContent = atEdge ? words.live : words.golive;
    live.setAttribute('aria-pressed', String(atEdge));
  }

  function levels(labels) {
    quality.textContent = '';
    quality.hidden = labels.length < 2;
    [words.auto].concat(labels).forEach((label, i) => {
      const o = element('option', '', label);
      o.value = String(i - 1);
      quality.append(o);
    });
  }

  function key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const tag = event.target.tagName;
    if (tag === 'INPUT' || tag === 'SELECT' || tag === 'TEXTAREA') return;
    if (event.key === ' ' && tag !== 'VIDEO' && tag !== 'DIV') return; // the button's own
    const seek = (seconds) => {
      if (!cfg.dvr) return;
      video.currentTime += seconds;
    };
    const keys = {
      ' ': act.toggle,
      k: act.toggle,
      m: () => { video.muted = !video.muted; },
      f: act.fullscreen,
      c: act.captions,
      l: act.golive,
      ArrowLeft: () => seek(-10),
      ArrowRight: () => seek(10),
    };
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }

  return {
    edge,
    levels,
    refresh,
    askPlay: (ask) => { play.hidden = !ask; },
    destroy: () => {
      listeners.forEach((off) => off());
      bar.remove();
      play.remove();
    },
  };
}
