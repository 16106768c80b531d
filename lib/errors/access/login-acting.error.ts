import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/** `403 LOGIN_ACTING`: the session acts for the user (`session.actAs()`), and only the user in person may do this. */
export class LoginActingError extends SessionAccessError {
  constructor() {
    super('LOGIN_ACTING', messages.loginActing, HttpStatus.FORBIDDEN);
  }
}
