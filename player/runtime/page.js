
// whenVisible runs start now, or when the container comes near the viewport.
// It returns the function that gives up.
function whenVisible(root, lazy, start) {
  if (!lazy || !window.IntersectionObserver) {
    start();
    return () => {};
  }
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    observer.disconnect();
    start();
  }, { rootMargin: '200px' });
  observer.observe(root);
  return () => observer.disconnect();
}

function captionTracks(video) {
  return Array.from(video.textTracks).filter((t) => t.kind === 'captions' || t.kind === 'subtitles');
}

function showCaptions(video, language) {
  if (!language) return;
  const track = captionTracks(video).find((t) => t.language.toLowerCase().startsWith(language.toLowerCase()));
  if (track) track.mode = 'showing';
}

function toggleCaptions(video) {
  const tracks = captionTracks(video);
  const shown = tracks.find((t) => t.mode === 'showing');
  if (shown) shown.mode = 'hidden';
  else if (tracks.length > 0) tracks[0].mode = 'showing';
}

function toggleFullscreen(root, video) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
  else if (video.webkitEnterFullscreen) video.webkitEnterFullscreen();
}

// makeMeter sends what this viewer experienced, if a beacon address is set:
// sums since the last beacon, every 30 s and when the page goes away. It holds
// no identity and sends nothing when nothing happened.
function makeMeter(root, cfg) {
  if (!cfg.beacon || !navigator.sendBeacon) return () => {};
  let sum = {};
  const add = (name, n) => { sum[name] = Math.round(((sum[name] || 0) + n) * 1000) / 1000; };
  const listen = ({ detail }) => {
    if (detail.type === 'playing') add('startup_seconds', detail.seconds);
    if (detail.type === 'stall') { add('stalls', 1); add('stall_seconds', detail.seconds); }
    if (detail.type === 'error' && detail.fatal) add('errors', 1);
    if (detail.type === 'latency') sum.latency_seconds = Math.round(detail.seconds * 1000) / 1000;
  };
  const send = () => {
    if (Object.keys(sum).length === 0) return;
    const kind = root.dataset.streamwatch;
    navigator.sendBeacon(cfg.beacon, JSON.stringify(Object.assign({ event: cfg.event, stream: cfg.stream, kind }, sum)));
    sum = {};
  };
  const timer = setInterval(send, 30000);
  root.addEventListener('streamwatch', listen);
  window.addEventListener('pagehide', send);
  return () => {
    send();
    clearInterval(timer);
    root.removeEventListener('streamwatch', listen);
    window.removeEventListener('pagehide', send);
  };
}
