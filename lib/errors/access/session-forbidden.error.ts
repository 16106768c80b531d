import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/** `403 SESSION_FORBIDDEN`: the visitor has a session, but it does not meet a condition of `@RequireSession(...)`. */
export class SessionForbiddenError extends SessionAccessError {
  constructor() {
    super('SESSION_FORBIDDEN', messages.sessionForbidden, HttpStatus.FORBIDDEN);
  }
}
