import { randomBytes } from 'node:crypto';
import type { BoundSession } from './bound-cookie.js';
import { type DeviceSeal, MAC } from './device-seal.js';

/** The purpose of a challenge. A challenge for a registration is not valid for a refresh, and vice versa. */
export type ChallengePurpose = 'register' | 'refresh';

/** Milliseconds for which a challenge is valid, and for which registration is possible after a sign-in. */
export const CHALLENGE_LIFE = 60_000;

/** A challenge of this module. It has not been compared with its session yet. */
export interface Challenge {
  readonly purpose: ChallengePurpose;
  /** The key of the session. */
  readonly key: string;
  /** The sign-in that the session was bound with. */
  readonly epoch: number;
  readonly at: number;
  readonly issuedAt: number;
}

const NONCE_BYTES = 12;
const NUMBER = '([0-9a-z]{1,10})';
const VALUE = new RegExp(
  `^(register|refresh)\\.([\\w-]{22,43})\\.${NUMBER}\\.${NUMBER}\\.${NUMBER}\\.[\\w-]{16}\\.(${MAC})$`,
);

/**
 * Challenges for browsers to sign: the purpose, the session's key, the sign-in that it was bound with, when the
 * challenge was issued, a nonce, and a MAC over all that. Issuing a challenge stores nothing. Using a challenge stores
 * its time of issue in the session, so that earlier challenges become invalid.
 */
export class Challenges {
  constructor(private readonly seal: DeviceSeal) {}

  /** A challenge for a session. It is newer than every used challenge, even if the clock of this instance is slow. */
  issue(purpose: ChallengePurpose, { key, binding }: BoundSession, now: number): string {
    const { epoch, at, usedUntil = 0 } = binding;
    const numbers = [epoch, Math.floor(at), Math.max(Math.floor(now), usedUntil + 1)];
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    const text = [purpose, key, ...numbers.map((number) => number.toString(36)), nonce].join('.');
    return `${text}.${this.seal.sign('challenge', text)}`;
  }

  /** The content of a challenge, if this module has issued it. */
  open(challenge: string): Challenge | undefined {
    const [, purpose, key = '', epoch = '', at = '', issuedAt = '', mac = ''] = VALUE.exec(challenge) ?? [];
    const text = challenge.slice(0, -mac.length - 1);
    if (!this.seal.verify(mac, 'challenge', text)) return undefined;
    return {
      purpose: purpose as ChallengePurpose,
      key,
      epoch: parseInt(epoch, 36),
      at: parseInt(at, 36),
      issuedAt: parseInt(issuedAt, 36),
    };
  }
}

/** Whether a challenge belongs to a session, and is neither used nor too old. */
export function isGoodFor(challenge: Challenge, { key, binding }: BoundSession, now: number): boolean {
  const { epoch, at, usedUntil = 0 } = binding;
  const isOwn = challenge.key === key && challenge.epoch === epoch && challenge.at === Math.floor(at);
  return isOwn && challenge.issuedAt > usedUntil && now - challenge.issuedAt <= CHALLENGE_LIFE;
}
