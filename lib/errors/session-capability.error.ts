import { SessionError } from './session.error.js';

/**
 * The store does not support the operation, for example finding the sessions of a user. The message names the operation:
 * use another store, or do without it. The status is `501`; if an option needs the operation, the application does not start.
 */
export class SessionCapabilityError extends SessionError {
  readonly code = 'SESSION_STORE_CAPABILITY';
  readonly statusCode = 501;
}
