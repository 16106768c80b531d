import type { DeviceBinding } from '../core/record/device-binding.js';
import type { LockReason } from '../errors/session-locked.error.js';
import type { ResolvedDeviceBound } from '../options/device-bound-options.js';

/** Milliseconds from a sign-in on, in which a session that has to be bound is open although it is not bound yet. */
export const GRACE = 60_000;

/** What is known of a session and of the request that wants to open it. */
export interface Opening {
  readonly binding: DeviceBinding | undefined;
  /** Whose session it is. */
  readonly owner: string | null;
  readonly require: ResolvedDeviceBound['require'];
  readonly now: number;
  /** Whether the request brings a fresh proof of the device that the session is bound to. */
  readonly isProved: () => boolean;
}

/**
 * Why a session must not be opened; undefined if it may: the whole decision.
 *
 * - A session that is bound opens with a fresh proof, and not without one.
 * - A session that is not bound opens, unless it is a user's and has to be bound, and the grace after the sign-in is over.
 */
export function lockReasonOf({ binding, owner, require, now, isProved }: Opening): LockReason | undefined {
  if (binding?.key !== undefined) return isProved() ? undefined : 'unproved';
  if (require !== 'always' || owner === null) return undefined;
  return binding !== undefined && now < (binding.since ?? binding.at) + GRACE ? undefined : 'unbound';
}
