
// levelLabel names a variant for the quality menu.
function levelLabel(level) {
  if (level.height) return level.height + 'p';
  const bits = level.bitrate || level.bandwidth || 0;
  return bits ? Math.round(bits / 1000) + ' kbit/s' : level.name || words.auto;
}
