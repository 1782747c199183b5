
// hlsjsEngine plays with hls.js. Safari gets its own player only on request:
// Chrome also claims to play HLS, but has no live seeking and dies of a 503.
function hlsjsEngine(host) {
  const { video, cfg } = host;
  const safari = 'ManagedMediaSource' in window && video.canPlayType(hlsType);
  if (!window.Hls || !window.Hls.isSupported() || (cfg.prefer_native && safari)) return nativeEngine(host);

  const Hls = window.Hls;
  let hls = null;
  let mediaErrors = []; // times of recoverMediaError
  let restarts = 0; // startLoad in a row without a new segment

  function failed(data) {
    const now = seconds();
    mediaErrors = mediaErrors.filter((t) => now - t < 30);
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && mediaErrors.length < 2) {
      mediaErrors.push(now);
      hls.recoverMediaError();
      host.resume();
      return;
    }
    // startLoad does nothing when the first playlist never arrived: load anew.
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR && hls.latestLevelDetails && restarts < 3) {
      restarts += 1;
      hls.startLoad(-1, true);
      return;
    }
    host.lost(data.details);
  }

  let newest = -Infinity; // end of the media that is known
  let still = 0; // playlists in a row that had no newer
  let lags = false; // this variant is behind another
  let timer = 0;
  const look = lookAround(cfg, {
    others: () => {
      const known = hls.latestLevelDetails;
      if (!known || !known.live || !hls.autoLevelEnabled) return [];
      return hls.levels.filter((level, i) => i !== hls.loadLevel).map((level) => ({ url: level.uri, use: () => use(level) }));
    },
    newest: () => hls.latestLevelDetails.endSN,
  });
  function use(level) {
    const index = hls.levels.indexOf(level);
    if (index < 0) return;
    // hls.js is not to go back at once to a variant that others have left behind.
    if (lags) Object.assign(hls.levels[hls.loadLevel], { loadError: 1, loadErrorTime: performance.now() });
    hls.nextLoadLevel = index;
  }
  function arrived(details) {
    clearTimeout(timer);
    lags = details.edge < newest - 1.5 * details.targetduration; // less is a race between two packagers
    if (details.edge > newest + 0.1) {
      newest = details.edge;
      still = 0;
      return;
    }
    still += 1;
    if (lags || still > 1) timer = setTimeout(look, cfg.retry * 1000);
  }

  function load() {
    if (hls) hls.destroy();
    clearTimeout(timer);
    restarts = 0;
    newest = -Infinity;
    still = 0;
    const config = Object.assign({}, cfg.hlsjs);
    if (cfg.credentials) config.xhrSetup = (xhr) => { xhr.withCredentials = true; };
    hls = new Hls(config);
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.fatal) {
        failed(data);
        return;
      }
      host.trouble(data.details);
      if (data.details.startsWith('levelLoad')) look();
    });
    hls.on(Hls.Events.FRAG_BUFFERED, () => { restarts = 0; });
    hls.on(Hls.Events.MANIFEST_PARSED, () => host.levels(hls.levels.map(levelLabel)));
    hls.on(Hls.Events.LEVEL_LOADED, (_, data) => arrived(data.details));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, data) => { if (!data.details.live) host.endlist(); });
    hls.attachMedia(video);
    hls.loadSource(cfg.url);
  }

  return {
    load,
    sync: () => {
      const p = hls && hls.latestLevelDetails && hls.latestLevelDetails.live ? hls.liveSyncPosition : null;
      return p === null ? NaN : p;
    },
    latency: () => hls.latency,
    quality: (i) => { hls.nextLevel = i; },
    destroy: () => {
      clearTimeout(timer);
      if (hls) hls.destroy();
    },
  };
}
