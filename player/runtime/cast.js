import { element } from './dom.js';

// castButton adds Chromecast. It loads Google's sender, which has no fixed bytes
// to hold against a hash, so it is there only on request.
const sender = 'https://www.gstatic.com/cv/js/sender/v1/cast_sender.js?loadCastFramework=1';

export function castButton(stage, video, cfg, words) {
  const button = element('button', 'chromecast', words.cast);
  button.type = 'button';
  button.hidden = true;
  stage.querySelector('.bar').append(button);
  let gone = false;
  const ready = () => {
    if (gone || !window.cast || !window.chrome || !window.chrome.cast) return;
    const { CastContext, CastContextEventType, CastState } = window.cast.framework;
    const context = CastContext.getInstance();
    context.setOptions({ receiverApplicationId: window.chrome.cast.media.DEFAULT_MEDIA_RECEIVER_APP_ID, autoJoinPolicy: 'origin_scoped' });
    const show = () => { button.hidden = context.getCastState() === CastState.NO_DEVICES_AVAILABLE; };
    context.addEventListener(CastContextEventType.CAST_STATE_CHANGED, show);
    show();
    button.addEventListener('click', async () => {
      try {
        await context.requestSession();
        const media = new window.chrome.cast.media.MediaInfo(cfg.url, 'application/vnd.apple.mpegurl');
        media.streamType = window.chrome.cast.media.StreamType.LIVE;
        media.metadata = new window.chrome.cast.media.GenericMediaMetadata();
        media.metadata.title = cfg.title || cfg.event;
        await context.getCurrentSession().loadMedia(new window.chrome.cast.media.LoadRequest(media));
        video.pause();
      } catch { /* the viewer chose no device */ }
    });
  };
  if (window.cast && window.cast.framework) {
    ready();
  } else {
    const before = window.__onGCastApiAvailable;
    window.__onGCastApiAvailable = (there) => {
      if (before) before(there);
      if (there) ready();
    };
    if (!document.querySelector('script[src="' + sender + '"]')) {
      try {
        const s = document.createElement('script');
        s.async = true;
        s.src = sender;
        document.head.append(s);
      } catch { /* the page's policy has no place for it */ }
    }
  }
  return () => {
    gone = true;
    button.remove();
  };
}
