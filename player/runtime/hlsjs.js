
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

  function load() {
    if (hls) hls.destroy();
    restarts = 0;
    const config = Object.assign({}, cfg.hlsjs);
    if (cfg.credentials) config.xhrSetup = (xhr) => { xhr.withCredentials = true; };
    hls = new Hls(config);
    hls.on(Hls.Events.ERROR, (_, data) => (data.fatal ? failed(data) : host.trouble(data.details)));
    hls.on(Hls.Events.FRAG_BUFFERED, () => { restarts = 0; });
    hls.on(Hls.Events.MANIFEST_PARSED, () => host.levels(hls.levels.map(levelLabel)));
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
    destroy: () => { if (hls) hls.destroy(); },
  };
}
