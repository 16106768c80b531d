import { HttpException, HttpStatus } from '@nestjs/common';
import { messages } from './messages.js';

/** What a guard refuses a request with: the body carries `statusCode`, `code` and `message`, nothing of the session. */
export abstract class SessionAccessError extends HttpException {
  /** The HTTP status of the answer. */
  readonly statusCode: number;

  protected constructor(
    /** Stable, machine-readable reason, also in the body of the answer. */
    readonly code: string,
    message: string,
    status: HttpStatus,
    /** What else a client needs to know, also in the body of the answer. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super({ statusCode: status, code, message, ...details }, status);
    this.message = message;
    this.statusCode = status;
  }
}

/** `401`: the route needs a session and the visitor has none. */
export class SessionRequiredError extends SessionAccessError {
  constructor() {
    super('SESSION_REQUIRED', messages.sessionRequired, HttpStatus.UNAUTHORIZED);
  }
}

/** `401`: the route needs a user who is signed in. */
export class LoginRequiredError extends SessionAccessError {
  constructor() {
    super('LOGIN_REQUIRED', messages.loginRequired, HttpStatus.UNAUTHORIZED);
  }
}

/** `401`: the user is signed in, but has to prove anew who they are. */
export class LoginStaleError extends SessionAccessError {
  constructor() {
    super('LOGIN_STALE', messages.loginStale, HttpStatus.UNAUTHORIZED);
  }
}

/** `401`: the user is signed in, but has to prove more surely who they are. The body of the answer has the `level`. */
export class LoginLevelError extends SessionAccessError {
  constructor(
    /** The level that is asked for. */
    readonly level: number,
  ) {
    super('LOGIN_LEVEL', messages.loginLevel(level), HttpStatus.UNAUTHORIZED, { level });
  }
}

/** `403`: somebody acts for the user (`session.actAs()`), and only the user in person may do this. */
export class LoginActingError extends SessionAccessError {
  constructor() {
    super('LOGIN_ACTING', messages.loginActing, HttpStatus.FORBIDDEN);
  }
}

/** `401`: the session is bound to a device (option `deviceBound`), and the request came without a fresh proof of it. */
export class DeviceProofRequiredError extends SessionAccessError {
  constructor() {
    super('DEVICE_PROOF_REQUIRED', messages.deviceProofRequired, HttpStatus.UNAUTHORIZED);
  }
}

/** `401`: the session has to be bound to a device (`deviceBound: { require: 'always' }`), and is not. */
export class DeviceUnboundError extends SessionAccessError {
  constructor() {
    super('DEVICE_UNBOUND', messages.deviceUnbound, HttpStatus.UNAUTHORIZED);
  }
}

/** `403`: the visitor has a session, but it does not meet what `@RequireSession(...)` asks for. */
export class SessionForbiddenError extends SessionAccessError {
  constructor() {
    super('SESSION_FORBIDDEN', messages.sessionForbidden, HttpStatus.FORBIDDEN);
  }
}
