
const pauses = [[60, 1], [300, 2], [Infinity, 6]]; // so long after a picture was due, and the longest pause then; seconds
const coverSeconds = 4; // of a still picture before the slate explains it
const seconds = () => performance.now() / 1000;

// mount brings one container to life. The engine plays; this function decides
// when to start, when to start again, and where in the stream the viewer is.
// The configuration is given, or stands in the container's JSON block.
function mount(root, kind, makeEngine, given) {
  const cfg = given || JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const video = root.querySelector('video');
  const emit = (type, detail) => root.dispatchEvent(new CustomEvent('streamwatch', {
    bubbles: true,
    detail: Object.assign({ type, event: cfg.event, stream: cfg.stream, kind }, detail),
  }));

  let engine = null;
  let attempt = 0; // failed starts in a row
  let failed = 0; // when the first of them failed
  let retry = 0; // timer of the next start, 0 when none is due
  let began = 0; // when the first start was asked for
  let playing = false; // the picture has moved
  let wanted = false; // the viewer, or autoplay, wants it to play
  let endlist = false; // the playlist says that no more will come
  let follow = true; // the viewer wants to be at the live edge
  let at = -1; // position seen last
  let moved = 0; // when it last moved
  let jumped = 0; // when we last sought to the live edge
  let told = 0; // when latency was last told

  const slate = makeSlate(root, cfg);
  const controls = makeControls(root, cfg, {
    video,
    playing: () => playing,
    ownLiveButton: kind === 'videojs',
    golive: () => toLive('viewer'),
    play: begin,
    toggle: () => (video.paused ? play() : video.pause()),
    unmute: () => { video.muted = false; if (video.volume === 0) video.volume = 1; },
    quality: (i) => engine && engine.quality(i),
    captions: () => toggleCaptions(video),
    fullscreen: () => toggleFullscreen(root, video),
  });

  // host is what the engine may tell.
  const host = {
    root,
    video,
    cfg,
    levels: (labels) => controls.levels(labels),
    endlist: () => { endlist = true; },
    resume: () => { if (wanted) play(); },
    trouble: (reason) => emit('error', { reason, fatal: false }),
    lost,
  };

  function load() {
    clearTimeout(retry);
    retry = 0;
    at = -1;
    moved = seconds();
    endlist = false;
    if (!engine) engine = makeEngine(host);
    if (!engine) {
      wanted = false;
      slate.show(kind === 'native' ? 'unsupported' : 'failed', true);
      return;
    }
    if (attempt > 0) cover();
    engine.load();
    if (wanted) play();
  }

  // cover says why there is no picture.
  function cover() {
    slate.show(playing ? 'reconnecting' : 'waiting');
  }

  // lost is called when the engine cannot go on by itself.
  function lost(reason) {
    if (retry || video.ended) return;
    emit('error', { reason, fatal: true });
    if (video.readyState < 3) cover(); // else it still plays what it has
    if (attempt === 0) failed = seconds();
    attempt += 1;
    retry = setTimeout(() => {
      if (document.hidden) {
        retry = -1; // due: wake() starts it
        return;
      }
      load();
    }, pause() * 1000);
  }

  // pause is the time until the next start. Somebody who waits for a picture is
  // likely to get one soon after it went, or around the announced start; later a
  // page left open asks less often. Chance keeps many pages from asking at once.
  function pause() {
    const start = cfg.starts ? Math.abs(Date.parse(cfg.starts) - Date.now()) / 1000 : Infinity;
    const due = Math.min(seconds() - failed, start);
    return pauses.find(([limit]) => !(due >= limit))[1] * (0.5 + Math.random() / 2);
  }

  // wake starts at once what was due, when the page or the network comes back.
  function wake() {
    moved = seconds();
    if (retry && !document.hidden) load();
  }

  function play() {
    wanted = true;
    const promise = engine && engine.play ? engine.play() : video.play();
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

  function tick() {
    const now = seconds();
    const late = behind();
    if (video.currentTime !== at && !video.seeking && video.readyState > 2) progress(now);
    if (!isNaN(late)) controls.edge(true, late < cfg.tolerance);
    if (now - told > 10 && playing && !isNaN(late)) {
      told = now;
      emit('latency', { seconds: engine.latency() });
    }
    if (!wanted || document.hidden || retry || video.ended) {
      moved = now;
      return;
    }
    const stalled = now - moved;
    if (stalled > coverSeconds) cover();
    if (stalled > cfg.watchdog) {
      lost('watchdog');
    } else if (follow && now - jumped > cfg.jump_pause) {
      if (late > cfg.jump_after && !video.paused) toLive('latency');
      else if (stalled > cfg.stall_jump && late > 0.5) toLive('stall');
    }
  }

  function progress(now) {
    const stall = now - moved;
    at = video.currentTime;
    moved = now;
    attempt = 0;
    if (!playing) {
      playing = true;
      controls.refresh();
      emit('playing', { seconds: now - began });
    } else if (stall > 1) {
      emit('stall', { seconds: stall });
      emit('recovered', { seconds: stall });
      if (follow && stall > cfg.stall_jump && behind() > cfg.tolerance) toLive('recovered');
    }
    slate.hide();
  }

  const listeners = [];
  function on(target, type, handler) {
    target.addEventListener(type, handler);
    listeners.push(() => target.removeEventListener(type, handler));
  }
  on(video, 'play', () => {
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
    showCaptions(video, cfg.captions);
    emit('ready', {});
  });
  on(video, 'ended', () => {
    emit('ended', {});
    slate.show('ended');
    controls.edge(false, false);
  });
  on(document, 'visibilitychange', wake);
  on(window, 'online', wake);

  let ticker = 0;
  const meter = makeMeter(root, cfg);
  const watcher = whenVisible(root, cfg.lazy, () => {
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (cfg.autoplay === 'off' || still) controls.askPlay(true);
    else begin();
  });

  return {
    golive: () => toLive('viewer'),
    destroy: () => {
      clearTimeout(retry);
      clearInterval(ticker);
      watcher();
      meter();
      listeners.forEach((off) => off());
      if (engine) engine.destroy();
      controls.destroy();
      slate.destroy();
    },
  };
}
