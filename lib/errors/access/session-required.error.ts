import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/** `401 SESSION_REQUIRED`: the route requires a session, and the visitor has none. */
export class SessionRequiredError extends SessionAccessError {
  constructor() {
    super('SESSION_REQUIRED', messages.sessionRequired, HttpStatus.UNAUTHORIZED);
  }
}
