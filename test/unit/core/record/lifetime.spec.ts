import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  absoluteDeadline,
  expiryOf,
  isTouchDue,
  type SessionLifetimes,
} from '../../../../lib/core/record/lifetime.js';

const LIFETIMES: SessionLifetimes = {
  idleTimeout: 1_000,
  absoluteTimeout: 10_000,
  touchInterval: 100,
  rotateInterval: false,
  rotationGrace: 30,
};
const time = fc.integer({ min: 0, max: 2 ** 42 });

describe('absoluteDeadline', () => {
  it('counts from the beginning, and is never where it is switched off', () => {
    expect(absoluteDeadline(5, LIFETIMES)).toBe(10_005);
    expect(absoluteDeadline(5, { ...LIFETIMES, absoluteTimeout: false })).toBe(Infinity);
  });
});

describe('expiryOf', () => {
  it('is the idle or the absolute deadline, whichever is earlier', () => {
    expect(expiryOf({ createdAt: 0, lastSeenAt: 500 }, LIFETIMES, 1_000)).toBe(1_500);
    expect(expiryOf({ createdAt: 0, lastSeenAt: 9_500 }, LIFETIMES, 1_000)).toBe(10_000);
    expect(expiryOf({ createdAt: 0, lastSeenAt: 500 }, LIFETIMES, 50_000)).toBe(10_000);
  });

  it('is never moved beyond the absolute deadline by any touch (ASVS 7.3.2)', () => {
    fc.assert(
      fc.property(time, time, time, (createdAt, lastSeenAt, idle) => {
        expect(expiryOf({ createdAt, lastSeenAt }, LIFETIMES, idle)).toBeLessThanOrEqual(createdAt + 10_000);
      }),
      { seed: 1 },
    );
  });

  it('is a time that can be stored even without an absolute timeout', () => {
    const never = { ...LIFETIMES, absoluteTimeout: false as const };
    expect(expiryOf({ createdAt: 0, lastSeenAt: 7 }, never, 3)).toBe(10);
  });
});

describe('isTouchDue', () => {
  it.each([
    [99, false],
    [100, true],
    [101, true],
  ])('%i ms after the last touch: %s', (since, due) => {
    expect(isTouchDue(5_000, 5_000 + since, LIFETIMES, 1_000)).toBe(due);
  });

  it('comes after a tenth of the rest for a session that lasts only for a short time, so that it does not end in use', () => {
    expect(isTouchDue(5_000, 5_006, LIFETIMES, 60)).toBe(true);
    expect(isTouchDue(5_000, 5_005, LIFETIMES, 60)).toBe(false);
  });

  it('is not due for a session seen in the future, by a clock that is ahead', () => {
    expect(isTouchDue(9_000, 5_000, LIFETIMES, 1_000)).toBe(false);
  });
});
