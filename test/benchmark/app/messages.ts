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
  readonly command: 'cpu' | 'prune' | 'stop';
}

/** What it answers: that it listens, or the number it was asked for. */
export type AppReply =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'answer'; readonly id: number; readonly value: number };
