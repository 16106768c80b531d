import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/** `401 LOGIN_REQUIRED`: the route requires a signed-in user. The client signs in. */
export class LoginRequiredError extends SessionAccessError {
  constructor() {
    super('LOGIN_REQUIRED', messages.loginRequired, HttpStatus.UNAUTHORIZED);
  }
}
