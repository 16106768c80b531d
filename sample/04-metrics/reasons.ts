import type { DestroyedReason, RejectedReason } from 'nest-session';

/**
 * Every reason, so that each is counted from 0: Prometheus sees no increase in a series that begins at 1, and an alert
 * would miss the first of its kind.
 */
export const DESTROYED_REASONS = namesOf<DestroyedReason>({
  logout: true,
  revoked: true,
  replaced: true,
});

export const REJECTED_REASONS = namesOf<RejectedReason>({
  malformed: true,
  signature: true,
  unknown: true,
  superseded: true,
  expired: true,
  corrupt: true,
  unproved: true,
  unbound: true,
  proof: true,
});

/** Does not compile where a name is missing. */
function namesOf<Name extends string>(names: Record<Name, true>): readonly Name[] {
  return Object.keys(names) as Name[];
}
