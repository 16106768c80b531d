import { SessionError } from './session.error.js';

/** The store does not support the operation, for example finding the sessions of a user. */
export class SessionCapabilityError extends SessionError {
  readonly code = 'SESSION_STORE_CAPABILITY';
  readonly statusCode = 501;
}
