import type { SessionLockedError } from '../../errors/session-locked.error.js';
import type { CookieDefaults, SessionCookie } from '../record/session-cookie.js';
import type { SessionMeta } from '../record/session-meta.js';
import type { SessionRecord } from '../record/session-record.js';
import type { TokenCodec } from '../record/token-codec.js';
import type { SessionCalls } from './session-calls.js';

/** What the engine asks of the request a session belongs to. */
export interface SessionHost<State> {
  /** The request, for `genid`. */
  readonly request: unknown;
  /** The application's cookie settings for this request. */
  readonly cookieDefaults: CookieDefaults;
  /** Reads and writes what stands in the cookie. */
  readonly codec: TokenCodec;
  /** Whether the head of the response has left, so that no cookie can be sent any more. */
  readonly headersSent: boolean;
  /** Whether it is decided which cookie the response has, so that no other can be sent. */
  readonly cookieSettled: boolean;
  /**
   * Whether a cookie may be renewed with the response. `'later'` where a shared cache may store it: then a touch waits for the
   * next response, too. `'over'` where its head has left: then only a touch that is asked for happens. `'impossible'` where
   * there is no response, as for a message of a WebSocket. A touch without a cookie leaves a mark for the next response.
   */
  readonly renewal: 'possible' | 'later' | 'over' | 'impossible';
  /** The calls of the request's session. */
  readonly calls: SessionCalls;
  /** Whether a cookie with these settings may be sent over this connection. */
  canSend(cookie: SessionCookie): boolean;
  /**
   * Why the request must not open a session that its cookie leads to, although that cookie is right: it lacks the proof of the
   * device that the session is bound to. Undefined: it may.
   *
   * @defaultValue it may
   */
  lockOf?(record: SessionRecord, meta: SessionMeta): SessionLockedError | undefined;
  /** Who is asking. */
  device(): { readonly ip: string | null; readonly userAgent: string | null };
  /** Makes a session (or, after `destroy()`, none) the one of the request. */
  setCurrent(state: State | undefined): void;
  /** Gives the request the session back that `destroy()` took from it. */
  putBack(): void;
}
