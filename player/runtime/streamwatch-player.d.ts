// Types of <stream-watch-player>. docs/embeds.md describes what each does.

export type StreamWatchState =
  'off' | 'stopped' | 'playing' | 'waiting' | 'reconnecting' | 'offline' | 'paused' | 'ended' | 'failed' | 'unsupported' | 'nosource';

export interface StreamWatchDetail {
  type: 'ready' | 'playing' | 'stall' | 'recovered' | 'golive' | 'latency' | 'error' | 'degraded' | 'restart' | 'paused' | 'ended';
  event: string;
  stream: string;
  kind: 'hlsjs' | 'videojs' | 'native';
  seconds?: number;
  reason?: string;
  fatal?: boolean;
}

export interface StreamWatchAttributes {
  src?: string;
  engine?: 'hlsjs' | 'videojs' | 'native';
  title?: string;
  poster?: string;
  starts?: string;
  ends?: string;
  autoplay?: 'muted' | 'any' | 'off' | '' | boolean;
  muted?: boolean;
  lang?: string;
  dvr?: 'auto' | 'on' | 'off';
  'low-latency'?: boolean | string;
  captions?: string;
  fallback?: string;
  event?: string;
  stream?: string;
  beacon?: string;
  lazy?: boolean | string;
  credentials?: boolean | string;
  'prefer-native'?: boolean | string;
  cast?: boolean | string;
  library?: string;
  'library-integrity'?: string;
  config?: string;
}

export class StreamWatchPlayer extends HTMLElement {
  src: string | null;
  engine: string | null;
  poster: string | null;
  config: string | object | null;
  muted: boolean;
  volume: number;
  currentTime: number;
  readonly paused: boolean;
  readonly state: StreamWatchState;
  readonly latency: number;
  readonly video: HTMLVideoElement | null;
  play(): void;
  pause(): void;
  golive(): void;
  reload(): void;
}

declare global {
  interface HTMLElementTagNameMap { 'stream-watch-player': StreamWatchPlayer; }
  interface HTMLElementEventMap { streamwatch: CustomEvent<StreamWatchDetail>; }
}
