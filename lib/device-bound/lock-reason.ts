import type { DeviceBinding } from '../core/record/device-binding.js';
import type { LockReason } from '../errors/session-locked.error.js';
import type { ResolvedDeviceBound } from '../options/device-bound-options.js';

/** Milliseconds after a sign-in in which a session that must be bound may be opened without a binding. */
export const GRACE = 60_000;

/** The facts about a session and the request that opens it. */
export interface Opening {
  readonly binding: DeviceBinding | undefined;
  /** The owner of the session. */
  readonly owner: string | null;
  readonly require: ResolvedDeviceBound['require'];
  readonly now: number;
  /** Whether the request has a valid proof of the device. */
  readonly isProved: () => boolean;
}

/**
 * Why a session must not be opened; undefined if it may. This function makes the whole decision.
 *
 * - A bound session opens only with a valid proof.
 * - An unbound session opens, unless it belongs to a user, must be bound, and the grace period after the sign-in is over.
 */
export function lockReasonOf({ binding, owner, require, now, isProved }: Opening): LockReason | undefined {
  if (binding?.key !== undefined) return isProved() ? undefined : 'unproved';
  if (require !== 'always' || owner === null) return undefined;
  return binding !== undefined && now < (binding.since ?? binding.at) + GRACE ? undefined : 'unbound';
}
