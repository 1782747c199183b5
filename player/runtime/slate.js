import { element, moment } from './dom.js';
import { calendarFile } from './calendar.js';

// clock writes a duration as 2 d 03:04:05.
function clock(seconds) {
  const two = (n) => String(Math.floor(n)).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const rest = two((seconds % 86400) / 3600) + ':' + two((seconds % 3600) / 60) + ':' + two(seconds % 60);
  return days > 0 ? days + ' d ' + rest : rest;
}

// In these states nothing happens by itself any more.
const terminal = ['ended', 'failed', 'unsupported'];

// makeSlate covers the picture while there is none. Its line of text is a
// live region; the countdown is not, or it would be read out every second.
export function makeSlate(stage, cfg, words, act) {
  const box = element('div', 'slate');
  const line = element('p', 'line');
  const when = element('p', 'when');
  const timer = element('p', 'timer');
  const link = element('a', 'link', words.open);
  const calendar = element('a', 'calendar', words.calendar);
  const again = element('button', 'reload', words.reload);
  const code = qrCode(cfg.qr, words.scan);
  line.setAttribute('role', 'status');
  line.setAttribute('aria-live', 'polite');
  timer.setAttribute('role', 'timer');
  again.type = 'button';
  again.addEventListener('click', () => act.reload());
  link.href = cfg.url;
  link.rel = 'noopener';
  link.target = '_blank';
  const actions = element('p', 'actions');
  actions.append(again, link, calendar);
  const text = element('div', 'words');
  text.append(line, when, timer, actions);
  box.append(text);
  if (code) box.append(code);
  if (cfg.poster && cfg.backdrop !== false) {
    const image = element('img', 'poster');
    image.alt = '';
    image.onerror = () => image.remove();
    image.src = cfg.poster;
    box.prepend(image);
  }
  box.hidden = true;
  stage.append(box);

  const starts = moment(cfg.starts);
  let ticking = 0;
  let file = '';
  // The viewer's own zone is named: a start is no use without it.
  const format = new Intl.DateTimeFormat(words.tag, { year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });
  function count() {
    const left = (starts - Date.now()) / 1000;
    if (!(left > 0)) {
      still();
      return;
    }
    when.textContent = format.format(starts);
    timer.textContent = clock(left);
  }
  function still() {
    clearInterval(ticking);
    ticking = 0;
    when.textContent = '';
    timer.textContent = '';
    calendar.hidden = true;
    if (code) code.hidden = true;
  }
  // show says one of the words. slow offers to look now instead of later.
  function show(word, { slow = false, open = false } = {}) {
    const label = terminal.includes(word) ? words.reload : words.retry;
    if (!box.hidden && box.dataset.state === word && again.hidden === !(slow || terminal.includes(word))) return;
    if (line.textContent !== words[word]) line.textContent = words[word];
    box.dataset.state = word;
    again.textContent = label;
    again.hidden = !(slow || terminal.includes(word));
    link.hidden = !open;
    box.hidden = false;
    still();
    if (word === 'waiting' && starts > Date.now()) {
      if (!file) calendar.href = file = calendarFile(cfg);
      calendar.download = 'event.ics';
      calendar.hidden = !file;
      if (code) code.hidden = false;
      count();
      ticking = setInterval(count, 1000);
    }
  }
  function hide() {
    box.hidden = true;
    clearInterval(ticking);
    ticking = 0;
  }
  return {
    show,
    hide,
    state: () => (box.hidden ? '' : box.dataset.state),
    destroy: () => {
      clearInterval(ticking);
      if (file) URL.revokeObjectURL(file);
      box.remove();
    },
  };
}

const quiet = 4; // modules around the code that stay light (ISO/IEC 18004)

// qrCode draws the code that was made with the embed: its size in modules, and
// a bit for each.
function qrCode(qr, label) {
  if (!qr) return null;
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('class', 'qr');
  svg.setAttribute('part', 'qr');
  const side = qr.size + 2 * quiet;
  svg.setAttribute('viewBox', '0 0 ' + side + ' ' + side);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const path = document.createElementNS(ns, 'path');
  const bytes = atob(qr.bits);
  let d = '';
  for (let i = 0; i < qr.size * qr.size; i += 1) {
    if (bytes.charCodeAt(i >> 3) & (0x80 >> (i & 7))) d += 'M' + (quiet + i % qr.size) + ' ' + (quiet + Math.floor(i / qr.size)) + 'h1v1h-1z';
  }
  path.setAttribute('d', d);
  svg.append(path);
  const figure = element('div', 'scan');
  figure.append(svg, element('p', '', label));
  figure.hidden = true;
  return figure;
}
