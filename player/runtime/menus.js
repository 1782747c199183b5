import { element, listeners } from './dom.js';

// makeMenus makes the choices of a viewer: quality, audio, captions and, where
// one may be behind live, speed; and buttons that take the picture elsewhere.
// Each shows itself when there is something to choose.
export function makeMenus(video, cfg, words, act) {
  const { on, off } = listeners();
  const menu = (part, label, choose) => {
    const select = element('select', part);
    select.setAttribute('aria-label', label);
    select.hidden = true;
    on(select, 'change', () => choose(Number(select.value)));
    return select;
  };
  const fill = (select, labels, chosen, first = 0) => {
    select.textContent = '';
    labels.forEach((label, i) => {
      const o = element('option', '', label);
      o.value = String(i + first);
      o.selected = i + first === chosen;
      select.append(o);
    });
  };
  const quality = menu('quality', words.quality, (i) => act.quality(i));
  const audio = menu('audio', words.audio, (i) => act.audio(i));
  const captions = menu('captions', words.captions, (i) => choose(i));
  const speed = menu('speed', words.speed, (i) => { video.playbackRate = i / 100; });
  const elements = [quality, audio, captions, speed, ...elsewhere(video, words, on, act.own)];

  // Labels are those of the manifest: [{ label, language, chosen }].
  const named = (t, i) => t.label || t.name || t.language || t.lang || String(i + 1);
  function levels(labels) {
    quality.hidden = labels.length < 2;
    fill(quality, [words.auto, ...labels], -1, -1);
  }
  function audios(tracks, chosen) {
    audio.hidden = tracks.length < 2 || act.own();
    fill(audio, tracks.map(named), chosen);
  }

  // hls.js and the browsers list captions as text tracks of the picture, Video.js
  // has a list of its own.
  const tracks = () => Array.from(act.tracks()).filter((t) => t.kind === 'captions' || t.kind === 'subtitles');
  function showTrack(i) {
    tracks().forEach((t, n) => {
      const mode = n === i ? 'showing' : 'disabled';
      if (t.mode !== mode && !(mode === 'disabled' && t.mode === 'hidden')) t.mode = mode;
    });
  }
  function listCaptions() {
    const list = tracks();
    captions.hidden = list.length === 0 || act.own();
    const prefix = captions.getAttribute('aria-label') + ': ';
    fill(captions, [prefix + words.off, ...list.map(named)], list.findIndex((t) => t.mode === 'showing'), -1);
  }
  for (const type of ['addtrack', 'removetrack', 'change']) on(video.textTracks, type, listCaptions);
  let wanted = (cfg.captions || '').toLowerCase(); // language that is shown once it is there
  function choose(i) {
    const track = tracks()[i];
    wanted = track ? track.language.toLowerCase() : '';
    showTrack(i);
  }
  function toggleCaptions() {
    const shown = tracks().findIndex((t) => t.mode === 'showing');
    choose(shown >= 0 ? -1 : 0);
  }
  // startCaptions comes with the stream, and again when it is loaded anew.
  function startCaptions() {
    const i = tracks().findIndex((t) => t.language.toLowerCase().startsWith(wanted));
    if (!wanted || i < 0) return;
    showTrack(i);
    if (act.own()) wanted = ''; // what is chosen there is not ours to undo
  }

  if (cfg.dvr) {
    const rates = [50, 75, 100, 125, 150, 200];
    rates.forEach((r) => {
      const o = element('option', '', r / 100 + ' ×');
      o.value = String(r);
      o.selected = r === 100;
      speed.append(o);
    });
    speed.hidden = false;
    on(video, 'ratechange', () => {
      const rate = Math.round(video.playbackRate * 100);
      if (rates.includes(rate)) speed.value = String(rate);
    });
  }
  listCaptions();
  return { elements, levels, audios, toggleCaptions, startCaptions, ownRate: () => (cfg.dvr ? Number(speed.value) / 100 : 1), destroy: off };
}

// elsewhere makes the buttons for a window on top, and for a screen near by,
// where the browser has them.
function elsewhere(video, words, on, own) {
  const button = (part, text, run) => {
    const b = element('button', part, text);
    b.type = 'button';
    b.hidden = true;
    on(b, 'click', run);
    return b;
  };
  const pip = button('pip', words.pip, () => {
    const done = document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture();
    done.catch(() => {}); // not while there is no picture
  });
  if (document.pictureInPictureEnabled && video.requestPictureInPicture) {
    on(video, 'loadedmetadata', () => { pip.hidden = own() || !video.videoWidth; });
  }
  const airplay = button('airplay', words.airplay, () => video.webkitShowPlaybackTargetPicker());
  const cast = button('cast', words.cast, () => { video.remote.prompt().catch(() => {}); });
  if (window.WebKitPlaybackTargetAvailabilityEvent) {
    on(video, 'webkitplaybacktargetavailabilitychanged', (e) => { airplay.hidden = e.availability !== 'available'; });
  } else if (video.remote && video.remote.watchAvailability) {
    video.remote.watchAvailability((there) => { cast.hidden = !there || video.disableRemotePlayback; }).catch(() => {});
  }
  return [pip, airplay, cast];
}

// levelLabel names a variant for the quality menu.
export function levelLabel(level) {
  if (level.height) return level.height + 'p';
  const bits = level.bitrate || level.bandwidth || 0;
  return bits ? Math.round(bits / 1000) + ' kbit/s' : level.name || '?';
}
