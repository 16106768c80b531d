import { SessionError } from './session.error.js';

/**
 * The session store failed or did not answer in time. The response is `503 Service Unavailable` with `Retry-After`. The
 * `cause` contains the class, the codes (`code`, `errno`, `sqlState`) and the stack of the driver's error, with a message
 * from this package. The driver's message and its other properties are left out, so that logs contain no id, data or
 * user id.
 */
export class SessionStoreError extends SessionError {
  readonly code = 'SESSION_STORE_UNAVAILABLE';
  readonly statusCode = 503;

  /** Seconds after which a client may try again: the value of the `Retry-After` header. */
  readonly retryAfter = 1;
}
