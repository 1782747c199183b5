// What a page reads of a playlist by itself, beside the library that plays it.

// lastNumber is the media sequence number of the last segment in a media playlist.
export function lastNumber(text) {
  return firstNumber(text) + (text.match(/^#EXTINF:/gm) || []).length - 1;
}

function firstNumber(text) {
  const first = /^#EXT-X-MEDIA-SEQUENCE:(\d+)/m.exec(text);
  return first ? Number(first[1]) : 0;
}

// ask gets a playlist as text; '' for an error of the server.
export function ask(cfg, url) {
  const options = { credentials: cfg.credentials ? 'include' : 'same-origin', signal: AbortSignal.timeout && AbortSignal.timeout(8000) };
  return fetch(url, options).then((r) => (r.ok ? r.text().then((text) => ({ text, url: r.url })) : { text: '', url }));
}

// makeLookout returns a function that looks with as few requests as can be
// whether there is something to play, and newer than what was played: one, and
// one more when the media playlist is not known yet.
export function makeLookout(cfg) {
  let media = ''; // address of a media playlist
  return async (sources, known, last, wasEnded) => {
    const url = media || known || sources[0];
    let got = await ask(cfg, url);
    if (!got.text.startsWith('#EXTM3U')) {
      media = '';
      return false;
    }
    const variant = /^#EXT-X-STREAM-INF:.*\r?\n(?:#.*\r?\n)*([^#\r\n].*)/m.exec(got.text);
    if (variant) {
      media = new URL(variant[1].trim(), got.url).href;
      got = await ask(cfg, media);
    }
    if (!/^#EXTINF:/m.test(got.text)) {
      if (!got.text) media = '';
      return false;
    }
    if (/^#EXT-X-ENDLIST/m.test(got.text) && wasEnded) return false;
    // The same end is the same stream, standing still; a lower one starts anew.
    return last < 0 || lastNumber(got.text) !== last;
  };
}

// lookPace makes looks rarer once the first have found nothing: the library asks
// for its own playlist besides, and both together are to be little more than what
// a stream that plays asks for. still counts playlists in a row without news.
export const lookPace = (still) => (still > 3 ? 5 : 1);

// lookAround returns a function to call while the playlist of the variant that
// plays fails or stands still: it may be the only one, and neither library asks
// for another then. Each call asks for the playlist of one, each at most every
// half target duration (RFC 8216 section 6.3.4), and goes over to it when it has
// newer media. An older copy at an edge would take the viewer back.
export function lookAround(cfg, variants) {
  let turn = 0;
  let looked = 0; // when the last was asked for
  return () => {
    const now = performance.now() / 1000;
    const others = variants.others();
    if (!others.length || now - looked < 0.45 * cfg.target_duration) return;
    looked = now;
    turn += 1;
    const other = others[turn % others.length];
    ask(cfg, other.url).then(({ text }) => {
      if (text && lastNumber(text) > variants.newest()) other.use();
    }).catch(() => {}); // it fails as well
  };
}
