import type { RejectedReason } from './session-events.js';
import type { SessionRecord } from './session-record.js';

/** What a cookie value turned out to be: a session's id, and its record where that stands in the cookie, too. */
export type OpenedToken =
  { readonly id: string; readonly record?: SessionRecord } | { readonly rejected: RejectedReason };

/** Turns what stands in the cookie into a session id, or into a session as a whole, and back. */
export interface TokenCodec {
  /** Checks a cookie value. */
  open(token: string): OpenedToken;
  /**
   * The cookie value for a session. The record is needed where it goes into the cookie, too.
   *
   * @throws SessionDataError when it is too large for that.
   */
  seal(id: string, record?: SessionRecord): string;
}
