import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/**
 * `401 LOGIN_LEVEL`: the level of the login is too low. Check another factor, and call `session.stepUp(level)`. The body
 * of the response has the required `level`.
 */
export class LoginLevelError extends SessionAccessError {
  constructor(
    /** The required level. */
    readonly level: number,
  ) {
    super('LOGIN_LEVEL', messages.loginLevel(level), HttpStatus.UNAUTHORIZED, { level });
  }
}
