// library.js loads hls.js and Video.js: asynchronously, from the first source
// that delivers, out of the way of AMD loaders, and next to another copy that
// the page may have.

import { completeBind } from './builtins.js';

const patience = 5; // seconds until the next source is tried as well
const limit = 20; // seconds for all of them
const loading = new Map(); // name of the global: promise of the library

// The nonce of our own script is good for what it loads.
const nonce = (globalThis.document && document.currentScript && document.currentScript.nonce) || '';

let policy = null; // of Trusted Types
function trusted(url) {
  if (!window.trustedTypes || !window.trustedTypes.createPolicy) return url;
  // Only addresses of the configuration come here.
  policy = policy || window.trustedTypes.createPolicy('streamwatch', { createScriptURL: (u) => u });
  return policy.createScriptURL(url);
}

// library resolves to the value that a script leaves in window[name]. sources
// are { url, integrity }; each one that fails, or takes long, brings the next.
// ours says whether a copy that is there already will do.
export function library(name, sources, ours = () => true) {
  completeBind();
  if (window[name] && ours(window[name])) return Promise.resolve(window[name]);
  if (!loading.has(name)) {
    const promise = load(name, sources);
    loading.set(name, promise);
    promise.catch(() => loading.delete(name)); // who reloads tries again
  }
  return loading.get(name);
}

function load(name, sources) {
  return new Promise((resolve, reject) => {
    let next = 0;
    let open = 0;
    let timer = 0;
    let done = false;
    const last = setTimeout(() => finish(null, new Error(name + ': no source answered in ' + limit + ' s')), limit * 1000);
    function finish(value, error) {
      if (done) return;
      done = true;
      clearTimeout(timer);
      clearTimeout(last);
      if (value) resolve(value);
      else reject(error);
    }
    function start() {
      clearTimeout(timer);
      if (done || next >= sources.length) return;
      const source = sources[next];
      next += 1;
      open += 1;
      if (next < sources.length) timer = setTimeout(start, patience * 1000);
      script(name, source).then(finish, () => {
        open -= 1;
        if (next < sources.length) start();
        else if (open === 0) finish(null, new Error(name + ': no source could be loaded'));
      });
    }
    if (sources.length) start();
    else finish(null, new Error(name + ': no source is set'));
  });
}

// script adds one element and takes what it leaves; the page's own copy of the
// library stays in its place.
function script(name, source) {
  return new Promise((resolve, reject) => {
    const own = window[name];
    const s = document.createElement('script');
    const end = () => {
      unhide(s);
      s.remove();
    };
    s.async = true;
    if (nonce) s.nonce = nonce;
    if (source.integrity) {
      s.integrity = source.integrity;
      s.crossOrigin = 'anonymous';
    }
    s.onload = () => {
      const value = window[name];
      end();
      if (own) window[name] = own;
      if (value && value !== own) resolve(value);
      else reject(new Error('nothing'));
    };
    s.onerror = () => {
      end();
      reject(new Error('blocked'));
    };
    hide(s);
    try {
      s.src = trusted(source.url);
      document.head.append(s);
    } catch (error) { // Trusted Types without a policy of ours
      end();
      reject(error);
    }
  });
}

// A library that sees an AMD loader or CommonJS gives itself to that instead of
// window, and the loader then reports a script it did not ask for. So these
// names are hidden from our scripts, and from nobody else.
const hidden = new Set();
let restore = [];

const running = () => hidden.has(document.currentScript);

function hide(s) {
  hidden.add(s);
  if (hidden.size > 1) return;
  for (const name of ['define', 'exports', 'module']) {
    const has = Object.getOwnPropertyDescriptor(window, name);
    // A loader that declares its name with var makes it a property that cannot
    // be replaced; libraries look at define.amd too.
    if (!has || has.configurable) restore.push(veil(window, name));
    else if (window[name] && window[name].amd) restore.push(veil(window[name], 'amd'));
  }
}

function unhide(s) {
  hidden.delete(s);
  if (hidden.size > 0) return;
  restore.forEach((put) => put());
  restore = [];
}

function veil(object, name) {
  let value = object[name];
  const there = name in object;
  let changed = false;
  Object.defineProperty(object, name, {
    configurable: true, enumerable: true,
    get: () => (running() ? undefined : value),
    set: (v) => { value = v; changed = true; },
  });
  return () => {
    if (there || changed) Object.defineProperty(object, name, { configurable: true, enumerable: true, writable: true, value });
    else delete object[name];
  };
}
