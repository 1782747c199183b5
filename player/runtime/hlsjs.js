import { absolute, seconds } from './dom.js';
import { plainly } from './builtins.js';
import { library } from './library.js';
import { levelLabel } from './menus.js';
import { nativeEngine, safari } from './native.js';
import { retryPause } from './pace.js';
import { lookAround, lookPace } from './playlist.js';

// hlsjsEngine plays with hls.js. Safari gets its own player on request, and
// where hls.js cannot be had; no other browser does: see safari.
export async function hlsjsEngine(host) {
  const { video, cfg } = host;
  if (cfg.prefer_native && safari(video)) return nativeEngine(host);
  let Hls;
  try {
    Hls = await library('Hls', cfg.libraries.hlsjs, (own) => own.version === cfg.libraries.hlsjs_version);
  } catch (error) {
    if (!safari(video)) throw error;
    host.degraded('native: ' + error.message);
  }
  if (!Hls || !Hls.isSupported()) return nativeEngine(host);
  return play(Hls, host);
}

function play(Hls, host) {
  const { video, cfg } = host;
  let hls = null;
  let mediaErrors = []; // times of recoverMediaError
  let restarts = 0; // startLoad in a row without a new segment
  let redirected = false; // the address was answered by another, which may die
  let known = null; // the newest playlist
  let grew = 0; // when it last had newer media
  let still = 0; // playlists in a row that had no newer
  let back = 0; // playlists in a row that are older than the known one
  let lags = false; // this variant is behind another
  let steered = false; // the playlist has content steering: hls.js chooses the CDN
  let timer = 0;

  function failed(data) {
    const now = seconds();
    mediaErrors = mediaErrors.filter((t) => now - t < 30);
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && mediaErrors.length < 2) {
      mediaErrors.push(now);
      hls.recoverMediaError();
      host.resume();
      return;
    }
    // startLoad does nothing when the first playlist never arrived: load anew.
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR && hls.latestLevelDetails && restarts < 3) {
      restarts += 1;
      cancel();
      after(retryPause(cfg.target_duration), () => hls.startLoad(-1, true));
      return;
    }
    host.lost(data.details);
  }

  const others = () => {
    if (!known || !known.live || !hls.autoLevelEnabled) return [];
    const here = hls.levels[hls.loadLevel];
    const variants = hls.levels.filter((level) => level !== here).map((level) => ({ url: level.uri, use: () => use(level) }));
    return variants.concat(here && !steered ? host.siblings(here.uri) : []);
  };
  const look = lookAround(cfg, { others, newest: () => known.endSN });
  function use(level) {
    const index = hls.levels.indexOf(level);
    if (index < 0) return;
    // hls.js is not to go back at once to a variant that others have left behind.
    if (lags) Object.assign(hls.levels[hls.loadLevel], { loadError: 1, loadErrorTime: performance.now() });
    hls.nextLoadLevel = index;
  }
  function cancel() {
    clearTimeout(timer);
    timer = 0;
  }
  function after(pause, run) {
    timer = setTimeout(() => {
      timer = 0;
      run();
    }, pause * 1000);
  }
  // A look that is due is not put off by a playlist that has nothing new.
  function lookIn(pause) {
    if (!timer) after(pause, () => { if (hls && known) look(); });
  }

  function arrived(details) {
    if (known && restarted(details)) {
      host.restart('sequence');
      return;
    }
    // Less than a segment and a half is a race between two packagers.
    lags = Boolean(known) && details.edge < known.edge - 1.5 * details.targetduration;
    if (!known || details.edge > known.edge + 0.1) {
      cancel();
      known = details;
      grew = seconds();
      still = 0;
      back = 0;
      return;
    }
    still += 1;
    if (lags || still > 1) lookIn(retryPause(cfg.target_duration) * lookPace(still));
  }

  // restarted tells an encoder that began again from an old copy at an edge,
  // which has the same segments under the same numbers.
  function restarted(details) {
    if (!(details.endSN < known.endSN)) {
      back = 0;
      return false;
    }
    const date = (d) => { const last = d.fragments[d.fragments.length - 1]; return last && last.programDateTime ? last.programDateTime + last.duration * 1000 : NaN; };
    if (date(details) > date(known) + 100) return true;
    if (details.endSN < known.startSN) return true;
    const same = details.fragments.find((f) => known.fragments.some((k) => k && f && k.sn === f.sn));
    const before = same && known.fragments.find((k) => k && k.sn === same.sn);
    if (before && before.url !== same.url && before.level === same.level) return true;
    if (!sameLevel(details, known)) return false; // this variant lags
    back += 1;
    return back > 5;
  }

  const sameLevel = (a, b) => (a.fragments[0] || {}).level === (b.fragments[0] || {}).level;

  function load() {
    stop();
    restarts = 0;
    known = null;
    grew = seconds();
    still = 0;
    back = 0;
    redirected = false;
    const url = host.source();
    hls = plainly(() => new Hls(paced({ ...cfg.hlsjs })));
    const mine = hls;
    const on = (event, handler) => hls.on(event, (_, data) => { if (hls === mine) handler(data); });
    on(Hls.Events.ERROR, (data) => {
      const status = data.response && data.response.code;
      if (redirected && (status === 403 || status === 404 || status === 410) && data.details !== 'fragLoadError') {
        redirected = false;
        host.restart('redirect');
        return;
      }
      if (data.fatal) {
        failed(data);
        return;
      }
      host.trouble(data.details);
      if (data.details.startsWith('levelLoad') && known) lookIn(retryPause(cfg.target_duration));
    });
    on(Hls.Events.FRAG_BUFFERED, () => { restarts = 0; });
    on(Hls.Events.MANIFEST_LOADED, (data) => {
      redirected = moved(data.networkDetails, url);
      steered = Boolean(data.contentSteering);
    });
    on(Hls.Events.MANIFEST_PARSED, () => host.levels(hls.levels.map(levelLabel)));
    const audios = () => host.audios(hls.audioTracks, hls.audioTrack);
    on(Hls.Events.AUDIO_TRACKS_UPDATED, audios);
    on(Hls.Events.AUDIO_TRACK_SWITCHED, audios);
    on(Hls.Events.LEVEL_LOADING, (data) => { asked = data.url; });
    let asked = url;
    on(Hls.Events.LEVEL_LOADED, (data) => {
      if (moved(data.networkDetails, asked)) redirected = true;
      arrived(data.details);
    });
    on(Hls.Events.LEVEL_UPDATED, (data) => host.playlist(data.details.live));
    hls.attachMedia(video);
    hls.loadSource(url);
  }

  // paced gives the configuration what depends on the moment: the pause before a
  // playlist is asked for again, of which other variants take their share.
  function paced(config) {
    if (cfg.credentials) config.xhrSetup = (xhr) => { xhr.withCredentials = true; };
    const retry = (config.playlistLoadPolicy || {}).default;
    if (retry) {
      const pause = () => 1000 * retryPause(cfg.target_duration) * (known && others().length ? 2 : 1);
      // hls.js leaves a pathway only when it has no try left.
      const tries = () => (steered ? Math.min(1, retry.errorRetry.maxNumRetry) : retry.errorRetry.maxNumRetry);
      const errorRetry = { get maxNumRetry() { return tries(); }, get retryDelayMs() { return pause(); }, get maxRetryDelayMs() { return pause(); } };
      config.playlistLoadPolicy = { default: { ...retry, errorRetry } };
    }
    return config;
  }

  function stop() {
    cancel();
    if (hls) hls.destroy();
    hls = null;
  }

  return {
    load,
    stop,
    // idle keeps what is buffered and asks for nothing more.
    idle: () => {
      cancel();
      if (hls) hls.stopLoad();
    },
    sync: () => {
      const p = hls && hls.latestLevelDetails && hls.latestLevelDetails.live ? hls.liveSyncPosition : null;
      return p === null ? NaN : p;
    },
    latency: () => (hls ? hls.latency : NaN),
    grew: () => grew,
    newest: () => (known ? known.endSN : -1),
    media: () => (hls && hls.levels[hls.loadLevel] ? hls.levels[hls.loadLevel].uri : ''),
    // wake asks now for what would have been asked for later.
    wake: () => { if (hls && known && seconds() - grew > 1.5 * cfg.target_duration) hls.startLoad(-1, true); },
    quality: (i) => { if (hls) hls.nextLevel = i; },
    audio: (i) => { if (hls) hls.audioTrack = i; },
    destroy: stop,
  };
}

// moved reports whether a request was answered at another address.
function moved(xhr, asked) {
  const from = xhr && (xhr.responseURL || xhr.url);
  return Boolean(from) && from.split(/[?#]/)[0] !== absolute(asked).href.split(/[?#]/)[0];
}
