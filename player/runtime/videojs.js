
// The page's style sheet does the sizing, so that a Content-Security-Policy
// without 'unsafe-inline' holds. Video.js reads this when it loads.
window.VIDEOJS_NO_DYNAMIC_STYLE = true;

// videojsEngine plays with Video.js and its own HLS engine. One player lives
// as long as the page; a new start is a new source.
function videojsEngine(host) {
  const { video, cfg } = host;
  if (!window.videojs) return null;
  const player = window.videojs(video, cfg.videojs);
  player.on('error', () => {
    const e = player.error();
    if (e) host.lost('videojs-' + e.code);
  });

  const vhs = () => {
    const tech = player.tech(true);
    return tech && tech.vhs;
  };
  const media = () => {
    const v = vhs();
    return v && v.playlists && v.playlists.media && v.playlists.media();
  };
  const edge = () => {
    const s = player.seekable();
    return s.length ? s.end(s.length - 1) : NaN;
  };
  player.on('loadedmetadata', () => {
    const v = vhs();
    if (v && v.representations) host.levels(v.representations().map(levelLabel));
    if (v && v.playlists) persist(v.playlists);
  });

  // persist goes on soon when a playlist fails, with the next variant, and round:
  // VHS waits up to five seconds there. A playlist that is only unchanged keeps
  // VHS' own pace, half a target duration.
  let loader = null; // of playlists, that is looked after
  let timer = 0;
  let newest = -1; // media sequence number that is known
  let still = 0; // playlists in a row that had no newer
  const usable = () => loader.main.playlists.filter((p) => !p.disabled && p.excludeUntil !== Infinity);
  const look = lookAround(cfg, {
    others: () => usable().filter((p) => p.id !== loader.media().id).map((p) => ({ url: p.resolvedUri, use: () => loader.media(p.id) })),
    newest: () => newest,
  });
  function soon(run) {
    const mine = loader;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const v = vhs();
      if (v && v.playlists === mine && mine.media()) run();
    }, cfg.retry * 1000);
  }
  function persist(playlists) {
    if (playlists === loader) return;
    loader = playlists;
    newest = -1;
    playlists.on('error', () => {
      const failed = (playlists.error || {}).playlist;
      soon(() => {
        const list = usable();
        const next = list[(list.findIndex((p) => failed && p.id === failed.id) + 1) % list.length];
        if (next && next.id !== playlists.media().id) playlists.media(next.id);
        else playlists.load();
      });
    });
    playlists.on('loadedplaylist', () => {
      clearTimeout(timer);
      const m = playlists.media();
      if (!m || m.endList) return;
      const last = m.mediaSequence + m.segments.length - 1;
      still = last > newest ? 0 : still + 1;
      newest = Math.max(newest, last);
      if (still > 1) soon(look);
    });
  }

  player.on('progress', () => {
    const m = media();
    if (m && m.endList) host.endlist();
  });

  return {
    load: () => {
      player.error(null);
      player.src({ src: cfg.url, type: 'application/x-mpegURL' });
    },
    play: () => player.play(),
    // The end of the seekable range is already the live position: VHS takes
    // the hold-back off.
    sync: () => {
      const m = media();
      return m && !m.endList ? edge() : NaN;
    },
    latency: () => edge() + cfg.hold_back - video.currentTime,
    quality: (i) => {
      const v = vhs();
      if (v) v.representations().forEach((r, n) => r.enabled(i < 0 || n === i));
    },
    destroy: () => {
      clearTimeout(timer);
      player.dispose();
    },
  };
}
