import { messages } from './messages.js';
import { SessionError } from './session.error.js';

/** What each reason is called in answers, and said of. */
const LOCKS = {
  unproved: { code: 'DEVICE_PROOF_REQUIRED', message: messages.deviceProofRequired },
  unbound: { code: 'DEVICE_UNBOUND', message: messages.deviceUnbound },
} as const;

/** Why a session is locked: the same as the reason of the event `rejected`. */
export type LockReason = keyof typeof LOCKS;

/**
 * The session is not open to the request (option `deviceBound`), so that it can neither be changed nor ended. Only
 * `session.login()` works: it begins a new session. `code` says why:
 *
 * - `DEVICE_PROOF_REQUIRED`: the session is bound to a device, and the request came without a fresh proof of it.
 * - `DEVICE_UNBOUND`: the session has to be bound to a device (`require: 'always'`), and no browser has done so in time.
 */
export class SessionLockedError extends SessionError {
  readonly code: (typeof LOCKS)[LockReason]['code'];
  readonly statusCode = 401;

  constructor(
    /** Why: `unproved` without a fresh proof of the device, `unbound` where no browser has bound the session. */
    readonly reason: LockReason,
  ) {
    super(LOCKS[reason].message);
    this.code = LOCKS[reason].code;
  }
}
