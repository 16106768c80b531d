/** What the process of a variant is started with. */
export interface AppStart {
  readonly variant: string;
  readonly url: string;
  readonly place: string;
  readonly secret: string;
}

/** What it is asked. */
export interface AppCommand {
  readonly id: number;
  readonly command: 'cpu' | 'vitals' | 'prune' | 'stop';
}

/** What a process holds after a garbage collection. */
export interface Vitals {
  /** Bytes in use. */
  readonly heap: number;
  /** Bytes that the operating system counts. */
  readonly resident: number;
  /** Sockets, timers and whatever else keeps the event loop busy. */
  readonly handles: number;
}

/** What it answers: that it listens, or what it was asked for. */
export type AppReply =
  | { readonly type: 'listening'; readonly port: number; readonly version: string }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'answer'; readonly id: number; readonly value: number | Vitals };
