import { SessionError } from './session.error.js';

/** A change lost against other writers of the same session every time it was tried. Answered with `503`. */
export class SessionConflictError extends SessionError {
  readonly code = 'SESSION_CONFLICT';
  readonly statusCode = 503;

  /** Seconds after which a client may try again: the value of the `Retry-After` header. */
  readonly retryAfter = 1;
}
