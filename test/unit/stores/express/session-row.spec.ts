import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { CookieSnapshot } from '../../../../lib/core/record/session-cookie.js';
import type { SessionRecord } from '../../../../lib/core/record/session-record.js';
import type { StoredSession } from '../../../../lib/stores/express/express-session-store.js';
import {
  corruptRecord,
  factsOf,
  readRow,
  recordOf,
  versionOf,
  withFixedAttributes,
  withOwnLife,
  writeRow,
} from '../../../../lib/stores/express/session-row.js';

const NOW = Date.UTC(2030, 0, 1);
const DAY = 86_400_000;
const NAMES = { key: 'key', token: 'token' };

function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key: 'key',
    token: 'token',
    previousToken: 'before',
    previousUntil: NOW + 5,
    epoch: 2,
    version: 3,
    data: '{"color":"green"}',
    meta: '{"flash":{}}',
    userId: 'ann',
    reference: null,
    createdAt: NOW - 2,
    lastSeenAt: NOW - 1,
    expiresAt: NOW + DAY,
    authenticatedAt: NOW,
    ip: '::1',
    userAgent: 'agent',
    ...fields,
  };
}

const cookie = (fields: Partial<CookieSnapshot>): CookieSnapshot => ({ originalMaxAge: null, ...fields });

/** What a store that keeps JSON gives back. */
const stored = (session: StoredSession): unknown => JSON.parse(JSON.stringify(session));

describe('session row', () => {
  afterEach(() => void jest.restoreAllMocks());

  describe('a row', () => {
    it('is read as it was written', () => {
      const given = record({ cookie: cookie({ path: '/', originalMaxAge: DAY }) });
      const row = writeRow(given, new Date(NOW), factsOf(given));
      const expected = {
        data: given.data,
        cookie: { originalMaxAge: DAY, expires: '2030-01-01T00:00:00.000Z', path: '/' },
        facts: {
          token: 'token',
          previousToken: 'before',
          previousUntil: NOW + 5,
          epoch: 2,
          version: 3,
          meta: '{"flash":{}}',
          userId: 'ann',
          createdAt: NOW - 2,
          lastSeenAt: NOW - 1,
          authenticatedAt: NOW,
          ip: '::1',
          userAgent: 'agent',
        },
      };
      expect(readRow(stored(row))).toEqual(expected);
      // Some stores keep the object itself.
      expect(readRow(row)).toEqual(expected);
    });

    it('without facts has none', () => {
      const row = writeRow(record(), null);
      expect(stored(row)).toEqual({ cookie: { originalMaxAge: null, expires: null }, color: 'green' });
      expect(readRow(row)).toMatchObject({ facts: undefined });
    });

    it('is looked at by stores as express-session’s own: expires, maxAge, data, JSON', () => {
      jest.spyOn(Date, 'now').mockReturnValue(NOW);
      const expires = new Date(NOW + 50_000);
      const { cookie: own } = writeRow(
        record({ cookie: cookie({ path: '/', originalMaxAge: 60_000 }) }),
        expires,
      );
      const looked = own as typeof own & { maxAge: number; _expires: Date; data: object; toJSON(): object };
      expect(looked.expires).toBe(expires);
      expect(looked._expires).toBe(expires);
      expect(looked.originalMaxAge).toBe(60_000);
      expect(looked.maxAge).toBe(50_000);
      expect(looked.data).toMatchObject({ path: '/', originalMaxAge: 60_000, expires });
      expect(Object.getPrototypeOf(looked.toJSON())).toBe(Object.prototype);
      expect(looked.toJSON()).toEqual(looked.data);
      expect(Object.keys(looked)).not.toContain('maxAge');
      expect(Object.keys(looked)).not.toContain('_expires');
    });

    it('that ends with the browser has no maxAge', () => {
      const looked = writeRow(record(), null).cookie as { maxAge?: unknown };
      expect(looked.maxAge).toBeNull();
    });

    it('is written with every attribute of its cookie', () => {
      const all = cookie({
        ...{ partitioned: true, priority: 'low', secure: true, httpOnly: false },
        ...{ domain: 'example.test', path: '/app', sameSite: 'none', originalMaxAge: 5 },
      });
      expect(stored(writeRow(record({ cookie: all }), null))).toMatchObject({
        cookie: { ...all, expires: null },
      });
    });

    it('has data as its members, in their order, whatever their names', () => {
      const data = '{"b":1,"a":{"cookie":2},"__proto__":{"x":1},"toString":null}';
      const row = writeRow(record({ data }), null);
      expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
      expect(readRow(stored(row))?.data).toBe(data);
      expect(readRow(row)?.data).toBe(data);
    });

    it.each([undefined, null, 'text', 7, true, [], {}, { cookie: null }, { cookie: 'x' }, { cookie: [] }])(
      'that is %j is none',
      (row) => expect(readRow(row)).toBeUndefined(),
    );

    it('that JSON cannot hold is none', () => {
      expect(readRow({ cookie: {}, big: 1n })).toBeUndefined();
      expect(readRow({ cookie: { big: 1n } })).toBeUndefined();
      expect(readRow({ cookie: { toJSON: () => undefined } })).toBeUndefined();
    });
  });

  describe('facts', () => {
    const given = factsOf(record());
    const read = (facts: unknown): unknown => readRow({ cookie: { nestSession: facts } });

    it('are taken as they are', () => {
      expect(read(given)).toMatchObject({ facts: given });
      const none = {
        previousToken: null,
        previousUntil: null,
        meta: null,
        userId: null,
        reference: null,
        authenticatedAt: null,
      };
      const empty = { ...given, ...none, ip: null, userAgent: null };
      expect(read(empty)).toMatchObject({ facts: empty });
      const limits = {
        ...given,
        version: 2 ** 53 - 1,
        epoch: 2 ** 31 - 1,
        previousUntil: 2 ** 53 - 1,
        createdAt: -253_402_300_799_999,
        lastSeenAt: 253_402_300_799_999,
      };
      expect(read(limits)).toMatchObject({ facts: limits });
    });

    const NO_INTEGERS = [undefined, '1', 1.5, 2 ** 53, {}, true];
    const NO_TIMES = [...NO_INTEGERS, null, 253_402_300_800_000, -253_402_300_800_000];
    const NO_TEXTS = [undefined, 1, {}, [], true];
    const WRONG = Object.entries({
      token: [...NO_TEXTS, null],
      previousToken: NO_TEXTS,
      previousUntil: NO_INTEGERS,
      epoch: [...NO_INTEGERS, null],
      version: [...NO_INTEGERS, null],
      createdAt: NO_TIMES,
      lastSeenAt: NO_TIMES,
      authenticatedAt: NO_INTEGERS,
      meta: NO_TEXTS,
      userId: NO_TEXTS,
      ip: NO_TEXTS,
      userAgent: NO_TEXTS,
    }).flatMap(([name, values]) => values.map((value): [string, unknown] => [name, value]));

    it.each(WRONG)('whose %s is %p make the row none', (name, value) => {
      expect(read({ ...given, [name]: value })).toBeUndefined();
    });

    it.each([null, 'text', 7, true, [], {}])('that are %j make the row none', (facts) => {
      expect(read(facts)).toBeUndefined();
    });
  });

  describe('a session of express-session', () => {
    const row = (settings: object): Parameters<typeof recordOf>[1] =>
      readRow({ cookie: settings, color: 'green' })!;

    it('is a record that begins now', () => {
      expect(recordOf(NAMES, row({ originalMaxAge: 1_000 }), NOW)).toEqual({
        key: 'key',
        token: 'token',
        previousToken: null,
        previousUntil: null,
        epoch: 1,
        version: versionOf('{"color":"green"}'),
        data: '{"color":"green"}',
        meta: '{"cookie":{"originalMaxAge":1000}}',
        userId: null,
        reference: null,
        createdAt: NOW,
        lastSeenAt: NOW,
        expiresAt: NOW + 1_000,
        authenticatedAt: null,
        ip: null,
        userAgent: null,
      });
    });

    it.each([
      [{}, DAY],
      [{ originalMaxAge: null }, DAY],
      [{ originalMaxAge: 5 }, 5],
      [{ originalMaxAge: 0 }, 1],
      [{ originalMaxAge: -5 }, 1],
    ])('with %j is alive for %d milliseconds at least', (settings, life) => {
      expect(recordOf(NAMES, row(settings), NOW).expiresAt).toBe(NOW + life);
    });

    it.each([
      [{}, {}],
      [{ expires: 'x', path: '/x', secure: true, sameSite: 'none' }, {}],
      [{ originalMaxAge: 5, path: '/x' }, { originalMaxAge: 5 }],
      [{ originalMaxAge: 0 }, { originalMaxAge: 0 }],
      [{ originalMaxAge: null }, { originalMaxAge: null }],
      [{ originalMaxAge: false }, { originalMaxAge: null }],
      [{ originalMaxAge: 'long' }, { originalMaxAge: null }],
      [{ originalMaxAge: 1e300 }, { originalMaxAge: 100 * 365.25 * DAY }],
    ])('of its cookie %j is taken over as %j', (settings, expected) => {
      expect(withOwnLife(row(settings))).toEqual({ ...row(settings), cookie: expected });
    });
  });

  describe('the version of data', () => {
    it('is the same for the same text, another for another, and a whole number', () => {
      const texts = Array.from({ length: 500 }, (_, n) => JSON.stringify({ n }));
      const versions = texts.map(versionOf);
      expect(new Set(versions).size).toBe(500);
      expect(texts.map(versionOf)).toEqual(versions);
      expect(versions.every((version) => Number.isSafeInteger(version + 1_000_000) && version >= 0)).toBe(
        true,
      );
      // One process tells another by it.
      expect(versionOf('{"color":"green"}')).toBe(195_441_726_069_864);
    });
  });

  describe('a record that nobody can make sense of', () => {
    it('is told from one that is gone, and its meta cannot be read', () => {
      const unreadable = { ...NAMES, meta: '', data: '', expiresAt: NOW + DAY };
      expect(corruptRecord(NAMES, NOW)).toMatchObject(unreadable);
    });
  });

  describe('attributes that the connection decides', () => {
    it('are those that are safe over any', () => {
      const given = record({ cookie: cookie({ secure: 'auto', sameSite: 'auto', path: '/' }) });
      expect(withFixedAttributes(given)).toEqual({
        ...given,
        cookie: cookie({ secure: true, sameSite: 'lax', path: '/' }),
      });
    });

    it('stay as they are where they are decided', () => {
      const given = record({ cookie: cookie({ secure: false, sameSite: 'none' }) });
      expect(withFixedAttributes(given)).toEqual(given);
      expect(withFixedAttributes(record())).toEqual(record());
    });
  });
});
