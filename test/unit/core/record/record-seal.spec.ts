import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSecretKey, randomBytes } from 'node:crypto';
import {
  PLAIN_RECORDS,
  type RecordSeal,
  SealedRecords,
  type SealedRecordsOptions,
} from '../../../../lib/core/record/record-seal.js';
import { type SessionRecord, versionAfter } from '../../../../lib/core/record/session-record.js';
import type { SessionStore } from '../../../../lib/core/store/session-store.js';
import { SharedStore } from '../../../../lib/core/store/shared-store.js';
import { ExpressStoreAdapter } from '../../../../lib/stores/express/express-store.adapter.js';
import { MemorySessionStore } from '../../../../lib/stores/memory/memory-session.store.js';
import { runs } from '../../../support/property.js';
import { FakeStore } from '../../stores/express/support.js';

const RECORD: SessionRecord = {
  key: 'k'.repeat(22),
  token: 't'.repeat(43),
  previousToken: 'p'.repeat(43),
  previousUntil: 2_500,
  epoch: 2,
  version: 3,
  data: '{"cart":["an ink cartridge"],"name":"Ä\\u0000\\ud800"}',
  meta: '{"flash":{"notice":[["n","a warm welcome"]]}}',
  userId: '42',
  reference: null,
  createdAt: 1_000,
  lastSeenAt: 2_000,
  expiresAt: 3_000,
  authenticatedAt: 1_000,
  ip: '127.0.0.1',
  userAgent: 'a browser',
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
    ['another row', { key: 'l'.repeat(22) }],
    ['another id', { token: 'u'.repeat(43) }],
    ['another previous id', { previousToken: 'q'.repeat(43) }],
    ['no previous id', { previousToken: null }],
    ['ids that were swapped', { token: RECORD.previousToken!, previousToken: RECORD.token }],
    ['a longer grace period', { previousUntil: 2_501 }],
    ['an endless grace period', { previousUntil: null }],
    ['another epoch', { epoch: 3 }],
    ['another user', { userId: '43' }],
    ['nobody', { userId: null }],
    ['a reference', { reference: 'r'.repeat(43) }],
    ['a later beginning', { createdAt: 1_001 }],
    ['a later login', { authenticatedAt: 2_000 }],
    ['no login', { authenticatedAt: null }],
  ] satisfies [string, Partial<SessionRecord>][])('does not open for %s', (_, change) => {
    const opened = seal.open({ ...seal.seal(RECORD), ...change });
    expect(opened.meta).toBe('');
    expect(opened.data).not.toContain('an ink cartridge');
  });

  test('is bound to its reference', () => {
    const referenced = { ...RECORD, reference: 'r'.repeat(43) };
    const sealed = seal.seal(referenced);
    expect(seal.open(sealed)).toEqual(referenced);
    for (const reference of [null, 's'.repeat(43)]) expect(seal.open({ ...sealed, reference }).meta).toBe('');
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
    expect(PLAIN_RECORDS.seal(RECORD)).toBe(RECORD);
  });

  test('is not taken for data either in a format of a newer release', () => {
    const newer = { ...RECORD, data: '{"$sealed":"12.x.y.z"}' };
    const migrating = sealWith([first], { acceptPlain: true });
    expect([PLAIN_RECORDS, seal, migrating].map((records) => records.open(newer).meta)).toEqual(['', '', '']);
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

/** Data of an application that looks as if it were sealed. */
const LOOKALIKES = [
  sealWith([first]).seal(RECORD).data,
  '{"$sealed":"1.x"}',
  '{"$sealed":"1."}',
  '{"$sealed":"01.x"}',
  '{"$sealed":"002.x"}',
  '{"$sealed":"0.x"}',
  '{"$sealed":"x"}',
  '{"$sealed":1}',
  '{"$sealed":{"$sealed":"1.x"}}',
  '{"$sealed":"1.x","more":1}',
  '{"$sealed":"1.\\"x"}',
  '{"more":1,"$sealed":"1.x"}',
];

describe('data of the application that looks sealed', () => {
  const migrating = sealWith([first], { acceptPlain: true });

  test.each(LOOKALIKES.map((data) => [data.slice(0, 24), data]))('comes back as it was: %s', (_, data) => {
    const record = { ...RECORD, data };
    const stored = PLAIN_RECORDS.seal(record);
    expect(PLAIN_RECORDS.open(stored)).toEqual(record);
    // Encryption that was switched on later does not take it for sealed either.
    expect(migrating.open(stored)).toEqual({ ...record, due: 'changed' });
    expect(migrating.open(migrating.seal(record))).toEqual(record);
  });

  test('comes back as it was through a store that rewrites the JSON and orders its keys anew', () => {
    const seal = fc.stringMatching(/^0{0,3}[0-2]{0,2}\.?[\w.-]{0,8}$/);
    const values = fc.oneof(seal, fc.jsonValue());
    const bags = fc.dictionary(fc.constantFrom('$sealed', '$plain', 'more', '1'), values, { maxKeys: 3 });
    fc.assert(
      fc.property(bags, (bag) => {
        const record = { ...RECORD, data: JSON.stringify(bag) };
        const stored = PLAIN_RECORDS.seal(record);
        const rewritten = Object.entries(JSON.parse(stored.data) as object).reverse();
        const opened = PLAIN_RECORDS.open({ ...stored, data: JSON.stringify(Object.fromEntries(rewritten)) });
        expect(opened.meta).toBe(RECORD.meta);
        expect(JSON.parse(opened.data)).toEqual(JSON.parse(record.data));
      }),
      runs(300),
    );
  });

  describe.each<[string, () => SessionStore]>([
    ['MemorySessionStore', () => new MemorySessionStore()],
    ['ExpressStoreAdapter', () => new ExpressStoreAdapter(new FakeStore(), { hashIds: true })],
  ])('in %s', (_, open) => {
    const now = Date.now();
    const { version } = RECORD;
    const live = { ...RECORD, createdAt: now, lastSeenAt: now, expiresAt: now + 60_000 };
    const sharedBy = (store: SessionStore, seal: RecordSeal): SharedStore =>
      new SharedStore(store, { timeout: 1_000, seal, onError: () => undefined });

    test.each([
      ['without', PLAIN_RECORDS],
      ['with', sealWith([first])],
    ])('comes back as it was %s encryption', async (_how, seal) => {
      for (const data of LOOKALIKES) {
        const shared = sharedBy(open(), seal);
        expect(await shared.create({ ...live, data: '{}' })).toBe(true);
        const next = { ...live, data, version: versionAfter(version) };
        expect(await shared.update({ key: live.key, version, next })).toBe(true);
        expect(await shared.read(live.key)).toMatchObject({ key: live.key, data, meta: live.meta });
      }
    });

    test('is not shown where it really is sealed, and encryption was switched off', async () => {
      const store = open();
      await sharedBy(store, sealWith([first])).create(live);
      const opened = await sharedBy(store, PLAIN_RECORDS).read(live.key);
      expect(opened).toMatchObject({ key: live.key, meta: '' });
      expect(JSON.stringify(opened)).not.toContain('an ink cartridge');
    });
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
