import { SessionError } from './session.error.js';

/** The store in use cannot do what was asked of it, for example find the sessions of a user. */
export class SessionCapabilityError extends SessionError {
  readonly code = 'SESSION_STORE_CAPABILITY';
  readonly statusCode = 501;
}
