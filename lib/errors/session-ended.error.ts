import { SessionError } from './session.error.js';

/** The session was ended elsewhere (logout, revocation, expiry) while this request was working with it. */
export class SessionEndedError extends SessionError {
  readonly code = 'SESSION_ENDED';
  readonly statusCode = 401;
}
