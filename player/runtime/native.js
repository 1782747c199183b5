
const hlsType = 'application/vnd.apple.mpegurl';

// nativeEngine hands the playlist to the browser. It never says more than an
// error event, so a new load is the only recovery.
function nativeEngine(host) {
  const { video, cfg } = host;
  if (!video.canPlayType(hlsType)) return null;
  const failed = () => host.lost('native-' + (video.error ? video.error.code : 0));
  video.addEventListener('error', failed);
  return {
    load: () => {
      if (cfg.credentials) video.crossOrigin = 'use-credentials';
      video.src = cfg.url;
      video.load();
    },
    // sync is NaN where the browser tells no seekable range, as Chromium.
    sync: () => {
      const s = video.seekable;
      return s.length && video.duration === Infinity ? s.end(s.length - 1) - cfg.target_latency : NaN;
    },
    latency: () => {
      const s = video.seekable;
      return s.length ? s.end(s.length - 1) - video.currentTime : NaN;
    },
    quality: () => {},
    destroy: () => {
      video.removeEventListener('error', failed);
      video.removeAttribute('src');
      video.load();
    },
  };
}
