
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

  // While the playlist of this variant fails or stands still, others are looked
  // at: it may be the only one, and hls.js would wait for it for ever. hls.js is
  // told of a variant only when that has newer media, for an older copy at the
  // edge would take the viewer back.
  let newest = -Infinity; // end of the media that is known
  let still = 0; // playlists in a row that had no newer
  let lags = false; // this variant is behind another
  let turn = 0; // of the variants to look at
  let looked = 0; // when the last was asked for
  let look = 0; // timer
  function arrived(details) {
    clearTimeout(look);
    lags = details.edge < newest - 0.1;
    if (details.edge > newest + 0.1) {
      newest = details.edge;
      still = 0;
      return;
    }
    still += 1;
    if (details.live && (lags || still > 1)) look = setTimeout(lookAround, cfg.retry * 1000);
  }

  // lookAround asks for the playlist of one other variant, each at most every
  // half target duration.
  function lookAround() {
    const now = seconds();
    const known = hls.latestLevelDetails;
    const others = hls.levels.filter((level, i) => i !== hls.loadLevel);
    if (!known || !others.length || !hls.autoLevelEnabled || now - looked < 1.9 * cfg.retry) return;
    looked = now;
    turn += 1;
    const other = others[turn % others.length];
    const asked = hls;
    const options = { credentials: cfg.credentials ? 'include' : 'same-origin', signal: AbortSignal.timeout(4000) };
    fetch(other.uri, options).then((r) => (r.ok ? r.text() : '')).then((text) => {
      if (asked !== hls || lastNumber(text) <= hls.latestLevelDetails.endSN) return;
      const left = hls.levels[hls.loadLevel];
      if (lags) Object.assign(left, { loadError: 1, loadErrorTime: performance.now() }); // not back to it at once
      hls.nextLoadLevel = hls.levels.indexOf(other);
    }).catch(() => {}); // it fails as well
  }

  function load() {
    if (hls) hls.destroy();
    clearTimeout(look);
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
      if (data.details.startsWith('levelLoad')) lookAround();
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
      clearTimeout(look);
      if (hls) hls.destroy();
    },
  };
}

// lastNumber is the media sequence number of the last segment in a media playlist.
function lastNumber(text) {
  const first = /^#EXT-X-MEDIA-SEQUENCE:(\d+)/m.exec(text);
  return (first ? Number(first[1]) : 0) + (text.match(/^#EXTINF:/gm) || []).length - 1;
}
