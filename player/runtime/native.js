const hlsType = 'application/vnd.apple.mpegurl';

// safari is the browser whose own player is good at live HLS. Chrome claims to
// play it too, but has no live seeking and dies of a 503.
export function safari(video) {
  return Boolean(video.canPlayType(hlsType)) && ('ManagedMediaSource' in window || 'WebKitPlaybackTargetAvailabilityEvent' in window);
}

// nativeEngine hands the playlist to the browser. It never says more than an
// error event, so a new load is the only recovery.
export function nativeEngine(host) {
  const { video, cfg } = host;
  if (!video.canPlayType(hlsType)) return null;
  const failed = () => host.lost('native-' + (video.error ? video.error.code : 0));
  const audios = () => {
    const list = Array.from(video.audioTracks || []);
    host.audios(list, list.findIndex((t) => t.enabled));
  };
  video.addEventListener('error', failed);
  video.addEventListener('loadedmetadata', audios);
  const changes = ['addtrack', 'removetrack', 'change']; // Safari learns of a language late
  if (video.audioTracks) changes.forEach((type) => video.audioTracks.addEventListener(type, audios));
  return {
    native: true,
    load: () => {
      if (cfg.credentials) video.crossOrigin = 'use-credentials';
      video.src = host.source();
      video.load();
    },
    stop: () => {
      video.removeAttribute('src');
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
    audio: (i) => Array.from(video.audioTracks || []).forEach((t, n) => { t.enabled = n === i; }),
    wake: () => {},
    newest: () => -1,
    media: () => '',
    destroy: () => {
      video.removeEventListener('error', failed);
      video.removeEventListener('loadedmetadata', audios);
      if (video.audioTracks) changes.forEach((type) => video.audioTracks.removeEventListener(type, audios));
      video.removeAttribute('src');
      video.load();
    },
  };
}
