import { messages } from './messages.js';
import { SessionError } from './session.error.js';

/** The code and the message of each reason. */
const LOCKS = {
  unproved: { code: 'DEVICE_PROOF_REQUIRED', message: messages.deviceProofRequired },
  unbound: { code: 'DEVICE_UNBOUND', message: messages.deviceUnbound },
} as const;

/** Why a session is locked: the reason of the `rejected` event. */
export type LockReason = keyof typeof LOCKS;

/**
 * The request has no access to the session (option `deviceBound`), so it can neither change nor end it. Only
 * `session.login()` works: it starts a new session. `code` is the reason:
 *
 * - `DEVICE_PROOF_REQUIRED`: the session is bound to a device, and the request has no valid proof of it.
 * - `DEVICE_UNBOUND`: the session must be bound to a device (`require: 'always'`), and the browser has not bound it in time.
 */
export class SessionLockedError extends SessionError {
  readonly code: (typeof LOCKS)[LockReason]['code'];
  readonly statusCode = 401;

  constructor(
    /** `unproved` without a valid proof of the device, `unbound` if the session is not bound. */
    readonly reason: LockReason,
  ) {
    super(LOCKS[reason].message);
    this.code = LOCKS[reason].code;
  }
}
