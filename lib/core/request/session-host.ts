import type { SessionLockedError } from '../../errors/session-locked.error.js';
import type { CookieDefaults, SessionCookie } from '../record/session-cookie.js';
import type { SessionMeta } from '../record/session-meta.js';
import type { SessionRecord } from '../record/session-record.js';
import type { TokenCodec } from '../record/token-codec.js';
import type { SessionCalls } from './session-calls.js';

/** The request of a session, as the engine needs it. */
export interface SessionHost<State> {
  /** The request, for `genid`. */
  readonly request: unknown;
  /** The application's cookie settings for this request. */
  readonly cookieDefaults: CookieDefaults;
  /** Reads and writes cookie values. */
  readonly codec: TokenCodec;
  /** Whether the head of the response was sent, so that no cookie can be sent any more. */
  readonly headersSent: boolean;
  /** Whether the cookie of the response is decided. */
  readonly cookieSettled: boolean;
  /**
   * Whether the response can renew the cookie. `'later'`: a shared cache may store the response, or the request is passive, so
   * that renewal and touch wait for the next one. `'over'`: its head was sent, so that only a requested touch happens.
   * `'impossible'`: there is no response, as for a message of a WebSocket. A touch without a cookie leaves a mark for the next
   * response.
   */
  readonly renewal: 'possible' | 'later' | 'over' | 'impossible';
  /** Whether the request is passive, so that it does not count as activity. Its changes are stored. */
  readonly isPassive: boolean;
  /** Counts the request as activity, even if it is passive. */
  countAsUse(): void;
  /** The calls of the request's session. */
  readonly calls: SessionCalls;
  /** Whether a cookie with these settings may be sent over this connection. */
  canSend(cookie: SessionCookie): boolean;
  /**
   * The error if the request must not open the session of its valid cookie, because it has no proof of the session's
   * device. Undefined if it may. Called only if sessions are bound to devices.
   */
  lockOf(record: SessionRecord, meta: SessionMeta): SessionLockedError | undefined;
  /** The client's address and user agent. */
  device(): { readonly ip: string | null; readonly userAgent: string | null };
  /** Logs a warning, once for each `kind`. @param kind - By default the message itself. */
  warnOnce(message: string, kind?: string): void;
  /** Sets the session of the request; undefined after `destroy()`. */
  setCurrent(state: State | undefined): void;
  /** Undoes the removal by `destroy()`. */
  putBack(): void;
}
