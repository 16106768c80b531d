import type { RejectedReason } from './session-events.js';
import type { SessionRecord } from './session-record.js';

/** A checked cookie value: a session's id, and its record if the cookie holds that, too. */
export type OpenedToken =
  { readonly id: string; readonly record?: SessionRecord } | { readonly rejected: RejectedReason };

/** Turns a cookie value into a session id, or a whole session, and back. */
export interface TokenCodec {
  /** Checks a cookie value. */
  open(token: string): OpenedToken;
  /**
   * The cookie value for a session. The record is needed if it goes into the cookie.
   *
   * @throws SessionDataError if the record is too large for that.
   */
  seal(id: string, record?: SessionRecord): string;
}
