
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
