// makeTempo plays slower while nothing new comes, so that the buffer bridges
// more, and a little faster afterwards, so that the latency is not given away. A
// viewer who went back has a speed of his own.
export function makeTempo(video, cfg, ownRate) {
  let eased = false; // plays at a rate of ours
  function set(rate) {
    if (rate === 1 && !eased) return;
    eased = rate !== 1;
    video.playbackRate = rate === 1 ? ownRate() : rate;
  }
  return {
    reset: () => set(1),
    // step is told how long nothing new has come, what is buffered ahead, and how
    // far behind live the viewer is; seconds.
    step: (still, reserve, late) => {
      const td = cfg.target_duration;
      if (still > 1.25 * td && reserve < 3 * td) {
        // Browsers mute sound below half speed; who hears none loses none.
        const floor = video.muted ? 0.8 * cfg.slowest : cfg.slowest;
        set(Math.min(0.95, Math.max(floor, Math.round((reserve / (3.5 * td)) * 20) / 20)));
      } else if (eased) {
        set(late > 0.5 && reserve > td ? cfg.fastest : 1);
      }
    },
  };
}

// ahead is how many seconds are buffered beyond the picture.
export function ahead(video) {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i += 1) {
    if (buffered.start(i) <= currentTime + 0.2 && buffered.end(i) >= currentTime) return buffered.end(i) - currentTime;
  }
  return 0;
}
