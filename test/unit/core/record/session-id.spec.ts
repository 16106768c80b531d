import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import {
  checkedId,
  isSameToken,
  isWellFormedId,
  KeyedIds,
  openSuccessor,
  partsOf,
  sealSuccessor,
} from '../../../../lib/core/record/session-id.js';
import { runs } from '../../../support/property.js';

const wellFormed = fc.string({ unit: fc.constantFrom(...printable()), minLength: 1, maxLength: 256 });

function printable(): string[] {
  return Array.from({ length: 0x7e - 0x21 + 1 }, (_, index) => String.fromCharCode(0x21 + index));
}

/** What an id of this package looks like. */
const KEYED = /^[\w-]{22}~[\w-]{43}$/;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

describe('a new id', () => {
  const scheme = new KeyedIds();
  const ids = Array.from({ length: 5_000 }, () => scheme.generate(undefined));
  const bytesOf = (part: 0 | 1): Buffer[] => ids.map((id) => Buffer.from(id.split('~')[part]!, 'base64url'));

  it('is a key of 128 bits and a secret of 256 bits, as base64url', () => {
    for (const id of ids) expect(id).toMatch(KEYED);
    expect([bytesOf(0)[0]!.length, bytesOf(1)[0]!.length]).toEqual([16, 32]);
  });

  it('has a key and a secret that no other id has', () => {
    for (const part of [0, 1] as const)
      expect(new Set(ids.map((id) => id.split('~')[part])).size).toBe(ids.length);
  });

  it.each([
    ['key', 0],
    ['secret', 1],
  ] as const)('uses every bit of its %s (ASVS 7.2.3)', (_, part) => {
    const all = bytesOf(part);
    const ones = new Array<number>(all[0]!.length * 8).fill(0);
    for (const bytes of all)
      for (let bit = 0; bit < ones.length; bit++) ones[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1;
    // A fair bit is outside of this once in some 10^12 runs.
    for (const count of ones) expect(Math.abs(count - all.length / 2)).toBeLessThan(all.length * 0.052);
  });

  it('is an id that the rest of the package takes', () => {
    expect(ids.every(isWellFormedId)).toBe(true);
  });

  it('is the application’s own where it makes them, for the request', () => {
    const own = new KeyedIds((request) => `own-${String(request)}`);
    expect(own.generate(7)).toBe('own-7');
  });
});

describe('a renewed id', () => {
  const scheme = new KeyedIds(() => 'from genid');

  it('keeps the key and has a new secret', () => {
    const id = new KeyedIds().generate(undefined);
    const key = scheme.keyOf(id);
    const renewed = [scheme.renew(key), scheme.renew(key)];
    for (const next of renewed) {
      expect(next).toMatch(KEYED);
      expect(scheme.keyOf(next)).toBe(key);
    }
    expect(new Set([id, ...renewed]).size).toBe(3);
  });

  it('of a foreign id is its digest and a secret, and leads to the same key again', () => {
    fc.assert(
      fc.property(wellFormed, (foreign) => {
        fc.pre(!/~[\w-]{43}$/.test(foreign));
        const renewed = scheme.renew(scheme.keyOf(foreign));
        expect(renewed).toMatch(/^[\w-]{43}~[\w-]{43}$/);
        expect(renewed.split('~')[0]).toBe(sha256(foreign));
        expect(scheme.keyOf(renewed)).toBe(sha256(foreign));
        expect(scheme.keyOf(scheme.renew(scheme.keyOf(renewed)))).toBe(sha256(foreign));
      }),
      runs(200),
    );
  });
});

describe('the key of an id', () => {
  const secret = 's'.repeat(43);

  it.each([
    ['22 characters', 'k'.repeat(22)],
    ['the 43 of a digest', 'd'.repeat(43)],
  ])('is what stands before the secret: %s', (_, key) => {
    expect(partsOf(`${key}~${secret}`).key).toBe(key);
  });

  it.each([
    ['express-session’s', 'QPdt1Twtqxl7LVmoz5n6qGpVMQqJn1Bm'],
    ['a UUID', '2b1e4ee4-6a76-4a6e-8a0c-5a3f6d1f0c11'],
    ['nothing but a key', 'k'.repeat(22)],
    ['a key without a secret', `${'k'.repeat(22)}~`],
    ['a key that is too short', `${'k'.repeat(21)}~${secret}`],
    ['a key of another length', `${'k'.repeat(30)}~${secret}`],
    ['a secret that is too short', `${'k'.repeat(22)}~${'s'.repeat(42)}`],
    ['a secret that is too long', `${'k'.repeat(22)}~${'s'.repeat(44)}`],
    ['two dividers', `${'k'.repeat(22)}~~${'s'.repeat(42)}`],
    ['other characters in the key', `${'k'.repeat(21)}:~${secret}`],
    ['other characters in the secret', `${'k'.repeat(22)}~${'s'.repeat(42)}.`],
    ['a line break at its end', `${'k'.repeat(22)}~${secret}\n`],
  ])('is the digest of the id where it is a foreign one: %s', (_, id) => {
    expect(partsOf(id)).toEqual({ key: sha256(id), token: sha256(id) });
  });

  it('follows from the id alone, in every process and version: rows are found by it', () => {
    expect(new KeyedIds().keyOf('an id')).toBe('XpKlPPqAYJyb8726MxFQ7cSIKe-iy3RPCTiqnwbnGuA');
    const id = 'AAAAAAAAAAAAAAAAAAAAAA~BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB';
    expect(new KeyedIds(() => 'another genid').keyOf(id)).toBe('AAAAAAAAAAAAAAAAAAAAAA');
  });

  it('stays right when more ids were seen than are remembered', () => {
    const scheme = new KeyedIds();
    for (let index = 0; index < 12_000; index++) {
      const id = index % 2 === 0 ? `foreign-${index}` : `${String(index).padStart(22, 'k')}~${secret}`;
      expect(scheme.keyOf(id)).toBe(index % 2 === 0 ? sha256(id) : id.slice(0, 22));
      expect(scheme.tokenOf(id)).toBe(sha256(id));
    }
    expect(scheme.keyOf('foreign-0')).toBe(sha256('foreign-0'));
  });
});

describe('the token of an id', () => {
  it('is base64url of SHA-256 of the complete id', () => {
    const scheme = new KeyedIds();
    fc.assert(
      fc.property(wellFormed, (id) => {
        expect(scheme.tokenOf(id)).toBe(sha256(id));
      }),
      runs(200),
    );
    const own = scheme.generate(undefined);
    expect([scheme.tokenOf(own), partsOf(own).token]).toEqual([sha256(own), sha256(own)]);
  });

  it('is another one for every id of a session', () => {
    const scheme = new KeyedIds();
    const key = scheme.keyOf(scheme.generate(undefined));
    expect(scheme.tokenOf(scheme.renew(key))).not.toBe(scheme.tokenOf(scheme.renew(key)));
  });

  it.each([
    ['the same', 'abc', 'abc', true],
    ['another one', 'abc', 'abd', false],
    ['a longer one', 'abc', 'abcd', false],
    ['none', 'abc', '', false],
  ])('is compared with %s', (_, one, other, same) => {
    expect([isSameToken(one, other), isSameToken(other, one)]).toEqual([same, same]);
  });
});

describe('an id from the application’s own generator', () => {
  it('is taken as it is', () => {
    expect(checkedId('own-1')).toBe('own-1');
  });

  it.each([undefined, null, '', 'a b', 'a\nb', 'x'.repeat(257), 42, {}])(
    'is refused where it is %p',
    (id) => {
      expect(() => checkedId(id)).toThrow(expect.objectContaining({ code: 'SESSION_DATA_INVALID' }));
    },
  );
});

describe('isWellFormedId', () => {
  it('takes 1 to 256 printable ASCII characters', () => {
    fc.assert(fc.property(wellFormed, isWellFormedId), runs(200));
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
      runs(200),
    );
  });

  it('opens for nobody else', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, wellFormed, (id, previous, other) => {
        fc.pre(previous !== other);
        expect(() => openSuccessor(sealSuccessor(id, previous), other)).toThrow();
      }),
      runs(200),
    );
  });

  it('does not open with what the store knows of the previous id', () => {
    const sealed = sealSuccessor('new', 'old');
    expect(() => openSuccessor(sealed, partsOf('old').token)).toThrow();
    expect(() => openSuccessor(sealed, partsOf('new').token)).toThrow();
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
