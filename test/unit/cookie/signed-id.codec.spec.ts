import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { sign, unsign } from 'cookie-signature';
import fc from 'fast-check';
import * as crypto from 'node:crypto';
import { KeyedIds } from '../../../lib/core/record/session-id.js';
import { runs } from '../../support/property.js';

const compare = jest.fn(crypto.timingSafeEqual);
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, timingSafeEqual: compare }));
const { SignedIdCodec } = await import('../../../lib/cookie/signed-id.codec.js');

const SECRET = 'a secret of more than thirty-two bytes';
const OLD = 'the secret that was used until yesterday';
const codec = new SignedIdCodec([SECRET]);
const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
const anyId = fc.string({ unit: fc.constantFrom(...printable), minLength: 1, maxLength: 256 });
const anySecret = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
);

describe('signed id codec', () => {
  afterEach(() => void compare.mockClear());

  describe('the cookie value', () => {
    it('is byte for byte what cookie-signature, and so express-session, writes', () => {
      fc.assert(
        fc.property(anyId, anySecret, (id, secret) => {
          const value = new SignedIdCodec([secret]).seal(id);
          expect(value).toBe(`s:${sign(id, secret)}`);
          expect(unsign(value.slice(2), secret)).toBe(id);
        }),
        runs(500),
      );
    });

    it('that express-session wrote is opened', () => {
      fc.assert(
        fc.property(anyId, anySecret, (id, secret) => {
          expect(new SignedIdCodec([secret]).open(`s:${sign(id, secret)}`)).toEqual({ id });
        }),
        runs(500),
      );
    });

    it('is opened whatever the id is made of, dots included', () => {
      for (const id of ['a.b', '.', '..', 's:a.b', new KeyedIds().generate({}), 'x'.repeat(256)]) {
        expect(codec.open(codec.seal(id))).toEqual({ id });
      }
    });
  });

  describe('several secrets', () => {
    it('the first signs, all verify', () => {
      const both = new SignedIdCodec([SECRET, OLD]);
      expect(both.seal('id')).toBe(new SignedIdCodec([SECRET]).seal('id'));
      expect(both.open(new SignedIdCodec([OLD]).seal('id'))).toEqual({ id: 'id' });
      expect(both.open(new SignedIdCodec([SECRET]).seal('id'))).toEqual({ id: 'id' });
      expect(both.open(new SignedIdCodec(['somebody else’s']).seal('id'))).toEqual({ rejected: 'signature' });
    });

    it('new cookies verify under the new one alone, and not under the old one (CVE-2025-47278)', () => {
      const value = new SignedIdCodec([SECRET, OLD]).seal('id');
      expect(new SignedIdCodec([SECRET]).open(value)).toEqual({ id: 'id' });
      expect(new SignedIdCodec([OLD]).open(value)).toEqual({ rejected: 'signature' });
    });

    it('the first signs an id anew that came with the signature of an old one', () => {
      const both = new SignedIdCodec([SECRET, OLD]);
      both.open(new SignedIdCodec([OLD]).seal('id'));
      expect(both.seal('id')).toBe(new SignedIdCodec([SECRET]).seal('id'));
    });

    it('an old one that was taken out verifies nothing any more', () => {
      const value = new SignedIdCodec([OLD]).seal('id');
      expect(new SignedIdCodec([SECRET]).open(value)).toEqual({ rejected: 'signature' });
    });
  });

  describe('a value that is not accepted', () => {
    const id = new KeyedIds().generate({});
    const good = codec.seal(id);
    const signature = good.slice(good.lastIndexOf('.') + 1);

    it.each([
      ['nothing', ''],
      ['an id without a signature', id],
      ['an id with the prefix and no signature', `s:${id}`],
      ['a JSON cookie', `j:${id}.${signature}`],
      ['another prefix', `S:${id}.${signature}`],
      ['no prefix', `${id}.${signature}`],
      ['no id', `s:.${signature}`],
      ['the prefix alone', 's:'],
      ['half of it', 's'],
      ['a dot', '.'],
      ['a dot within the prefix', 's.:'],
      ['an id with a space', `s:${sign('a b', SECRET)}`],
      ['an id with a line break', `s:${sign('a\r\nb', SECRET)}`],
      ['an id with a NUL', `s:${sign('a\0b', SECRET)}`],
      ['an id beyond ASCII', `s:${sign('é', SECRET)}`],
      ['an id that is too long', `s:${sign('x'.repeat(257), SECRET)}`],
      ['a megabyte', `s:${'x'.repeat(1_000_000)}.${signature}`],
      ['a megabyte of signature', `s:${id}.${'x'.repeat(1_000_000)}`],
    ])('%s is malformed', (_, value) => {
      expect(codec.open(value)).toEqual({ rejected: 'malformed' });
      expect(compare).not.toHaveBeenCalled();
    });

    it.each([
      ['an empty signature', `s:${id}.`],
      ['another signature', `s:${id}.${'A'.repeat(43)}`],
      ['the signature of another id', `s:x${id}.${signature}`],
      ['a signature with padding', `${good}=`],
      ['a signature in base64url', `s:${id}.${Buffer.from(signature, 'base64').toString('base64url')}x`],
      ['a signature that is cut short', good.slice(0, -1)],
      ['a signature with a space', `${good} `],
      ['letters that have more bytes than characters', `s:${id}.${'é'.repeat(21)}a`],
    ])('%s is not signed', (_, value) => {
      expect(codec.open(value)).toEqual({ rejected: 'signature' });
    });

    it('is any that differs from the good one in any character', () => {
      for (let at = 2; at < good.length; at++) {
        const other = good[at] === 'A' ? 'B' : 'A';
        const opened = codec.open(good.slice(0, at) + other + good.slice(at + 1));
        expect(opened).not.toHaveProperty('id');
      }
    });

    it('is whatever an attacker sends: it never throws and no id is adopted', () => {
      const hostile = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.tuple(anyId, fc.string({ unit: 'binary', maxLength: 60 })).map(([a, b]) => `s:${a}.${b}`),
        fc
          .tuple(fc.nat({ max: good.length }), fc.string({ unit: 'binary', maxLength: 3 }))
          .map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1)),
      );
      fc.assert(
        fc.property(hostile, (value) => {
          const opened = codec.open(value);
          if (value === good) expect(opened).toEqual({ id });
          else expect(opened).toEqual({ rejected: expect.stringMatching(/^(malformed|signature)$/) });
        }),
        runs(500),
      );
    });
  });

  describe('the comparison of signatures', () => {
    const good = codec.seal('id');

    it('takes the same time however much is right (GHSA-92vm-wfm5-mxvv)', () => {
      const wrong = [`${good.slice(0, -1)}~`, `s:id.~${good.slice(6)}`, `s:id.${'~'.repeat(43)}`];
      for (const value of [good, ...wrong]) codec.open(value);
      // Each wrong one with the signature that is remembered, and with the one that is computed.
      expect(compare.mock.calls).toHaveLength(7);
      for (const [a, b] of compare.mock.calls) expect([a.byteLength, b.byteLength]).toEqual([43, 43]);
      expect(compare.mock.results.map(({ value }) => value)).toEqual([
        true,
        ...wrong.flatMap(() => [false, false]),
      ]);
    });

    it('is not asked about signatures of another length: it would throw', () => {
      codec.open(`${good}x`);
      codec.open(good.slice(0, -1));
      expect(compare).not.toHaveBeenCalled();
    });
  });
});
