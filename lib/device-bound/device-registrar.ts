import type { DeviceBinding } from '../core/record/device-binding.js';
import type { SessionState } from '../core/request/session-state.js';
import type { BoundSession } from './bound-cookie.js';
import type { DeviceBinder } from './device-binder.js';
import { deviceKeyOf, isSignedBy } from './device-key.js';
import type { DeviceProof } from './device-proof.js';

/** Checks proofs against what a session keeps. It knows nothing of requests. */
export class DeviceRegistrar {
  constructor(private readonly binder: DeviceBinder) {}

  /** The binding with the key that a proof registers; undefined if the proof is wrong, too late, or not the first one. */
  registered(state: SessionState, proof: DeviceProof): DeviceBinding | undefined {
    const session = sessionOf(state);
    if (session === undefined) return undefined;
    const { binding } = session;
    const key = deviceKeyOf(proof.alg, proof.jwk);
    const issuedAt = this.#issuedAt('register', session, proof);
    const isSigned = key !== undefined && isSignedBy(key, proof.signed, proof.signature);
    if (key === undefined || !isSigned || issuedAt === undefined || binding.key !== undefined)
      return undefined;
    return { ...binding, key };
  }

  /** The binding with the challenge of a proof used up; undefined if the proof is wrong, too late, or was used before. */
  proved(state: SessionState, proof: DeviceProof): DeviceBinding | undefined {
    const session = sessionOf(state);
    const key = session?.binding.key;
    if (session === undefined || key === undefined) return undefined;
    const { binding } = session;
    const issuedAt = this.#issuedAt('refresh', session, proof);
    const isSigned = isSignedBy(key, proof.signed, proof.signature);
    const isOwn = proof.alg === key.alg && (proof.subject ?? binding.id) === binding.id;
    // What a proof says of its key counts for nothing: the session knows the key.
    if (!isSigned || !isOwn || issuedAt === undefined) return undefined;
    return { ...binding, usedUntil: issuedAt };
  }

  #issuedAt(
    purpose: 'register' | 'refresh',
    session: BoundSession,
    { challenge, audience }: DeviceProof,
  ): number | undefined {
    const { challenges, now, options } = this.binder;
    const issuedAt = challenges.check(challenge, purpose, session, now());
    return audience === undefined || pathOf(audience) === `${options.path}/${purpose}` ? issuedAt : undefined;
  }
}

/** What proofs are checked against; undefined if the session was never to be bound. */
export function sessionOf({ base, binding }: SessionState): BoundSession | undefined {
  return base === undefined || binding === undefined ? undefined : { key: base.key, binding };
}

/** Host and scheme are those of the browser's side: a proxy may have others. */
function pathOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname : undefined;
}
