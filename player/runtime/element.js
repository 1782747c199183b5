import { adopt, element, json } from './dom.js';
import { configuration, attributes } from './configuration.js';
import { mount } from './core.js';
import { castButton } from './cast.js';
import { hlsjsEngine } from './hlsjs.js';
import { nativeEngine } from './native.js';
import { videojsEngine } from './videojs.js';
import { wordsFor } from './words.js';
import css from './player.css';

const engines = { hlsjs: hlsjsEngine, videojs: videojsEngine, native: nativeHost };

// nativeHost says so when the browser is one that claims more than it can do.
async function nativeHost(host) {
  const engine = nativeEngine(host);
  if (engine && !('WebKitPlaybackTargetAvailabilityEvent' in window) && !('ManagedMediaSource' in window)) {
    host.degraded('native: no live controls in this browser');
  }
  return engine;
}

const Base = globalThis.HTMLElement || class {};

// StreamWatchPlayer is <stream-watch-player>. Everything that it does begins
// when it is put into a page and ends when it is taken out.
export class StreamWatchPlayer extends Base {
  static get observedAttributes() { return attributes; }

  connectedCallback() {
    // What a page set before this script came hides the properties of the class.
    for (const property of attributes.map(camel)) {
      if (!Object.prototype.hasOwnProperty.call(this, property)) continue;
      const value = this[property];
      delete this[property];
      this[property] = value;
    }
    this._start();
  }

  disconnectedCallback() { this._stop(); }

  // A changed attribute starts anew, once for all that change together.
  attributeChangedCallback(name, before, after) {
    if (before === after || !this._player || this._due) return;
    this._due = true;
    queueMicrotask(() => {
      this._due = false;
      if (!this._player) return;
      this._stop();
      this._start();
    });
  }

  _start() {
    if (this._player || !this.isConnected) return;
    const cfg = configuration(this);
    const around = this.closest('[lang]');
    const words = wordsFor(cfg.lang, around && around.lang, navigator.language);
    const root = this.shadowRoot || this.attachShadow({ mode: 'open' });
    root.replaceChildren();
    adopt(root, css);
    const box = element('div', 'box');
    const stage = element('div', 'stage');
    const video = element('video', 'video');
    box.lang = words.tag;
    box.dir = words.rtl ? 'rtl' : 'ltr';
    // An empty title keeps the browser from showing the element's as a tooltip.
    box.title = '';
    stage.setAttribute('role', 'region');
    for (const e of [stage, video]) e.setAttribute('aria-label', cfg.title || words.player);
    stage.style.setProperty('--streamwatch-shape', cfg.ratio || '16 / 9');
    Object.assign(video, { playsInline: true, controls: true, preload: 'none', muted: cfg.muted });
    if (cfg.poster) video.poster = cfg.poster;
    const side = element('div', 'side');
    const slot = document.createElement('slot');
    slot.name = 'side';
    const fill = () => { side.hidden = slot.assignedNodes().length === 0; };
    slot.addEventListener('slotchange', fill);
    side.append(slot);
    stage.append(video);
    box.append(stage, side);
    root.append(box);
    fill();
    this._video = video;
    this._player = mount(this, stage, video, cfg, words, engines[cfg.engine]);
    this._cast = cfg.cast ? castButton(stage, video, cfg, words) : () => {};
  }

  _stop() {
    if (!this._player) return;
    const player = this._player;
    this._player = null;
    this._cast();
    player.destroy();
    this.shadowRoot.replaceChildren();
    this._video = null;
  }

  play() { if (this._player) this._player.play(); }

  pause() { if (this._player) this._player.pause(); }

  golive() { if (this._player) this._player.golive(); }

  reload() { if (this._player) this._player.reload(); }

  get state() { return this._player ? this._player.state() : 'off'; }

  get latency() { return this._player ? this._player.latency() : NaN; }

  get video() { return this._video || null; }

  get paused() { return !this._video || this._video.paused; }

  get currentTime() { return this._video ? this._video.currentTime : 0; }

  set currentTime(t) { if (this._video) this._video.currentTime = t; }

  get volume() { return this._video ? this._video.volume : 1; }

  set volume(v) { if (this._video) this._video.volume = v; }

  // Once there is a player, muted is its sound, as with <video>.
  get muted() { return this._video ? this._video.muted : this.hasAttribute('muted'); }

  set muted(value) {
    const m = value === '' || Boolean(value); // frameworks write a bare attribute so
    if (this._video) this._video.muted = m;
    else this.toggleAttribute('muted', m);
  }
}

// The other attributes are properties of the same name, in camel case.
const camel = (name) => name.replace(/-(\w)/g, (_, c) => c.toUpperCase());
for (const name of attributes) {
  const property = camel(name);
  if (property in StreamWatchPlayer.prototype) continue;
  Object.defineProperty(StreamWatchPlayer.prototype, property, {
    configurable: true, enumerable: true,
    get() { return this.getAttribute(name); },
    set(value) {
      if (value === null || value === undefined || value === false) this.removeAttribute(name);
      else this.setAttribute(name, value === true ? '' : typeof value === 'object' ? json(value) : value);
    },
  });
}

export function define() {
  if (globalThis.customElements && !customElements.get('stream-watch-player')) customElements.define('stream-watch-player', StreamWatchPlayer);
}
