import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/** `401 LOGIN_STALE`: the login is older than `within` allows. Ask for the password, and call `session.login()` again. */
export class LoginStaleError extends SessionAccessError {
  constructor() {
    super('LOGIN_STALE', messages.loginStale, HttpStatus.UNAUTHORIZED);
  }
}
