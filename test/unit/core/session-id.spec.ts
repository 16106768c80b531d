import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import {
  generateId,
  handleOf,
  isWellFormedId,
  openSuccessor,
  sealSuccessor,
} from '../../../lib/core/session-id.js';

const SEED = { seed: 20_250_602, numRuns: 200 };
const wellFormed = fc.string({ unit: fc.constantFrom(...printable()), minLength: 1, maxLength: 256 });

function printable(): string[] {
  return Array.from({ length: 0x7e - 0x21 + 1 }, (_, index) => String.fromCharCode(0x21 + index));
}

describe('generateId', () => {
  const ids = Array.from({ length: 5_000 }, generateId);

  it('gives 256 bits as 43 characters of base64url', () => {
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(ids[0]!, 'base64url')).toHaveLength(32);
  });

  it('never gives the same twice', () => {
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('uses every bit (ASVS 7.2.3)', () => {
    const ones = new Array<number>(256).fill(0);
    for (const id of ids) {
      const bytes = Buffer.from(id, 'base64url');
      for (let bit = 0; bit < 256; bit++) ones[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1;
    }
    // A fair bit is outside of this once in some 10^12 runs.
    for (const count of ones) expect(Math.abs(count - ids.length / 2)).toBeLessThan(ids.length * 0.052);
  });

  it('is an id that the rest of the package takes', () => {
    expect(ids.every(isWellFormedId)).toBe(true);
  });
});

describe('handleOf', () => {
  it('is base64url of SHA-256 of the id', () => {
    fc.assert(
      fc.property(wellFormed, (id) => {
        expect(handleOf(id)).toBe(createHash('sha256').update(id).digest('base64url'));
      }),
      SEED,
    );
  });

  it('is the same for every process and version: rows are found by it', () => {
    expect(handleOf('an id')).toBe('XpKlPPqAYJyb8726MxFQ7cSIKe-iy3RPCTiqnwbnGuA');
  });
});

describe('isWellFormedId', () => {
  it('takes 1 to 256 printable ASCII characters', () => {
    fc.assert(fc.property(wellFormed, isWellFormedId), SEED);
  });

  it.each([
    ['nothing', ''],
    ['too much', 'a'.repeat(257)],
    ['a space', 'a b'],
    ['a line break at the end', 'abc\n'],
    ['a line break at the beginning', '\nabc'],
    ['a NUL', 'a\0b'],
    ['a delete character', 'a\x7f'],
    ['a letter beyond ASCII', 'é'],
    ['a full-width letter', 'ａ'],
    ['a number', 42],
    ['an object that pretends (CVE-2022-33171)', { toString: () => 'abc', length: 3 }],
    ['an array', ['abc']],
    ['a String object', new String('abc')],
    ['nothing at all', undefined],
    ['null', null],
  ])('refuses %s', (_, id) => {
    expect(isWellFormedId(id)).toBe(false);
  });
});

describe('the sealed successor of an id', () => {
  it('opens for the holder of the previous id', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (id, previous) => {
        expect(openSuccessor(sealSuccessor(id, previous), previous)).toBe(id);
      }),
      SEED,
    );
  });

  it('opens for nobody else', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, wellFormed, (id, previous, other) => {
        fc.pre(previous !== other);
        expect(() => openSuccessor(sealSuccessor(id, previous), other)).toThrow();
      }),
      SEED,
    );
  });

  it('does not open with what the store knows of the previous id', () => {
    const sealed = sealSuccessor('new', 'old');
    expect(() => openSuccessor(sealed, handleOf('old'))).toThrow();
    expect(() => openSuccessor(sealed, handleOf('new'))).toThrow();
  });

  it('does not open after a change of any bit', () => {
    const bytes = Buffer.from(sealSuccessor('the new id', 'the old id'), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Buffer.from(bytes);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => openSuccessor(altered.toString('base64url'), 'the old id')).toThrow();
    }
  });

  it('does not open when cut short, at any length', () => {
    const bytes = Buffer.from(sealSuccessor('the new id', 'the old id'), 'base64url');
    for (let length = 0; length < bytes.length; length++) {
      expect(() => openSuccessor(bytes.subarray(0, length).toString('base64url'), 'the old id')).toThrow();
    }
  });

  it('never looks the same twice and shows neither id', () => {
    const sealed = [sealSuccessor('the-new-id', 'old'), sealSuccessor('the-new-id', 'old')];
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(Buffer.from(sealed[0]!, 'base64url').toString('latin1')).not.toContain('the-new-id');
  });
});
