import { moment } from './dom.js';

// calendarFile makes the event's entry for the viewer's calendar (RFC 5545) and
// returns the address of it, '' where there is none.
export function calendarFile(cfg) {
  const starts = moment(cfg.starts);
  if (!(starts > 0)) return '';
  const ends = moment(cfg.ends) || starts + 3600e3;
  const time = (t) => new Date(t).toISOString().replace(/[-:]|\.\d+/g, '');
  const text = (s) => String(s).replace(/[\\;,]/g, '\\$&').replace(/[\r\n]+/g, ' ');
  const page = cfg.page || (location.protocol.startsWith('http') ? location.href : '');
  const lines = [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//streamwatch//player//EN', 'BEGIN:VEVENT',
    'UID:' + text(cfg.event + '-' + cfg.stream + '-' + time(starts)) + '@streamwatch',
    'DTSTAMP:' + time(Date.now()), 'DTSTART:' + time(starts), 'DTEND:' + time(ends),
    'SUMMARY:' + text(cfg.title || cfg.event), page && 'URL:' + page, 'END:VEVENT', 'END:VCALENDAR',
  ];
  return URL.createObjectURL(new Blob([lines.filter(Boolean).map(fold).join('\r\n') + '\r\n'], { type: 'text/calendar' }));
}

// fold keeps lines within 75 octets; 24 characters never have more.
function fold(line) {
  const parts = [''];
  for (const c of line) {
    if (parts[parts.length - 1].length >= 24) parts.push(' ');
    parts[parts.length - 1] += c;
  }
  return parts.join('\r\n');
}
