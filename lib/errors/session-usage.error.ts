import { SessionError } from './session.error.js';

/**
 * The session was used in an unsupported way, for example read before it was loaded in lazy mode. The message says what to
 * do instead.
 */
export class SessionUsageError extends SessionError {
  readonly code = 'SESSION_USAGE';
  readonly statusCode = 500;
}
