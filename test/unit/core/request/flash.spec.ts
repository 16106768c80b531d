import { describe, expect, it } from '@jest/globals';
import { FlashClaims } from '../../../../lib/core/request/flash.js';
import { MINUTE } from '../support/world.js';

const one = {};
const other = {};

describe('claims to flash values', () => {
  it('go to whoever comes first, as often as that one asks', () => {
    const claims = new FlashClaims(() => 0);
    expect([claims.take('a', one), claims.take('a', other), claims.take('a', one)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(claims.take('b', other)).toBe(true);
  });

  it('that are given up are free again; somebody else’s are not', () => {
    const claims = new FlashClaims(() => 0);
    claims.take('a', one);
    claims.release(['a'], other);
    expect(claims.take('a', other)).toBe(false);
    claims.release(['a', 'unknown'], one);
    expect(claims.take('a', other)).toBe(true);
  });

  it('hold for a minute, whether or not anything else is claimed', () => {
    let now = 0;
    const claims = new FlashClaims(() => now);
    claims.take('a', one);
    now += MINUTE - 1;
    expect(claims.take('a', other)).toBe(false);
    now += 1;
    expect(claims.take('a', other)).toBe(true);
  });

  it('are remembered in a number that is limited, the newest ones', () => {
    const claims = new FlashClaims(() => 0);
    for (let index = 0; index <= 10_000; index++) claims.take(String(index), one);
    expect(claims.take('0', other)).toBe(true);
    expect(claims.take('10000', other)).toBe(false);
  });
});
