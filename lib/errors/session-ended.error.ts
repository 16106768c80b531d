import { SessionError } from './session.error.js';

/** The session ended elsewhere (logout, revocation, expiry) while this request was using it. The user signs in again. */
export class SessionEndedError extends SessionError {
  readonly code = 'SESSION_ENDED';
  readonly statusCode = 401;
}
