import { SessionError } from './session.error.js';

/**
 * The session store failed or did not answer in time. Answered with `503 Service Unavailable` and `Retry-After`.
 * The error of the driver is the `cause`.
 */
export class SessionStoreError extends SessionError {
  readonly code = 'SESSION_STORE_UNAVAILABLE';
  readonly statusCode = 503;

  /** Seconds after which a client may try again: the value of the `Retry-After` header. */
  readonly retryAfter = 1;
}
