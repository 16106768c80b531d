import { HttpException, HttpStatus } from '@nestjs/common';
import { messages } from './messages.js';

/**
 * The base of the errors with which guards refuse requests. The response body has `statusCode`, `code` and
 * `message`, and nothing of the session.
 */
export abstract class SessionAccessError extends HttpException {
  /** The HTTP status of the response. */
  readonly statusCode: number;

  protected constructor(
    /** Stable, machine-readable reason, also in the body of the response. */
    readonly code: string,
    message: string,
    status: HttpStatus,
    /** Further information for the client, also in the body of the response. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super({ statusCode: status, code, message, ...details }, status);
    this.message = message;
    this.statusCode = status;
  }
}

/** `401`: the route requires a session and the visitor has none. */
export class SessionRequiredError extends SessionAccessError {
  constructor() {
    super('SESSION_REQUIRED', messages.sessionRequired, HttpStatus.UNAUTHORIZED);
  }
}

/** `401`: the route requires a signed-in user. */
export class LoginRequiredError extends SessionAccessError {
  constructor() {
    super('LOGIN_REQUIRED', messages.loginRequired, HttpStatus.UNAUTHORIZED);
  }
}

/** `401`: the user is signed in, but the login is too old. */
export class LoginStaleError extends SessionAccessError {
  constructor() {
    super('LOGIN_STALE', messages.loginStale, HttpStatus.UNAUTHORIZED);
  }
}

/**
 * `401`: the user is signed in, but the level of the login is too low. The body of the response has the required
 * `level`.
 */
export class LoginLevelError extends SessionAccessError {
  constructor(
    /** The required level. */
    readonly level: number,
  ) {
    super('LOGIN_LEVEL', messages.loginLevel(level), HttpStatus.UNAUTHORIZED, { level });
  }
}

/** `403`: the session acts for the user (`session.actAs()`), and only the user in person may do this. */
export class LoginActingError extends SessionAccessError {
  constructor() {
    super('LOGIN_ACTING', messages.loginActing, HttpStatus.FORBIDDEN);
  }
}

/** `401`: the session is bound to a device (option `deviceBound`), and the request has no valid proof of it. */
export class DeviceProofRequiredError extends SessionAccessError {
  constructor() {
    super('DEVICE_PROOF_REQUIRED', messages.deviceProofRequired, HttpStatus.UNAUTHORIZED);
  }
}

/** `401`: the session must be bound to a device (`deviceBound: { require: 'always' }`), but is not. */
export class DeviceUnboundError extends SessionAccessError {
  constructor() {
    super('DEVICE_UNBOUND', messages.deviceUnbound, HttpStatus.UNAUTHORIZED);
  }
}

/** `403`: the visitor has a session, but it does not meet a requirement of `@RequireSession(...)`. */
export class SessionForbiddenError extends SessionAccessError {
  constructor() {
    super('SESSION_FORBIDDEN', messages.sessionForbidden, HttpStatus.FORBIDDEN);
  }
}
