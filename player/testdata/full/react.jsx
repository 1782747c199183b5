// React component for stream main: npm install hls.js@1.7.4, and keep
// streamwatch-hlsjs.js and streamwatch.css beside this file.
import { useEffect, useRef } from 'react';
import Hls from 'hls.js';
import './streamwatch-hlsjs.js';
import './streamwatch.css';

const config = {
  "autoplay": "muted",
  "beacon": "https://monitor.example.com/beacon",
  "captions": "en",
  "credentials": false,
  "dvr": false,
  "event": "autumn-concert",
  "hlsjs": {
    "abrEwmaDefaultEstimate": 744000,
    "backBufferLength": 30,
    "capLevelOnFPSDrop": true,
    "capLevelToPlayerSize": true,
    "captionsTextTrack1Label": "English",
    "captionsTextTrack1LanguageCode": "en",
    "cmcd": {
      "contentId": "autumn-concert/main",
      "useHeaders": false
    },
    "errorPenaltyExpireMs": 30000,
    "fragLoadPolicy": {
      "default": {
        "errorRetry": {
          "maxNumRetry": 6,
          "maxRetryDelayMs": 2000,
          "retryDelayMs": 500
        },
        "maxLoadTimeMs": 10000,
        "maxTimeToFirstByteMs": 4000,
        "timeoutRetry": {
          "maxNumRetry": 6,
          "maxRetryDelayMs": 0,
          "retryDelayMs": 0
        }
      }
    },
    "liveDurationInfinity": true,
    "liveMaxLatencyDuration": 12,
    "liveSyncDuration": 6,
    "lowLatencyMode": false,
    "manifestLoadPolicy": {
      "default": {
        "errorRetry": {
          "maxNumRetry": 1,
          "maxRetryDelayMs": 2000,
          "retryDelayMs": 1000
        },
        "maxLoadTimeMs": 20000,
        "maxTimeToFirstByteMs": 10000,
        "timeoutRetry": {
          "maxNumRetry": 1,
          "maxRetryDelayMs": 0,
          "retryDelayMs": 0
        }
      }
    },
    "maxDevicePixelRatio": 2,
    "maxLiveSyncPlaybackRate": 1,
    "playlistLoadPolicy": {
      "default": {
        "errorRetry": {
          "maxNumRetry": 30,
          "maxRetryDelayMs": 500,
          "retryDelayMs": 500
        },
        "maxLoadTimeMs": 10000,
        "maxTimeToFirstByteMs": 4000,
        "timeoutRetry": {
          "maxNumRetry": 30,
          "maxRetryDelayMs": 0,
          "retryDelayMs": 0
        }
      }
    }
  },
  "hold_back": 6,
  "jump_after": 6,
  "jump_pause": 5,
  "lazy": false,
  "prefer_native": false,
  "retry": 0.5,
  "stall_jump": 2,
  "starts": "2026-11-28T19:00:00Z",
  "stream": "main",
  "target_latency": 6,
  "title": "Autumn \u003cconcert\u003e \u0026 \"friends\"",
  "tolerance": 3,
  "url": "https://d111111abcdef8.cloudfront.net/myStream/playlist.m3u8",
  "watchdog": 15
};

export default function LivePlayer() {
  const root = useRef(null);
  useEffect(() => {
    window.Hls = Hls;
    const player = window.streamwatch.hlsjs(root.current, config);
    return () => player.destroy();
  }, []);
  return (
    <div className="streamwatch" ref={root} role="region" aria-label={config.title} style={{ aspectRatio: '16 / 9' }}>
      <video aria-label={config.title} playsInline controls muted poster={"https://img.example.com/poster.jpg"} preload="none" />
    </div>
  );
}
