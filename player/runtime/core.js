import { absolute, listeners, moment, recall, remember, seconds, toggleFullscreen, whenSeen } from './dom.js';
import { makeControls } from './controls.js';
import { makeEnding } from './ending.js';
import { makeMeter } from './meter.js';
import { pauseFor, retryPause, slowAfter, wakePause } from './pace.js';
import { makeLookout } from './playlist.js';
import { makeSlate } from './slate.js';
import { ahead, makeTempo } from './tempo.js';

const coverSeconds = 4; // of a still picture before the slate explains it

// mount brings one player to life in its stage. The engine plays; this function
// decides when to start, when to start again, and where in the stream the viewer
// is. host is the element, which sends the events.
export function mount(host, stage, video, cfg, words, makeEngine) {
  const kind = cfg.engine;
  const emit = (type, detail) => host.dispatchEvent(new CustomEvent('streamwatch', {
    bubbles: true, composed: true,
    detail: { type, event: cfg.event, stream: cfg.stream, kind, ...detail },
  }));

  let gone = false; // destroyed
  let engine = null;
  let making = null; // promise of the engine
  let attempt = 0; // failed starts in a row
  let failed = 0; // when the first of them failed
  let retry = 0; // timer of the next start, 0 when none is due
  let began = 0; // when the first start was asked for
  let playing = false; // the picture has moved
  let wanted = false; // the viewer, or autoplay, wants it to play
  let wasLive = false; // the playlist was one of a live stream
  let endlist = 0; // when EXT-X-ENDLIST was seen, 0: it is not there
  let over = false; // nothing more will come
  let follow = true; // the viewer wants to be at the live edge
  let at = -1; // position seen last
  let moved = 0; // when it last moved
  let jumped = 0; // when we last sought to the live edge
  let told = 0; // when latency was last told
  let leaving = 0; // since when a restart waits for the buffer to run out
  let source = 0; // which of the addresses
  let last = -1; // newest media sequence number that was played
  let known = ''; // address of the media playlist that was played
  let refused = ''; // what the page's policy forbids and a player needs

  const sources = [cfg.url, ...(cfg.fallback || [])];
  const lookout = makeLookout(cfg);
  const slate = makeSlate(stage, cfg, words, { reload });
  const tempo = makeTempo(video, cfg, () => controls.menus.ownRate());
  const ending = makeEnding(cfg, slate, {
    again: () => lookout(sources, known, -1, true),
    resume: () => { if (!gone) load(); },
    over: finished,
  });
  const controls = makeControls(stage, video, cfg, words, {
    playing: () => playing,
    // Video.js has its own, unless Safari plays by itself in its place.
    own: () => kind === 'videojs' && !(engine && engine.native),
    golive: () => toLive('viewer'),
    play: begin,
    toggle: () => (video.paused ? play() : video.pause()),
    unmute: () => { video.muted = false; if (video.volume === 0) video.volume = 1; },
    quality: (i) => engine && engine.quality(i),
    audio: (i) => engine && engine.audio(i),
    tracks: () => (engine && engine.tracks ? engine.tracks() : video.textTracks),
    fullscreen: () => toggleFullscreen(host, video),
  });

  // ear is what the engine may tell.
  const ear = {
    stage,
    video,
    cfg,
    language: words.tag.split('-')[0],
    gone: () => gone,
    source: () => sources[source],
    siblings,
    levels: controls.menus.levels,
    audios: controls.menus.audios,
    captions: controls.menus.startCaptions,
    playlist: (live) => {
      if (live) wasLive = true;
      if (live || !endlist) endlist = live ? 0 : seconds();
    },
    resume: () => { if (wanted) play(); },
    trouble: (reason) => emit('error', { reason, fatal: false }),
    degraded: (reason) => emit('degraded', { reason }),
    restart,
    lost,
  };

  // siblings are the same playlist at the event's other addresses.
  function siblings(url) {
    const here = base(sources[source]);
    if (sources.length < 2 || !url.startsWith(here)) return [];
    return sources.map((s, i) => ({ url: base(s) + url.slice(here.length), use: () => { source = i; restart('edge'); } })).filter((_, i) => i !== source);
  }

  async function load() {
    clearTimeout(retry);
    retry = 0;
    leaving = 0;
    at = -1;
    moved = seconds();
    endlist = 0;
    over = false;
    tempo.reset();
    ending.stop();
    if (attempt > 0) cover();
    if (!engine) {
      making = making || makeEngine(ear);
      try {
        engine = await making;
      } catch (error) {
        making = null;
        if (gone) return;
        emit('degraded', { reason: error.message });
        final('failed');
        return;
      }
      making = null;
      if (gone) {
        if (engine) engine.destroy();
        return;
      }
      if (!engine) {
        final('unsupported');
        return;
      }
      moved = seconds();
    }
    try {
      engine.load();
    } catch (error) { // the page has taken from the library what it needs
      emit('degraded', { reason: error.message });
      final('failed');
      return;
    }
    if (wanted) play();
  }

  // final says why nothing will play, and leaves the rest to the viewer.
  function final(word) {
    wanted = false;
    over = true;
    slate.show(word, { open: true });
    emit('error', { reason: word, fatal: true });
  }

  // cover says why there is no picture.
  function cover() {
    slate.show(navigator.onLine === false ? 'offline' : playing ? 'reconnecting' : 'waiting', { slow: attempt > 0 && seconds() - failed > slowAfter });
  }

  // lost is called when the engine cannot go on by itself.
  function lost(reason) {
    if (gone || retry || over || (video.ended && endlist)) return;
    if (refused && !playing) {
      emit('degraded', { reason: 'policy: ' + refused });
      final('failed');
      return;
    }
    emit('error', { reason, fatal: true });
    if (attempt === 0) {
      failed = stands(seconds()) ? engine.grew() : seconds();
      note();
    }
    attempt += 1;
    source = (source + 1) % sources.length;
    if (video.readyState < 3) cover(); // else it still plays what it has
    retry = setTimeout(again, pause() * 1000);
  }

  // again starts anew, at first by playing. Later, and long before the start, a
  // single request tells whether that is worth it.
  function again() {
    const waiting = moment(cfg.starts) - Date.now() > slowAfter * 1000;
    if ((seconds() - failed < slowAfter && !waiting) || kind === 'native') {
      load();
      return;
    }
    if (engine) engine.stop();
    lookout([sources[source]], source === 0 ? known : '', last, false).catch(() => false).then((there) => {
      if (gone || !retry) return;
      if (there) {
        load();
        return;
      }
      attempt += 1;
      source = (source + 1) % sources.length;
      cover();
      retry = setTimeout(again, pause() * 1000);
    });
  }

  // note keeps what tells a stream that goes on from one that stands still.
  function note() {
    if (!engine || !(engine.newest() >= 0)) return;
    last = engine.newest();
    known = engine.media();
  }

  function pause() {
    const toStart = (moment(cfg.starts) - Date.now()) / 1000;
    const quick = attempt < 2 && sources.length > 1 ? 0.2 : Math.max(playing ? retryPause(cfg.target_duration) : 1, 0.5);
    return pauseFor({ elapsed: seconds() - failed, toStart: playing ? NaN : toStart, quick, hidden: document.hidden });
  }

  // restart begins anew with a stream that has changed, once what is buffered
  // was shown: the new one fills up meanwhile.
  function restart(reason) {
    if (leaving || gone) return;
    leaving = seconds();
    emit('restart', { reason });
    if (engine.idle) engine.idle();
  }

  // wake starts soon what was due later, when the page or the network comes
  // back. Many pages come back at one moment, so chance spreads them.
  function wake() {
    moved = seconds();
    if (document.hidden || gone || over) return;
    const waiting = retry;
    setTimeout(() => {
      if (gone || over) return;
      ending.hurry();
      if (retry && retry === waiting) {
        clearTimeout(retry);
        again();
      } else if (engine && !retry && !endlist && wanted) {
        engine.wake();
      }
    }, wakePause() * 1000);
  }

  function play() {
    wanted = true;
    if (over || !engine) return;
    const promise = engine.play ? engine.play() : video.play();
    if (!promise) return;
    promise.catch((error) => {
      if (error.name !== 'NotAllowedError') return;
      if (cfg.autoplay === 'any' && !video.muted) {
        video.muted = true;
        play();
        return;
      }
      wanted = false;
      slate.hide();
      if (!playing) controls.askPlay(true);
    });
  }

  function begin() {
    controls.askPlay(false);
    began = seconds();
    wanted = true;
    cover();
    load();
    clearInterval(ticker);
    ticker = setInterval(tick, 250);
  }

  // reload is the viewer's own way out.
  function reload() {
    clearTimeout(retry);
    retry = 0;
    attempt = 0;
    last = -1;
    refused = '';
    begin();
  }

  // behind is how far the viewer is behind the live position, NaN when unknown.
  function behind() {
    return engine && !endlist ? engine.sync() - video.currentTime : NaN;
  }

  function toLive(reason) {
    const position = engine ? engine.sync() : NaN;
    if (!(position > 0)) return;
    jumped = seconds();
    follow = true;
    at = position;
    video.currentTime = position;
    emit('golive', { reason });
    if (reason === 'viewer' && video.paused) play();
  }

  // pacing leaves alone who went back, and what hls.js paces by itself.
  function pacing(late) {
    if (!playing || !engine.grew || !follow || endlist || (cfg.hlsjs && cfg.hlsjs.maxLiveSyncPlaybackRate > 1)) return;
    tempo.step(seconds() - engine.grew(), ahead(video), late);
  }

  function tick() {
    const now = seconds();
    const late = behind();
    if (video.currentTime !== at && !video.seeking && video.readyState > 2) progress(now);
    if (!isNaN(late)) controls.edge(true, late < cfg.tolerance);
    if (now - told > 10 && playing && !isNaN(late)) {
      told = now;
      emit('latency', { seconds: engine.latency() });
    }
    if (video.duration === Infinity) wasLive = true;
    if (over) return;
    if (leaving && (ahead(video) < 0.4 || now - moved > 1 || now - leaving > 3 * cfg.target_duration + 1)) {
      load();
      return;
    }
    // The browser's own player tells no more; with a library WebKit says so too
    // of a live picture that has not begun.
    if (video.ended && (endlist || !engine.grew)) {
      endlist = endlist || now;
      ended();
      return;
    }
    if (!wanted || retry || leaving) {
      moved = now;
      return;
    }
    pacing(late);
    const stalled = now - moved;
    if (stalled > coverSeconds) cover();
    if (stalled > (document.hidden ? 4 : 1) * cfg.watchdog && !(stands(now) && stalled < slowAfter)) {
      lost('watchdog');
    } else if (follow && now - jumped > cfg.jump_pause) {
      if (late > cfg.jump_after && !video.paused) toLive('latency');
      else if (stalled > cfg.stall_jump && late > 0.5) toLive('stall');
    }
  }

  // stands: the playlist is answered and has nothing new. To load it anew would
  // play its end again; for a minute the library asks, then we do.
  function stands(now) {
    return playing && engine && engine.newest() >= 0 && engine.grew && now - engine.grew() > cfg.watchdog && video.readyState < 3;
  }

  function progress(now) {
    const stall = now - moved;
    at = video.currentTime;
    moved = now;
    if (!retry) attempt = 0;
    if (!playing) {
      playing = true;
      controls.refresh();
      emit('playing', { seconds: now - began });
    } else if (stall > 1) {
      emit('stall', { seconds: stall });
      emit('recovered', { seconds: stall });
      if (follow && stall > cfg.stall_jump && behind() > cfg.tolerance) toLive('recovered');
    }
    // The last step of the picture is seen after the end of it.
    if (!(video.ended && ['ended', 'paused'].includes(slate.state()))) slate.hide();
  }

  // ended comes when the last picture was shown.
  function ended() {
    if (ending.waiting()) return;
    controls.edge(false, false);
    note();
    clearTimeout(retry);
    retry = 0;
    if (!ending.begin(endlist, wasLive)) {
      finished();
      return;
    }
    emit('paused', {});
    if (engine.idle) engine.idle();
  }

  function finished() {
    over = true;
    emit('ended', {});
    slate.show('ended');
  }

  const { on, off } = listeners();
  on(video, 'play', () => {
    if (over) return;
    wanted = true;
    const late = behind();
    if (!(late > cfg.tolerance) || !playing) return;
    if (cfg.dvr) follow = false;
    else toLive('play');
  });
  on(video, 'pause', () => {
    if (video.readyState > 1 && !video.ended) wanted = false;
  });
  on(video, 'seeking', () => {
    if (cfg.dvr && video.currentTime < at - 1) follow = false;
  });
  on(video, 'seeked', () => {
    if (behind() <= cfg.tolerance) follow = true;
  });
  on(video, 'loadedmetadata', () => {
    controls.menus.startCaptions();
    emit('ready', {});
  });
  on(video, 'volumechange', () => {
    if (playing) remember('volume', String(video.volume));
  });
  // What the page's policy refuses will not come by waiting for it.
  on(document, 'securitypolicyviolation', ({ disposition, effectiveDirective, blockedURI }) => {
    if (disposition !== 'enforce' || playing) return;
    if (effectiveDirective === 'connect-src' && sources.some((s) => s && blockedURI.startsWith(base(s)))) refused = 'connect-src ' + base(sources[source]);
    if (effectiveDirective === 'media-src' && blockedURI.startsWith('blob')) refused = 'media-src blob:';
  });
  on(document, 'visibilitychange', wake);
  on(window, 'online', wake);

  let ticker = 0;
  const volume = Number(recall('volume') || NaN);
  if (volume > 0 && volume <= 1) video.volume = volume;
  const meter = makeMeter(host, video, cfg);
  const watcher = whenSeen(host, cfg.lazy, () => {
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (!cfg.url) slate.show('nosource');
    else if (cfg.autoplay === 'off' || still) controls.askPlay(true);
    else begin();
  });

  return {
    play: () => { if (began) play(); else begin(); },
    pause: () => video.pause(),
    golive: () => toLive('viewer'),
    reload,
    state: () => slate.state() || (video.paused ? 'stopped' : 'playing'),
    latency: () => (engine ? engine.latency() : NaN),
    emit,
    destroy: () => {
      gone = true;
      clearTimeout(retry);
      clearInterval(ticker);
      ending.stop();
      watcher();
      meter();
      off();
      if (engine) engine.destroy();
      controls.destroy();
      slate.destroy();
    },
  };
}

// base is an address up to its host.
const base = (url) => absolute(url).origin;
