import { SessionError } from './session.error.js';

/**
 * A change could not be stored because other requests changed the same session at every try. The response is `503` with
 * `Retry-After`, and the client may try again.
 */
export class SessionConflictError extends SessionError {
  readonly code = 'SESSION_CONFLICT';
  readonly statusCode = 503;

  /** Seconds after which a client may try again: the value of the `Retry-After` header. */
  readonly retryAfter = 1;
}
