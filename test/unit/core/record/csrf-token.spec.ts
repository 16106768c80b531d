import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  csrfTokenFor,
  isCsrfSecret,
  isCsrfToken,
  isTokenFor,
  newCsrfSecret,
} from '../../../../lib/core/record/csrf-token.js';

const secret = newCsrfSecret();

describe('a secret', () => {
  it('is 256 random bits, and never the same twice', () => {
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(newCsrfSecret()).not.toBe(secret);
    expect(isCsrfSecret(secret)).toBe(true);
  });

  it.each([undefined, null, 5, '', {}, [secret], `${secret}x`, secret.slice(1), `${secret.slice(1)}=`])(
    'is not %p',
    (value) => {
      expect(isCsrfSecret(value)).toBe(false);
    },
  );
});

describe('a token', () => {
  it('is another text every time, none of which shows the secret, and all of which stand for it', () => {
    const tokens = Array.from({ length: 20 }, () => csrfTokenFor(secret));
    expect(new Set(tokens.map((token) => token.slice(0, 43))).size).toBe(20);
    expect(new Set(tokens.map((token) => token.slice(43))).size).toBe(20);
    expect(tokens.filter((token) => token.includes(secret))).toEqual([]);
    expect(tokens.every((token) => isCsrfToken(token) && isTokenFor(secret, token))).toBe(true);
  });

  it('stands for no other secret', () => {
    expect(isTokenFor(newCsrfSecret(), csrfTokenFor(secret))).toBe(false);
  });

  it('is wrong with any bit changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 511 }), (bit) => {
        const bytes = Buffer.from(csrfTokenFor(secret), 'base64url');
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        return !isTokenFor(secret, bytes.toString('base64url'));
      }),
    );
  });

  it('has a form that nothing else has', () => {
    const token = csrfTokenFor(secret);
    const others = [undefined, null, 5, {}, [token], '', secret, token.slice(1), `${token}A`, `${token}\n`];
    expect(others.filter(isCsrfToken)).toEqual([]);
    expect(isCsrfToken(`+${token.slice(1)}`)).toBe(false);
  });

  it('can be compared whatever it says, if it has the form', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w-]{86}$/), (text) => isCsrfToken(text) && !isTokenFor(secret, text)),
    );
  });
});
