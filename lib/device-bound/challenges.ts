import { randomBytes } from 'node:crypto';
import type { BoundSession } from './bound-cookie.js';
import { type DeviceSeal, MAC } from './device-seal.js';

/** What a challenge is for. One for a registration is good for no refresh, and the other way round. */
export type ChallengePurpose = 'register' | 'refresh';

/** Milliseconds for which a challenge is good, and for which registration is open after a sign-in. */
export const CHALLENGE_LIFE = 60_000;

const NONCE_BYTES = 12;
const VALUE = new RegExp(`^([0-9a-z]{1,10})\\.([\\w-]{16})\\.(${MAC})$`);

/**
 * Challenges for browsers to sign: `<when it was issued>.<nonce>.<MAC>`. The MAC is over the purpose, the session's key, and
 * the name and the epoch of its binding. Issuing one stores nothing. Using one does: the session keeps when the last one was
 * issued that was used, and no challenge from before is good any more.
 */
export class Challenges {
  constructor(private readonly seal: DeviceSeal) {}

  /** A challenge for a session. It is newer than every one that was used, whichever instance's clock is behind. */
  issue(purpose: ChallengePurpose, session: BoundSession, now: number): string {
    const { usedUntil = 0 } = session.binding;
    const issuedAt = Math.max(Math.floor(now), usedUntil + 1);
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    const mac = this.seal.sign(...partsOf(purpose, session, issuedAt, nonce));
    return `${issuedAt.toString(36)}.${nonce}.${mac}`;
  }

  /** When a challenge was issued, if it is one for this session and purpose, and neither used nor too old. */
  check(
    challenge: string,
    purpose: ChallengePurpose,
    session: BoundSession,
    now: number,
  ): number | undefined {
    const [, issued = '', nonce = '', mac = ''] = VALUE.exec(challenge) ?? [];
    const issuedAt = parseInt(issued, 36);
    if (!this.seal.verify(mac, ...partsOf(purpose, session, issuedAt, nonce))) return undefined;
    const isFresh = now - issuedAt <= CHALLENGE_LIFE && issuedAt > (session.binding.usedUntil ?? 0);
    return isFresh ? issuedAt : undefined;
  }
}

function partsOf(
  purpose: ChallengePurpose,
  { key, binding }: BoundSession,
  issuedAt: number,
  nonce: string,
): (string | number)[] {
  return ['challenge', purpose, key, binding.id, binding.epoch, issuedAt, nonce];
}
