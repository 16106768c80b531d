import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { digestOf, KeyedIds, partsOf } from '../../../../lib/core/record/session-id.js';
import type { SessionRecord } from '../../../../lib/core/record/session-record.js';
import { SealedSessionCodec } from '../../../../lib/stores/cookie/sealed-session.codec.js';
import { runs } from '../../../support/property.js';

const PAGE = new URL('../../../../docs/stores/cookie.md', import.meta.url);
const NOW = Date.UTC(2026, 0, 1);
const ID = `${'k'.repeat(22)}~${'i'.repeat(43)}`;
const [KEY, OTHER] = [createSecretKey(Buffer.alloc(32, 1)), createSecretKey(Buffer.alloc(32, 2))];

function codec(
  options: Partial<ConstructorParameters<typeof SealedSessionCodec>[0]> = {},
): SealedSessionCodec {
  return new SealedSessionCodec({
    keys: [KEY],
    cookieName: 'sid',
    maxLength: 4093,
    maxCookies: 1,
    ...options,
  });
}

function record(changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key: 'k'.repeat(22),
    token: digestOf(ID),
    previousToken: null,
    previousUntil: null,
    epoch: 1,
    version: 2 ** 24 + 7,
    data: '{"color":"green"}',
    meta: null,
    userId: null,
    reference: null,
    createdAt: NOW,
    lastSeenAt: NOW + 1,
    expiresAt: NOW + 2,
    authenticatedAt: null,
    ip: null,
    userAgent: null,
    ...changes,
  };
}

describe('a sealed session', () => {
  it('comes back as it was', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((one) => !one.includes('\0'));
    const time = fc.integer({ min: 1, max: 2 ** 48 - 1 });
    const records = fc.record({
      epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      version: fc.maxSafeNat(),
      data: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }).map((data) => JSON.stringify(data)),
      meta: fc.option(fc.jsonValue().map((meta) => JSON.stringify({ meta }))),
      userId: fc.option(text),
      createdAt: time,
      lastSeenAt: time,
      expiresAt: time,
      authenticatedAt: fc.option(time),
    });
    fc.assert(
      fc.property(records, fc.stringMatching(/^[!-~]{1,80}$/), (changes, id) => {
        const sealed = record({ ...changes, ...partsOf(id) });
        const roomy = codec({ maxLength: 100_000 });
        expect(roomy.open(roomy.seal(id, sealed))).toEqual({ id, record: sealed });
      }),
      runs(200),
    );
  });

  it.each([0, 1, 2 ** 24 - 1, 2 ** 24, 2 ** 53 - 2 ** 24, 2 ** 53 - 1])('keeps the version %i', (version) => {
    const opened = codec().open(codec().seal(ID, record({ version })));
    expect(opened).toEqual({ id: ID, record: record({ version }) });
  });

  it('has the key that its id carries, and the digest of the id for a token', () => {
    const ids = new KeyedIds();
    const foreign = 'an-id-of-express-session';
    for (const id of [ids.generate(undefined), ids.renew(ids.keyOf(foreign)), foreign]) {
      const opened = codec().open(codec().seal(id, record({ key: 'other', token: 'other' })));
      expect(opened).toMatchObject({ record: { key: ids.keyOf(id), token: ids.tokenOf(id) } });
    }
  });

  it('leaves out what a sealed cookie has no use for: address, user agent and the previous id', () => {
    const previous = { previousToken: 'p'.repeat(43), previousUntil: NOW };
    const token = codec().seal(ID, record({ ip: '192.0.2.1', userAgent: 'Mozilla', ...previous }));
    expect(codec().open(token)).toEqual({ id: ID, record: record() });
  });

  it('whose deadline is no time of this era is over rather than an error', () => {
    const token = codec().seal(ID, record({ expiresAt: -1e12, createdAt: NOW + 0.4 }));
    expect(codec().open(token)).toMatchObject({ record: { expiresAt: 0, createdAt: NOW } });
  });

  it('looks different each time, and shows nothing', () => {
    const tokens = [1, 2, 3].map(() => codec().seal(ID, record()));
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) {
      expect(token).toMatch(/^[\w-]+$/);
      expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/color|green|iii/);
    }
  });

  it('is sealed once for the same record, however often it is asked for', () => {
    const [one, same] = [codec(), record()];
    expect(one.seal(ID, same)).toBe(one.seal(ID, same));
    expect(one.seal(ID, record())).not.toBe(one.seal(ID, same));
  });

  it('takes as much room after a touch as before', () => {
    const touched = record({ lastSeenAt: NOW + 1e9, expiresAt: NOW + 1e11 });
    expect(codec().seal(ID, touched)).toHaveLength(codec().seal(ID, record()).length);
  });
});

describe('what is refused', () => {
  const token = codec().seal(ID, record());

  it('is a seal with any bit changed', () => {
    const bytes = Buffer.from(token, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const spoilt = Buffer.from(bytes);
      spoilt[bit >> 3]! ^= 1 << (bit & 7);
      const opened = codec().open(spoilt.toString('base64url'));
      expect([bit, opened]).toEqual([bit, { rejected: bit < 8 ? 'malformed' : 'signature' }]);
    }
  });

  it('is a seal that was cut or lengthened', () => {
    for (let length = 0; length < token.length; length++)
      expect(codec().open(token.slice(0, length))).toEqual({ rejected: expect.any(String) });
    for (const more of ['AAAA', token]) expect(codec().open(token + more)).toEqual({ rejected: 'signature' });
  });

  it.each([
    ['nothing', ''],
    ['a signed id', `s:${ID}.${'A'.repeat(43)}`],
    ['an object', 'j:{"id":1}'],
    ['padding', `${token}==`],
    ['base64 of the other alphabet', `${token.slice(0, -1)}+`],
    ['a NUL', `${token}\0`],
    ['megabytes', 'A'.repeat(2 ** 21)],
  ])('is %s', (_, value) => {
    expect(codec().open(value)).toEqual({ rejected: 'malformed' });
  });

  it('is what another key sealed, or what was sealed for a cookie of another name', () => {
    expect(codec({ keys: [OTHER] }).open(token)).toEqual({ rejected: 'signature' });
    expect(codec({ cookieName: 'sid2' }).open(token)).toEqual({ rejected: 'signature' });
  });

  it('is what is too long for the cookies there are, before anything is decoded', () => {
    expect(codec({ maxLength: token.length }).open(token)).toMatchObject({ id: ID });
    expect(codec({ maxLength: token.length - 1 }).open(token)).toEqual({ rejected: 'malformed' });
  });

  it('is, as corrupt, what the right key sealed and is no session', () => {
    const broken = codec().seal('not an id', record());
    expect(codec().open(broken)).toEqual({ rejected: 'corrupt' });
  });
});

describe('keys', () => {
  it('the first seals, all open; what an old one sealed is due to be sealed anew', () => {
    const both = codec({ keys: [OTHER, KEY] });
    const old = codec().seal(ID, record());
    expect(both.open(old)).toEqual({ id: ID, record: record({ due: 'changed' }) });
    expect(both.open(both.seal(ID, record()))).toEqual({ id: ID, record: record() });
    expect(codec({ keys: [OTHER] }).open(both.seal(ID, record()))).toMatchObject({ id: ID });
  });
});

describe('what does not fit', () => {
  it('is refused with both sizes and the remedy, and none of the data', () => {
    const data = JSON.stringify({ text: 'the secret '.repeat(300) });
    const seal = (): string => codec().seal(ID, record({ data }));
    expect(seal).toThrow(
      expect.objectContaining({
        code: 'SESSION_DATA_INVALID',
        message: expect.stringMatching(/3311 bytes of data it needs 4598 bytes.*room for 4093.*"chunks"/),
      }),
    );
    expect(seal).not.toThrow(/the secret/);
  });

  const SIZES = [
    ['sid', 2932],
    ['__Host-sid', 2927],
  ] as const;

  it.each(SIZES)('is more than what %s has room for: %i bytes of JSON', (cookieName, bytes) => {
    const full = codec({ cookieName, maxLength: 4096 - cookieName.length });
    const data = (length: number): string => JSON.stringify({ a: 'x'.repeat(length - '{"a":""}'.length) });
    expect(full.seal(ID, record({ data: data(bytes) })).length).toBeLessThanOrEqual(4096 - cookieName.length);
    expect(() => full.seal(ID, record({ data: data(bytes + 1) }))).toThrow(/does not fit/);
  });

  it.each(SIZES)('is what the page of the store says of %s: %i bytes', (_, bytes) => {
    expect(readFileSync(PAGE, 'utf8')).toContain(bytes.toLocaleString('en'));
  });
});
