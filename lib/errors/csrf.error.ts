import { HttpStatus } from '@nestjs/common';
import { messages } from './messages.js';
import { SessionAccessError } from './session-access.error.js';

const MESSAGES = {
  CSRF_REFUSED: messages.csrfRefused,
  CSRF_TOKEN_REQUIRED: messages.csrfTokenRequired,
} as const;

/**
 * `403`: the request may have been sent by a page of another site in the visitor's name. `code` says why:
 *
 * - `CSRF_REFUSED`: the browser says that it comes from another origin. No token changes that.
 * - `CSRF_TOKEN_REQUIRED`: the browser does not say where it comes from, and there is no token of this session in it. A
 *   client can get the page, and with it a token, anew.
 */
export class CsrfError extends SessionAccessError {
  declare readonly code: keyof typeof MESSAGES;

  constructor(code: keyof typeof MESSAGES) {
    super(code, MESSAGES[code], HttpStatus.FORBIDDEN);
  }
}
