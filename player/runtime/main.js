// The script that pages load: it defines the element, and connects a page of
// ours with the one that frames it.
import { define, StreamWatchPlayer } from './element.js';
import { speak } from './frame.js';

define();

// Only our own pages mark a player as theirs to speak for.
function connect() {
  for (const player of document.querySelectorAll('stream-watch-player[data-frame]')) {
    speak(player, player.dataset.frame.split(' ').filter(Boolean));
  }
}
if (globalThis.document) {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', connect);
  else connect();
}

export { StreamWatchPlayer };
