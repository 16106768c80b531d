import { SessionError } from './session.error.js';

/**
 * The session data cannot be stored: it contains a value that JSON does not support, is too large, or does not match the
 * `schema`. The message names the key or the limit. Correct the code that sets the data.
 */
export class SessionDataError extends SessionError {
  readonly code = 'SESSION_DATA_INVALID';
  readonly statusCode = 500;
}
