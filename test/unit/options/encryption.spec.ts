import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { resolveOptions } from '../../../lib/options/resolve-options.js';

const KEY = randomBytes(32);
const SECRET = 's'.repeat(32);

function resolve(encryption: unknown) {
  return resolveOptions({ secret: SECRET, encryption } as SessionModuleOptions).encryption;
}

describe('the option "encryption"', () => {
  test('is off unless given', () => {
    expect(resolve(undefined)).toBeUndefined();
  });

  test.each([
    ['Buffer', KEY],
    ['Uint8Array', new Uint8Array(KEY)],
    ['hex', KEY.toString('hex')],
    ['HEX', KEY.toString('hex').toUpperCase()],
    ['base64', KEY.toString('base64')],
    ['base64 without padding', KEY.toString('base64').replace('=', '')],
    ['base64url', KEY.toString('base64url')],
  ])('takes a key as %s', (_, key) => {
    const { keys, acceptPlain } = resolve({ keys: [key] })!;
    expect(keys.map((taken) => taken.export())).toEqual([KEY]);
    expect(acceptPlain).toBe(false);
  });

  test.each([
    [null, /"encryption": null/],
    [KEY, /"encryption[^"]*"/],
    [{}, /"encryption.keys": undefined/],
    [{ keys: [] }, /"encryption.keys"/],
    [{ keys: KEY }, /"encryption.keys"/],
    [{ keys: [KEY, 'a pass phrase that somebody liked'] }, /"encryption.keys\[1\]".*32 random bytes/],
    [{ keys: [KEY.subarray(1)] }, /"encryption.keys\[0\]"/],
    [{ keys: [KEY.toString('hex').slice(2)] }, /"encryption.keys\[0\]"/],
    [{ keys: [KEY, KEY.toString('hex')] }, /"encryption.keys\[1\]".*not yet in the array/],
    [{ keys: [KEY], acceptPlain: 'yes' }, /"encryption.acceptPlain": "yes"/],
    [{ keys: [KEY], algorithm: 'aes' }, /"encryption.algorithm"/],
  ])('refuses what is no set of keys, and shows none: %#', (given, message) => {
    expect(() => resolve(given)).toThrow(message);
    try {
      resolve(given);
    } catch (error) {
      const text = (error as Error).message;
      expect(text).not.toContain('pass phrase');
      expect(text).not.toContain(KEY.toString('hex').slice(4, 20));
    }
  });
});
