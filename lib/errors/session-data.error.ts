import { SessionError } from './session.error.js';

/** The session holds something that cannot be stored: a value JSON has no form for, or more bytes than allowed. */
export class SessionDataError extends SessionError {
  readonly code = 'SESSION_DATA_INVALID';
  readonly statusCode = 500;
}
