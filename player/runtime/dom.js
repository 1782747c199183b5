// What all parts need of the browser.

export const seconds = () => performance.now() / 1000;

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

// whenVisible runs start now, or when the player comes near the viewport. It
// returns the function that gives up.
export function whenVisible(target, lazy, start) {
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
