import { describe, expect, it } from '@jest/globals';
import { counterOf, versionAfter } from '../../../../lib/core/record/session-record.js';

const MARKS = 2 ** 24;

describe('the version after a change', () => {
  it('has a counter that is one higher, from 0 on', () => {
    let version = 0;
    for (let count = 1; count <= 1_000; count++) {
      version = versionAfter(version);
      expect(counterOf(version)).toBe(count);
    }
  });

  it('has a random mark of 24 bits: two writers at the same time write different versions', () => {
    const versions = new Set(Array.from({ length: 200 }, () => versionAfter(7 * MARKS)));
    // Two of 200 alike are seen once in some 850 runs, ten of them never.
    expect(versions.size).toBeGreaterThan(190);
    const marks = [...versions].map((version) => version % MARKS);
    expect(Math.min(...marks)).toBeLessThan(MARKS / 4);
    expect(Math.max(...marks)).toBeGreaterThan((MARKS / 4) * 3);
  });

  it('is a safe integer up to the last counter, and begins at 1 again after it', () => {
    const last = (2 ** 29 - 1) * MARKS;
    const highest = versionAfter(last - MARKS);
    expect([counterOf(highest), Number.isSafeInteger(highest)]).toEqual([2 ** 29 - 1, true]);
    expect(counterOf(versionAfter(highest))).toBe(1);
    expect(counterOf(versionAfter(Number.MAX_SAFE_INTEGER))).toBe(1);
  });
});
