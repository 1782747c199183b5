import { absolute, seconds } from './dom.js';
import { plainly } from './builtins.js';
import { library } from './library.js';
import { levelLabel } from './menus.js';
import { nativeEngine, safari } from './native.js';
import { retryPause } from './pace.js';
import { lookAround, lookPace } from './playlist.js';

// videojsEngine plays with Video.js and its own HLS engine. One player lives
// as long as the element is in the page; a new start is a new source.
export async function videojsEngine(host) {
  const { video, cfg } = host;
  // Its styles for sizes go into the page's head, where they do not reach a
  // shadow root and a policy may refuse them.
  if (!window.videojs) window.VIDEOJS_NO_DYNAMIC_STYLE = true;
  try {
    const found = library('videojs', cfg.libraries.videojs, (own) => own.VERSION === cfg.libraries.videojs_version);
    const [videojs] = await Promise.all([found, styled(host, cfg.libraries.videojs_css)]);
    return host.gone() ? null : play(videojs, host);
  } catch (error) {
    if (!safari(video)) throw error;
    host.degraded('native: ' + error.message);
    return nativeEngine(host);
  }
}

// styled loads the style sheet into the shadow root; without it the player
// works, but looks bare, so a failure is told and no reason to stop.
async function styled(host, sources) {
  for (const source of sources) {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    if (source.integrity) {
      link.integrity = source.integrity;
      link.crossOrigin = 'anonymous';
    }
    link.href = source.url;
    const loaded = await new Promise((done) => {
      link.onload = () => done(true);
      link.onerror = () => done(false);
      setTimeout(() => done(false), 5000);
      host.stage.prepend(link);
    });
    if (loaded) return;
    link.remove();
  }
  host.degraded('no style sheet');
}

function play(videojs, host) {
  const { video, cfg } = host;
  video.classList.add('video-js');
  const player = plainly(() => videojs(video, { ...cfg.videojs, poster: cfg.poster || '', language: host.language }));
  player.on('error', () => {
    const e = player.error();
    if (e) host.lost('videojs-' + e.code);
  });

  player.textTracks().addEventListener('addtrack', () => host.captions()); // they come late

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
  let first = -1; // media sequence numbers that are known
  let newest = -1;
  let variant = ''; // that had the newest
  let date = NaN; // of the newest, where the playlist has dates
  let grew = 0;
  let still = 0; // playlists in a row that had no newer
  let back = 0; // playlists in a row that are older
  const usable = () => loader.main.playlists.filter((p) => !p.disabled && p.excludeUntil !== Infinity);
  const look = lookAround(cfg, {
    others: () => usable().filter((p) => p.id !== loader.media().id).map((p) => ({ url: p.resolvedUri, use: () => loader.media(p.id) }))
      .concat(loader.main.contentSteering ? [] : host.siblings(loader.media().resolvedUri)), // VHS steers by itself
    newest: () => newest,
  });
  function cancel() {
    clearTimeout(timer);
    timer = 0;
  }
  function soon(run, pause = retryPause(cfg.target_duration)) {
    const mine = loader;
    cancel();
    timer = setTimeout(() => {
      timer = 0;
      const v = vhs();
      if (v && v.playlists === mine && mine.media()) run();
    }, pause * 1000);
  }
  const redirected = (playlist) => {
    const given = absolute(host.source());
    const main = new URL((loader.main && loader.main.resolvedUri) || given, given);
    const at = new URL((playlist && playlist.resolvedUri) || main, main);
    return main.href.split('?')[0] !== given.href.split('?')[0] || Boolean(playlist) && at.href !== new URL(playlist.uri, main).href;
  };
  // quiet ends what VHS has planned for a playlist; pause() leaves the last resort.
  function quiet(playlists) {
    playlists.pause();
    clearTimeout(playlists.finalRenditionTimeout);
  }
  function persist(playlists) {
    if (playlists === loader) return;
    loader = playlists;
    newest = -1;
    playlists.on('error', () => {
      if (playlists !== loader) { // VHS' own next try
        quiet(playlists);
        return;
      }
      const error = playlists.error || {};
      const failed = error.playlist;
      if ([403, 404, 410].includes(error.status) && redirected(failed || playlists.media())) {
        host.restart('redirect');
        return;
      }
      soon(() => {
        const list = usable();
        const next = list[(list.findIndex((p) => failed && p.id === failed.id) + 1) % list.length];
        if (next && next.id !== playlists.media().id) playlists.media(next.id);
        else playlists.load();
      }, 1.3 * retryPause(cfg.target_duration)); // segments that failed are asked for too
    });
    playlists.on('loadedplaylist', arrived);
    if (playlists.media()) arrived();
  }

  function arrived() {
    const m = loader.media();
    if (!m) return;
    host.playlist(!m.endList);
    if (m.endList) return;
    const last = m.mediaSequence + m.segments.length - 1;
    const segment = m.segments[m.segments.length - 1];
    const time = segment && segment.dateTimeObject ? segment.dateTimeObject.getTime() : NaN;
    back = last < newest && m.id === variant ? back + 1 : 0;
    // An old copy at an edge has older dates, and overlaps what is known.
    if (last < newest && (time > date + 100 || last < first || back > 5)) {
      host.restart('sequence');
      return;
    }
    still = last > newest ? 0 : still + 1;
    if (last > newest) {
      cancel();
      grew = seconds();
      newest = last;
      variant = m.id;
      first = m.mediaSequence;
      date = time;
    }
    // A look that is due is not put off by a playlist that has nothing new.
    if (still > 1 && !timer) soon(look, retryPause(cfg.target_duration) * lookPace(still));
  }

  function idle() {
    cancel();
    if (loader) quiet(loader);
    // The loaders of segments would look for their place in a playlist that
    // began anew, and throw.
    const all = (vhs() || {}).playlistController_ || {};
    for (const l of [all.mainSegmentLoader_, all.audioSegmentLoader_]) if (l && l.pause) l.pause();
  }

  return {
    load: () => {
      loader = null;
      newest = -1;
      grew = seconds();
      cancel();
      player.error(null);
      player.src({ src: host.source(), type: 'application/x-mpegURL' });
    },
    play: () => player.play(),
    // reset() would wait for a picture that plays, and show none.
    stop: () => {
      idle();
      loader = null;
    },
    idle,
    // The end of the seekable range is already the live position: VHS takes
    // the hold-back off.
    sync: () => {
      const m = media();
      return m && !m.endList ? edge() : NaN;
    },
    latency: () => edge() + cfg.hold_back - video.currentTime,
    grew: () => grew,
    newest: () => newest,
    media: () => (loader && loader.media() ? loader.media().resolvedUri : ''),
    wake: () => {
      if (loader && loader.media() && seconds() - grew > 1.5 * cfg.target_duration) loader.load();
    },
    quality: (i) => {
      const v = vhs();
      if (v) v.representations().forEach((r, n) => r.enabled(i < 0 || n === i));
    },
    audio: () => {}, // Video.js has a menu of its own
    tracks: () => player.textTracks(),
    destroy: () => {
      cancel();
      player.dispose();
    },
  };
}
