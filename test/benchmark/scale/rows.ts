import { hash } from 'node:crypto';
import type { SessionRecord } from 'nest-session';
import { newContent } from '../app/session-content.js';

const DAY = 86_400_000;

/** So many users have all sessions: five each of ten million. */
export const USERS = 2_000_000;

/** One row in so many has expired when the measurement begins. */
export const EXPIRED_ONE_IN = 50;

/** The session of row `index`, of somebody who is signed in; every version has other data. */
export function recordOf(index: number, version: number): SessionRecord {
  const now = Date.now();
  return {
    key: keyOf(index),
    token: hash('sha256', `token-${index}`, 'base64url'),
    previousToken: null,
    previousUntil: null,
    epoch: 1,
    version,
    data: JSON.stringify({ ...newContent(), visits: 1_000_000 + version }),
    meta: null,
    userId: userOf(index),
    reference: null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + (isExpired(index) ? -DAY : DAY),
    authenticatedAt: now,
    ip: '127.0.0.1',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Safari/537.36',
  };
}

/** As long as a new key, and as random. */
export function keyOf(index: number): string {
  return hash('sha256', `key-${index}`, 'base64url').slice(0, 22);
}

export function userOf(index: number): string {
  return `user-${index % USERS}`;
}

export function isExpired(index: number): boolean {
  return index % EXPIRED_ONE_IN === 0;
}
