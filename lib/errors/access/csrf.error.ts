import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

const MESSAGES = {
  CSRF_REFUSED: messages.csrfRefused,
  CSRF_TOKEN_REQUIRED: messages.csrfTokenRequired,
} as const;

/**
 * `403`: a page of another site may have sent the request. `code` is the reason:
 *
 * - `CSRF_REFUSED`: according to the browser, the request comes from another origin. A token does not help.
 * - `CSRF_TOKEN_REQUIRED`: the origin of the request is unknown, and it has no token of this session. A client can load the
 *   page again to get a token.
 */
export class CsrfError extends SessionAccessError {
  declare readonly code: keyof typeof MESSAGES;

  constructor(code: keyof typeof MESSAGES) {
    super(code, MESSAGES[code], HttpStatus.FORBIDDEN);
  }
}
