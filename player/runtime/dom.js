// What all parts need of the browser.

export const seconds = () => performance.now() / 1000;

// moment reads a time, NaN where there is none. Old date libraries replace
// Date.parse, and give null or an object.
export const moment = (text) => new Date(text || NaN).getTime();

// json writes what a value is, whatever toJSON old libraries gave to arrays and
// strings: it is called before the replacer, which looks at the value again.
export const json = (value) => JSON.stringify(value, function (key) { return this[key]; });

// absolute is an address as the page means it: a page may have a base, and one
// that was written into a frame has no address of its own.
export const absolute = (url) => new URL(url, document.baseURI);

// element makes one with a class, which is its part too, so that pages can style it.
export function element(name, part, text) {
  const e = document.createElement(name);
  if (part) {
    e.className = part;
    e.setAttribute('part', part);
  }
  if (text) e.textContent = text;
  return e;
}

// listeners collects event handlers that leave together.
export function listeners() {
  const all = [];
  return {
    on(target, type, handler, options) {
      target.addEventListener(type, handler, options);
      all.push(() => target.removeEventListener(type, handler, options));
    },
    off: () => all.splice(0).forEach((remove) => remove()),
  };
}

// whenSeen runs start now, when a page that was loaded on suspicion is opened,
// or when the player comes near the viewport. It returns the function that
// gives up.
export function whenSeen(target, lazy, start) {
  if (document.prerendering) {
    let giveUp = () => document.removeEventListener('prerenderingchange', opened);
    const opened = () => { giveUp = whenSeen(target, lazy, start); };
    document.addEventListener('prerenderingchange', opened, { once: true });
    return () => giveUp();
  }
  if (!lazy || !window.IntersectionObserver) {
    start();
    return () => {};
  }
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    observer.disconnect();
    start();
  }, { rootMargin: '200px' });
  observer.observe(target);
  return () => observer.disconnect();
}

// adopt gives a shadow root its style. Constructed sheets need no permission of
// a Content-Security-Policy; browsers without them get an element.
export function adopt(root, text) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement('style');
    style.textContent = text;
    root.append(style);
  }
}

// remember and recall keep one value for the next visit. Storage throws in
// sandboxed frames and where it is switched off.
export function remember(key, value) {
  try { localStorage.setItem('streamwatch-' + key, value); } catch { /* not kept */ }
}

export function recall(key) {
  try { return localStorage.getItem('streamwatch-' + key); } catch { return null; }
}

export function toggleFullscreen(host, video) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (host.requestFullscreen) host.requestFullscreen().catch(() => {});
  else if (video.webkitEnterFullscreen) video.webkitEnterFullscreen();
}
