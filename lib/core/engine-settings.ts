import type { CookieDefaults, SessionCookie } from './session-cookie.js';
import type { RejectedReason } from './session-events.js';
import type { SessionLifetimes } from './lifetime.js';
import type { SessionState } from './session-state.js';

/** What a cookie value turned out to be. */
export type OpenedToken = { readonly id: string } | { readonly rejected: RejectedReason };

/** Turns what stands in the cookie into a session id and back. */
export interface TokenCodec {
  /** Checks a cookie value. */
  open(token: string): OpenedToken;
  /** The cookie value for an id. */
  seal(id: string): string;
}

/** The rules sessions live by, resolved once at start. */
export interface EngineSettings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly lifetimes: SessionLifetimes;
  /** Whether the cookie's `maxAge` is the idle timeout where none was configured (cookie settings that depend on the request). */
  readonly idleFollowsCookie: boolean;
  readonly codec: TokenCodec;
  /** A new id for a request. */
  readonly generateId: (request: unknown) => string;
  /** The store's key for an id. */
  readonly keyOf: (id: string) => string;
  /** Finds in the data whose session it is. */
  readonly userIdOf: (data: object) => unknown;
  readonly maxSessionsPerUser: number | undefined;
  readonly maxDataBytes: number;
  readonly trackDevice: boolean;
  /** Write even what did not change. */
  readonly resave: boolean;
  /** Store sessions that hold nothing. */
  readonly saveUninitialized: boolean;
  /** Send the cookie with every response; undefined: when it is persistent. */
  readonly rolling: boolean | undefined;
  readonly onStoreError: 'fail' | 'anonymous';
}

/** What the engine asks of the request a session belongs to. */
export interface SessionHost {
  /** The request, for `genid`. */
  readonly request: unknown;
  /** The application's cookie settings for this request. */
  readonly cookieDefaults: CookieDefaults;
  /** Whether the head of the response has left, so that no cookie can be sent any more. */
  readonly headersSent: boolean;
  /** Whether a cookie with these settings may be sent over this connection. */
  canSend(cookie: SessionCookie): boolean;
  /** Who is asking. */
  device(): { readonly ip: string | null; readonly userAgent: string | null };
  /** Makes a session (or, after `destroy()`, none) the one of the request. */
  setCurrent(state: SessionState | undefined): void;
}

/** What a commit means for the cookie. */
export type Commit =
  | { readonly cookie: 'none' }
  | { readonly cookie: 'clear' }
  | { readonly cookie: 'set'; readonly token: string };
