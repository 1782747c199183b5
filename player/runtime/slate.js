
// Words that viewers read. They are only ever set as textContent.
const words = {
  waiting: 'Waiting for the stream',
  reconnecting: 'Connection lost. Trying again',
  ended: 'The stream has ended',
  unsupported: 'This browser cannot play the stream',
  failed: 'The player could not be loaded',
  open: 'Open the stream',
  play: 'Play',
  unmute: 'Unmute',
  golive: 'Go live',
  live: 'Live',
  quality: 'Quality',
  auto: 'Auto',
};

function element(name, className, text) {
  const e = document.createElement(name);
  e.className = className;
  if (text) e.textContent = text;
  return e;
}

// clock writes a duration as 2 d 03:04:05.
function clock(seconds) {
  const two = (n) => String(Math.floor(n)).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const rest = two((seconds % 86400) / 3600) + ':' + two((seconds % 3600) / 60) + ':' + two(seconds % 60);
  return days > 0 ? days + ' d ' + rest : rest;
}

// makeSlate covers the picture while there is none. Its line of text is a
// live region; the countdown is not, or it would be read out every second.
function makeSlate(root, cfg) {
  const box = element('div', 'streamwatch-slate');
  const line = element('p', 'streamwatch-line');
  const when = element('p', 'streamwatch-when');
  const timer = element('p', 'streamwatch-timer');
  const link = element('a', 'streamwatch-link', words.open);
  line.setAttribute('role', 'status');
  line.setAttribute('aria-live', 'polite');
  timer.setAttribute('role', 'timer');
  link.href = cfg.url;
  link.rel = 'noopener';
  link.hidden = true;
  box.hidden = true;
  box.append(line, when, timer, link);
  const video = root.querySelector('video');
  if (video.poster) {
    const image = element('img', 'streamwatch-poster');
    image.alt = '';
    image.src = video.poster;
    box.prepend(image);
  }
  root.append(box);

  const starts = cfg.starts ? Date.parse(cfg.starts) : NaN;
  let ticking = 0;
  function count() {
    const left = (starts - Date.now()) / 1000;
    if (!(left > 0)) {
      when.textContent = '';
      timer.textContent = '';
      clearInterval(ticking);
      ticking = 0;
      return;
    }
    when.textContent = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(starts);
    timer.textContent = clock(left);
  }
  function show(word, withLink) {
    if (!box.hidden && line.textContent === words[word]) return;
    if (line.textContent !== words[word]) line.textContent = words[word];
    box.dataset.state = word;
    link.hidden = !withLink;
    box.hidden = false;
    clearInterval(ticking);
    ticking = 0;
    when.textContent = '';
    timer.textContent = '';
    if (word === 'waiting' && starts > Date.now()) {
      count();
      ticking = setInterval(count, 1000);
    }
  }
  function hide() {
    // The last step of the picture is seen after the end of it.
    if (video.ended && box.dataset.state === 'ended') return;
    box.hidden = true;
    clearInterval(ticking);
    ticking = 0;
  }
  return { show, hide, destroy: () => { clearInterval(ticking); box.remove(); } };
}
