import { SessionError } from './session.error.js';

/**
 * An option of the module, of a store or of a helper is wrong, or a store cannot be used as it is set up. The application
 * does not start. The message names the option, the given value and the accepted values.
 */
export class SessionOptionsError extends SessionError {
  readonly code = 'SESSION_OPTIONS_INVALID';
  readonly statusCode = 500;
}
