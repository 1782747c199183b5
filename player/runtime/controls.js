import { element, listeners } from './dom.js';
import { makeMenus } from './menus.js';

// makeControls adds what the browser's or Video.js' own controls lack: the
// way back to live, menus, unmute, a first play button, keys.
export function makeControls(stage, video, cfg, words, act) {
  const bar = element('div', 'bar');
  const button = (part, text) => {
    const b = element('button', part, text);
    b.type = 'button';
    b.hidden = true;
    return b;
  };
  const live = button('live', words.live);
  const unmute = button('unmute', words.unmute);
  const play = button('play', words.play);
  const menus = makeMenus(video, cfg, words, act);
  bar.append(live, ...menus.elements, unmute);
  stage.append(bar, play);

  const { on, off } = listeners();
  on(live, 'click', () => act.golive());
  on(play, 'click', () => act.play());
  on(unmute, 'click', () => {
    act.unmute();
    video.focus();
  });
  on(video, 'volumechange', refresh);
  on(stage, 'keydown', key, true);
  on(stage, 'keyup', (event) => {
    // Chromium's own controls play and pause when Space is let go.
    if (event.key === ' ' && event.target === video) event.preventDefault();
  }, true);

  function refresh() {
    unmute.hidden = !(video.muted && act.playing() && cfg.autoplay !== 'off');
  }

  // edge shows whether the viewer is at the live edge; nothing for a recording.
  function edge(known, atEdge) {
    live.hidden = !known || act.own();
    const text = atEdge ? words.live : words.golive;
    if (live.textContent !== text) live.textContent = text;
    live.setAttribute('aria-pressed', String(atEdge));
  }

  function key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const tag = event.target.tagName;
    if (tag === 'INPUT' || tag === 'SELECT' || tag === 'TEXTAREA') return;
    if (event.key === ' ' && event.target !== video && event.target !== stage) return; // the button's own
    const seek = (seconds) => { video.currentTime += seconds; };
    const keys = {
      ' ': act.toggle,
      k: act.toggle,
      m: () => { video.muted = !video.muted; },
      f: act.fullscreen,
      c: menus.toggleCaptions,
      l: act.golive,
      ArrowLeft: cfg.dvr && (() => seek(-10)),
      ArrowRight: cfg.dvr && (() => seek(10)),
    };
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat || event.key.startsWith('Arrow')) run();
  }

  return {
    edge,
    menus,
    refresh,
    askPlay: (ask) => { play.hidden = !ask; },
    destroy: () => {
      off();
      menus.destroy();
      bar.remove();
      play.remove();
    },
  };
}
