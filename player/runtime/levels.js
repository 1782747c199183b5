
// levelLabel names a variant for the quality menu.
function levelLabel(level) {
  if (level.height) return level.height + 'p';
  const bits = level.bitrate || level.bandwidth || 0;
  return bits ? Math.round(bits / 1000) + ' kbit/s' : level.name || words.auto;
}

// lookAround returns a function to call while the playlist of the variant that
// plays fails or stands still: it may be the only one, and neither library asks
// for another then. Each call asks for the playlist of one, each at most every
// half target duration (RFC 8216 section 6.3.4), and goes over to it when it has
// newer media. An older copy at an edge would take the viewer back.
function lookAround(cfg, variants) {
  let turn = 0;
  let looked = 0; // when the last was asked for
  return () => {
    const now = seconds();
    const others = variants.others();
    if (!others.length || now - looked < 1.9 * cfg.retry) return;
    looked = now;
    turn += 1;
    const other = others[turn % others.length];
    const options = { credentials: cfg.credentials ? 'include' : 'same-origin', signal: AbortSignal.timeout && AbortSignal.timeout(4000) };
    fetch(other.url, options).then((r) => (r.ok ? r.text() : '')).then((text) => {
      if (lastNumber(text) > variants.newest()) other.use();
    }).catch(() => {}); // it fails as well
  };
}

// lastNumber is the media sequence number of the last segment in a media playlist.
function lastNumber(text) {
  const first = /^#EXT-X-MEDIA-SEQUENCE:(\d+)/m.exec(text);
  return (first ? Number(first[1]) : 0) + (text.match(/^#EXTINF:/gm) || []).length - 1;
}
