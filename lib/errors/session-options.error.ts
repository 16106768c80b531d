import { SessionError } from './session.error.js';

/** An option of the module, of a store or of a helper is wrong. The application does not start. */
export class SessionOptionsError extends SessionError {
  readonly code = 'SESSION_OPTIONS_INVALID';
  readonly statusCode = 500;
}
