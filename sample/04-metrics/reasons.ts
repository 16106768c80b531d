import type { DestroyedReason, RejectedReason, RotatedReason } from 'nest-session';

/**
 * All reasons, so that each series starts at 0. Prometheus sees no increase in a series that starts at 1, so an alert
 * would miss the first event.
 */
export const ROTATED_REASONS = namesOf<RotatedReason>({
  login: true,
  requested: true,
  scheduled: true,
  stepUp: true,
  actAs: true,
  stopActing: true,
});

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

/** Does not compile if a name is missing. */
function namesOf<Name extends string>(names: Record<Name, true>): readonly Name[] {
  return Object.keys(names) as Name[];
}
