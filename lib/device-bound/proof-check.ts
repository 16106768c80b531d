import type { DeviceBinding } from '../core/record/device-binding.js';
import type { SessionState } from '../core/request/session-state.js';
import type { BoundSession } from './bound-cookie.js';
import { type Challenge, isGoodFor } from './challenges.js';
import { deviceKeyOf, isSignedBy } from './device-key.js';
import type { DeviceProof } from './device-proof.js';

/** A proof together with the challenge that it signs. */
export interface AnsweredChallenge {
  readonly proof: DeviceProof;
  readonly challenge: Challenge;
  /** Milliseconds since the epoch of Unix. */
  readonly now: number;
}

/** The binding with the key that a proof registers; undefined if the proof is wrong, too late, or not the first one. */
export function registered(
  { binding, ...session }: BoundSession,
  { proof, challenge, now }: AnsweredChallenge,
): DeviceBinding | undefined {
  const key = deviceKeyOf(proof.alg, proof.jwk);
  const isSigned = key !== undefined && isSignedBy(key, proof.signed, proof.signature);
  const isAsked = isGoodFor(challenge, { binding, ...session }, now) && binding.key === undefined;
  return isSigned && isAsked ? { ...binding, key } : undefined;
}

/** The binding with the challenge of a proof used up; undefined if the proof is wrong, too late, or was used before. */
export function proved(
  { binding, ...session }: BoundSession,
  { proof, challenge, now }: AnsweredChallenge,
): DeviceBinding | undefined {
  const { key } = binding;
  if (key === undefined) return undefined;
  // The key in a proof is ignored, because the session has the registered key.
  const isSigned = isSignedBy(key, proof.signed, proof.signature) && proof.alg === key.alg;
  const isAsked = isGoodFor(challenge, { binding, ...session }, now);
  return isSigned && isAsked ? { ...binding, usedUntil: challenge.issuedAt } : undefined;
}

/** The data to verify proofs; undefined if the session was never offered for binding. */
export function boundSessionOf({ base, meta }: SessionState): BoundSession | undefined {
  const { device: binding } = meta;
  return base === undefined || binding === undefined ? undefined : { key: base.key, binding };
}
