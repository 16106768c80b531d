import { describe, expect, test } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import { PLAIN_RECORDS, SealedRecords, type SealedRecordsOptions } from '../../../lib/core/record-seal.js';
import type { SessionRecord } from '../../../lib/core/session-record.js';

const RECORD: SessionRecord = {
  key: 'k'.repeat(43),
  version: 3,
  data: '{"cart":["an ink cartridge"],"name":"Ä\\u0000\\ud800"}',
  meta: '{"flash":{"notice":[["n","a warm welcome"]]}}',
  userId: '42',
  createdAt: 1_000,
  lastSeenAt: 2_000,
  expiresAt: 3_000,
  authenticatedAt: 1_000,
  ip: '127.0.0.1',
  userAgent: 'a browser',
  previousKey: null,
};

const [first, second] = [createSecretKey(randomBytes(32)), createSecretKey(randomBytes(32))];

function sealWith(keys: SealedRecordsOptions['keys'], options: Partial<SealedRecordsOptions> = {}) {
  return new SealedRecords({ keys, acceptPlain: false, onUnknownKey: () => undefined, ...options });
}

describe('what is sealed', () => {
  const seal = sealWith([first]);

  test('shows nothing of data and meta, and opens to the same', () => {
    const sealed = seal.seal(RECORD);
    expect(JSON.stringify(sealed)).not.toMatch(/an ink cartridge|a warm welcome/);
    expect(sealed.meta).toBeNull();
    expect(Object.keys(JSON.parse(sealed.data) as object)).toEqual(['$sealed']);
    expect(seal.open(sealed)).toEqual(RECORD);
    expect(seal.open(seal.seal({ ...RECORD, meta: null }))).toEqual({ ...RECORD, meta: null });
  });

  test('has a nonce of its own each time', () => {
    expect(seal.seal(RECORD).data).not.toBe(seal.seal(RECORD).data);
  });

  test.each([
    ['another row', { key: 'l'.repeat(43) }],
    ['another user', { userId: '43' }],
    ['nobody', { userId: null }],
    ['a later beginning', { createdAt: 1_001 }],
    ['a login that was not', { authenticatedAt: 2_000 }],
  ] satisfies [string, Partial<SessionRecord>][])('does not open for %s', (_, change) => {
    const opened = seal.open({ ...seal.seal(RECORD), ...change });
    expect(opened.meta).toBe('');
    expect(opened.data).not.toContain('an ink cartridge');
  });

  test('opens after a touch, which needs no new seal', () => {
    const seen = { lastSeenAt: 2_500, expiresAt: 3_500, ip: '::1', userAgent: null };
    expect(seal.open({ ...seal.seal(RECORD), ...seen })).toEqual({ ...RECORD, ...seen });
  });

  test('does not open when any character of it was changed, taken away or added', () => {
    const { data } = seal.seal(RECORD);
    for (let at = 0; at < data.length; at++) {
      const other = data[at] === 'A' ? 'B' : 'A';
      for (const changed of [
        data.slice(0, at) + other + data.slice(at + 1),
        data.slice(0, at) + data.slice(at + 1),
        data.slice(0, at) + data.slice(at, at + 1) + data.slice(at),
        data.slice(0, at),
      ]) {
        // The last character of base64url can have bits that mean nothing.
        if (changed === data || isSameBytes(changed, data)) continue;
        expect(seal.open({ ...RECORD, data: changed, meta: null }).meta).toBe('');
      }
    }
  });

  test('is not taken for data where nothing is sealed', () => {
    expect(PLAIN_RECORDS.open(seal.seal(RECORD)).meta).toBe('');
    expect(PLAIN_RECORDS.open(RECORD)).toBe(RECORD);
  });
});

function isSameBytes(one: string, other: string): boolean {
  const bytes = (text: string) => {
    const match = /^\{"\$sealed":"1\.([^.]+)\.([A-Za-z0-9_-]+)"\}$/.exec(text);
    return match && `${match[1]}.${Buffer.from(match[2]!, 'base64url').toString('hex')}`;
  };
  return bytes(one) !== null && bytes(one) === bytes(other);
}

describe('keys', () => {
  test('the first seals, all open, and what an old one sealed is due to be written', () => {
    const old = sealWith([first]).seal(RECORD);
    const both = sealWith([second, first]);
    expect(both.open(old)).toEqual({ ...RECORD, due: 'changed' });
    const renewed = both.seal(RECORD);
    expect(sealWith([second]).open(renewed)).toEqual(RECORD);
    expect(sealWith([first]).open(renewed).meta).toBe('');
  });

  test('one that is not known is told of', () => {
    let told = 0;
    const opened = sealWith([second], { onUnknownKey: () => told++ }).open(sealWith([first]).seal(RECORD));
    expect([opened.meta, told]).toEqual(['', 1]);
  });
});

describe('rows without a seal', () => {
  test('are refused', () => {
    expect(sealWith([first]).open(RECORD).meta).toBe('');
  });

  test('are taken and due to be sealed where that is asked for', () => {
    const migrating = sealWith([first], { acceptPlain: true });
    expect(migrating.open(RECORD)).toEqual({ ...RECORD, due: 'changed' });
  });
});
