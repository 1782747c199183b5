
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

  // persist goes on soon when a playlist fails: with the next variant, and round.
  // VHS waits up to five seconds there. A playlist that is only unchanged keeps
  // VHS' own pace, half a target duration.
  let loader = null; // of playlists, that is looked after
  let again = 0; // timer
  function persist(playlists) {
    if (playlists === loader) return;
    loader = playlists;
    playlists.on('error', () => {
      const failed = playlists.error.playlist;
      clearTimeout(again);
      again = setTimeout(() => {
        if (playlists !== (vhs() || {}).playlists || !playlists.media()) return;
        const usable = playlists.main.playlists.filter((p) => !p.disabled && p.excludeUntil !== Infinity);
        const at = usable.findIndex((p) => failed && p.id === failed.id);
        const next = usable[(at + 1) % usable.length];
        if (next && next.id !== playlists.media().id) playlists.media(next);
        else playlists.load();
      }, cfg.retry * 1000);
    });
    playlists.on('loadedplaylist', () => clearTimeout(again));
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
      clearTimeout(again);
      player.dispose();
    },
  };
}
