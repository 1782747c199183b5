import { moment, seconds } from './dom.js';
import { pauseFor, slowAfter } from './pace.js';

const patience = 600; // seconds after EXT-X-ENDLIST without a stated end, for which the stream may go on

// makeEnding decides what the end of the pictures means. Before the stated end,
// or for a while where none is stated, EXT-X-ENDLIST is a pause: an encoder that
// is restarted writes it too. again asks whether there is something to play,
// resume plays it, over says that there will be nothing more.
export function makeEnding(cfg, slate, { again, resume, over }) {
  let timer = 0;
  let since = 0; // when the end was seen
  const stated = moment(cfg.ends);
  const final = (wasLive) => (isNaN(stated) ? !wasLive || seconds() - since > patience : Date.now() > stated);
  function stop() {
    clearTimeout(timer);
    timer = 0;
  }
  function wait() {
    slate.show('paused', { slow: seconds() - since > slowAfter });
    const pause = pauseFor({ elapsed: seconds() - since, quick: Math.max(2, cfg.target_duration), hidden: document.hidden });
    timer = setTimeout(look, pause * 1000);
  }
  async function look() {
    const mine = timer;
    const there = await again().catch(() => false);
    if (timer !== mine) return; // stopped meanwhile
    timer = 0;
    if (there) resume();
    else if (final(true)) over();
    else wait();
  }
  return {
    stop,
    waiting: () => timer !== 0,
    // look asks now for what would have been asked for later.
    hurry: () => {
      if (!timer) return;
      clearTimeout(timer);
      look();
    },
    // begin returns false when it is the end.
    begin: (seen, wasLive) => {
      since = seen;
      if (final(wasLive)) return false;
      stop();
      wait();
      return true;
    },
  };
}
