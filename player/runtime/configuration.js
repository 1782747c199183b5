import defaults from './defaults.json';
import { absolute, json } from './dom.js';

// attributes of the element. The rest of the configuration is derived from a
// live manifest and stands in config, as JSON.
export const attributes = [
  'src', 'engine', 'title', 'poster', 'starts', 'ends', 'autoplay', 'muted', 'lang', 'dvr', 'low-latency', 'captions', 'fallback',
  'event', 'stream', 'beacon', 'lazy', 'credentials', 'prefer-native', 'cast', 'library', 'library-integrity', 'config',
];

const flags = { lazy: 'lazy', credentials: 'credentials', 'prefer-native': 'prefer_native', cast: 'cast' };
const texts = ['title', 'poster', 'starts', 'ends', 'lang', 'captions', 'event', 'stream', 'beacon'];

// configuration reads an element: what its attributes say, else its config,
// else what fits any stream.
export function configuration(e) {
  const cfg = { ...structured(defaults), ...given(e) };
  const flag = (name) => e.hasAttribute(name) && e.getAttribute(name) !== 'false';
  for (const name of texts) if (e.hasAttribute(name)) cfg[name] = e.getAttribute(name);
  for (const [name, key] of Object.entries(flags)) if (e.hasAttribute(name)) cfg[key] = flag(name);
  if (e.hasAttribute('src')) cfg.url = e.getAttribute('src').trim();
  if (e.hasAttribute('fallback')) cfg.fallback = e.getAttribute('fallback').split(/\s+/).filter(Boolean);
  cfg.engine = e.getAttribute('engine') || cfg.engine || 'hlsjs';
  if (!['hlsjs', 'videojs', 'native'].includes(cfg.engine)) {
    console.error('stream-watch-player: engine "' + cfg.engine + '" is none of hlsjs, videojs, native; hlsjs is used');
    cfg.engine = 'hlsjs';
  }
  cfg.autoplay = autoplay(e, flag);
  cfg.muted = cfg.autoplay === 'muted' || flag('muted');
  choose(cfg, e, flag);
  cfg.libraries = libraries(cfg, e);
  for (const key of ['url', 'poster', 'beacon']) cfg[key] = address(cfg[key]);
  cfg.fallback = (cfg.fallback || []).map(address).filter(Boolean);
  return cfg;
}

const structured = (value) => JSON.parse(json(value));

function given(e) {
  const text = e.getAttribute('config');
  if (!text) return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    console.error('stream-watch-player: config is not JSON: ' + error.message);
    return {};
  }
}

// autoplay is off, muted, or any: with sound where the browser lets it.
function autoplay(e, flag) {
  if (!flag('autoplay')) return 'off';
  const value = e.getAttribute('autoplay');
  if (value === 'off' || value === 'muted' || value === 'any') return value;
  return flag('muted') ? 'muted' : 'any';
}

// choose applies what changes the derived settings as a whole.
function choose(cfg, e, flag) {
  const dvr = e.getAttribute('dvr');
  if (dvr !== null && dvr !== 'auto') cfg.dvr = dvr !== 'off' && dvr !== 'false';
  if (dvr !== null && cfg.dvr) {
    delete cfg.hlsjs.liveMaxLatencyDuration; // it would pull a viewer back who went there
    Object.assign(cfg.hlsjs, { maxLiveSyncPlaybackRate: 1, backBufferLength: 60 });
  }
  if (flag('low-latency')) {
    delete cfg.hlsjs.liveMaxLatencyDuration;
    delete cfg.hlsjs.liveSyncDuration; // the manifest's PART-HOLD-BACK counts
    Object.assign(cfg.hlsjs, { lowLatencyMode: true, maxLiveSyncPlaybackRate: cfg.dvr ? 1 : 1.1 });
  }
}

// libraries are the sources of each library; an attribute names one of one's own.
function libraries(cfg, e) {
  const own = e.getAttribute('library');
  const all = { ...cfg.libraries };
  if (own && cfg.engine !== 'native') {
    all[cfg.engine] = [{ url: own, integrity: e.getAttribute('library-integrity') || '' }, ...all[cfg.engine]];
  }
  return all;
}

// address completes what a browser may load: http, https and paths.
function address(text) {
  if (!text) return '';
  try {
    const url = absolute(text);
    return /^(https?|blob):$/.test(url.protocol) || url.protocol === document.location.protocol ? url.href : '';
  } catch {
    return '';
  }
}
