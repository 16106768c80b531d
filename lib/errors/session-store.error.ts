import { SessionError } from './session.error.js';

/**
 * The session store failed or did not answer in time. Answered with `503 Service Unavailable` and `Retry-After`.
 * The `cause` is what may be shown of the driver's error: its class, its codes (`code`, `errno`, `sqlState`) and its message
 * without what it quotes. Nothing that the driver hung on it goes with it, so that no log gets an id, data or a user id.
 */
export class SessionStoreError extends SessionError {
  readonly code = 'SESSION_STORE_UNAVAILABLE';
  readonly statusCode = 503;

  /** Seconds after which a client may try again: the value of the `Retry-After` header. */
  readonly retryAfter = 1;
}
