import { randomBytes } from 'node:crypto';
import type { Variant } from '../variants.js';
import { askMany, cookieOf } from './connection.js';
import { Traffic } from './traffic.js';

/** Logs visitors in, and returns the cookie of each. */
export async function logIn(port: number, variant: Variant, amount: number): Promise<string[]> {
  const login = new Traffic('login', []);
  const answers = await askMany(port, amount, Math.min(amount, 64), () => login.next());
  // Where there are no sessions, clients send a cookie of the same length all the same.
  if (variant.kind === 'plain') return answers.map(madeUpCookie);
  return answers.map((answer) => {
    const cookie = cookieOf(answer);
    if (cookie === undefined) throw new Error(`${variant.name} sets no cookie at the login:\n${answer.head}`);
    return cookie;
  });
}

function madeUpCookie(): string {
  return `sid=s%3A${randomBytes(32).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
}
