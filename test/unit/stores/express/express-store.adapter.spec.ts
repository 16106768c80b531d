import { beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../../lib/core/record/session-id.js';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';
import type { ExpressSessionStore } from '../../../../lib/stores/express/express-session-store.js';
import {
  ExpressStoreAdapter,
  type ExpressStoreAdapterOptions,
} from '../../../../lib/stores/express/express-store.adapter.js';
import * as keyed from '../../../../lib/testing/contract/records.js';
import { defer } from '../../core/support/deferred.js';
import { changeOf, FakeStore, found, newId, newSession } from './support.js';

let store: FakeStore;
let adapter: ExpressStoreAdapter;

describe('express store adapter', () => {
  beforeEach(() => {
    store = new FakeStore();
    adapter = new ExpressStoreAdapter(store);
  });

  describe('an adapter', () => {
    it('says what it is: one call a session, cookies kept, ids in place of keys unless hashed', () => {
      expect({ ...adapter }).toEqual({
        sharesCalls: false,
        keepsCookies: true,
        keepsIds: true,
      });
      expect(new ExpressStoreAdapter(store, {}).keepsIds).toBe(true);
      expect(new ExpressStoreAdapter(store, { hashIds: false }).keepsIds).toBe(true);
      expect(new ExpressStoreAdapter(store, { hashIds: true }).keepsIds).toBe(false);
    });

    it.each([
      [undefined, 'undefined'],
      [null, 'null'],
      ['redis://app:hunter2@cache.test', 'a string'],
      [{ get: () => 1, set: () => 1 }, 'an object'],
      [FakeStore, 'the function FakeStore'],
      [new Map(), 'a Map'],
    ])('of %p is refused', (given, shown) => {
      expect(() => new ExpressStoreAdapter(given as unknown as ExpressSessionStore)).toThrow(
        new SessionOptionsError(
          `ExpressStoreAdapter: ${shown} was given; accepted: a store for express-session, with the methods get, set and destroy.`,
        ),
      );
    });

    it.each([
      [
        { hashIds: 'yes' },
        'ExpressStoreAdapter option "hashIds": a string was given; accepted: true or false.',
      ],
      [{ hashIds: null }, 'ExpressStoreAdapter option "hashIds": null was given; accepted: true or false.'],
      [{ hashId: true }, 'ExpressStoreAdapter option "hashId" is unknown; the options are: hashIds.'],
    ])('with %j is refused', (options, message) => {
      const make = (): unknown => new ExpressStoreAdapter(store, options as ExpressStoreAdapterOptions);
      expect(make).toThrow(new SessionOptionsError(message));
    });

    it('asks about several sessions at once, and answers in order', async () => {
      const records = [newSession(), newSession(), newSession()];
      const gate = defer();
      store.before = () => gate.promise;
      const made = adapter.create(records);
      expect(store.calls).toHaveLength(3);
      gate.resolve();
      expect(await made).toEqual([true, true, true]);
      const read = await adapter.read([records[2]!.id, newId(), records[0]!.id]);
      expect(read).toEqual([found(records[2]!), undefined, found(records[0]!)]);
    });

    it('answers the sessions whose calls fail with their errors, and the others all the same', async () => {
      const [good, bad] = [newSession(), newSession()];
      await adapter.create([good, bad]);
      const error = new Error('no');
      store.before = (_method, id) => {
        if (id === bad.id) throw error;
      };
      expect(await adapter.create([newSession(), bad])).toEqual([true, error]);
      expect(await adapter.update([changeOf(bad), changeOf(good)])).toEqual([error, true]);
      expect(await adapter.delete([bad.id, good.id])).toEqual([error, true]);
      await expect(adapter.read([good.id, bad.id])).rejects.toBe(error);
    });

    it.each(['text', 7, { code: 'EOTHER' }])('makes an error of what is none (%p)', async (thrown) => {
      store.set = (_id, _session, done) => done(thrown);
      const [outcome] = await adapter.create([newSession()]);
      expect(outcome).toBeInstanceOf(Error);
      expect(outcome).toMatchObject({
        message: expect.stringContaining('instead of an error'),
        cause: thrown,
      });
      expect((outcome as Error).message).not.toContain('EOTHER');
    });
  });

  describe('with hashIds', () => {
    const { newRecord } = keyed;

    beforeEach(() => {
      adapter = new ExpressStoreAdapter(store, { hashIds: true });
    });

    it('a row stands under its key, and stays there when its id is renewed', async () => {
      const record = newRecord();
      await adapter.create([record]);
      const renewal = keyed.renewalOf(record);
      expect(await adapter.update([renewal])).toEqual([true]);
      expect([...store.rows.keys()]).toEqual([record.key]);
      expect(await adapter.read([record.key])).toEqual([renewal.next]);
      expect(await adapter.delete([record.key])).toEqual([true]);
      expect(store.rows.size).toBe(0);
    });

    it('a key of 43 characters is one as well', async () => {
      const record = newRecord({ key: keyed.newToken() });
      expect(await adapter.create([record])).toEqual([true]);
      expect(await adapter.read([record.key])).toEqual([record]);
    });

    it.each([{ cookie: {}, n: 1 }, { n: 1 }, 'text'])(
      'the row %j, which has no token, is a record that cannot be read',
      async (row) => {
        const key = keyed.newKey();
        store.rows.set(key, row);
        expect(await adapter.read([key])).toEqual([expect.objectContaining({ key, token: '', meta: '' })]);
      },
    );

    it.each([
      'short',
      ...[21, 23, 42, 44].map((length) => 'x'.repeat(length)),
      `${'x'.repeat(42)}/`,
      `${'x'.repeat(43)}\n`,
      `${'x'.repeat(22)}~${'x'.repeat(43)}`,
    ])('what is no key is not asked for (%j)', async (key) => {
      store.rows.set(key, { cookie: {} });
      expect(await adapter.read([key])).toEqual([undefined]);
      expect(await adapter.delete([key])).toEqual([false]);
      expect(store.calls).toEqual([]);
    });
  });

  describe('read', () => {
    const unreadable = (id: string): unknown =>
      expect.objectContaining({ key: digestOf(id), token: digestOf(id), meta: '' });

    it('of a session of express-session has the digest of its id for key and token', async () => {
      store.rows.set('id', { cookie: { originalMaxAge: null }, n: 1 });
      const names = { key: digestOf('id'), token: digestOf('id'), previousToken: null, previousUntil: null };
      expect(await adapter.read(['id'])).toEqual([expect.objectContaining({ ...names, epoch: 1 })]);
    });

    it('has the key of its id where express-session was the last to write the row', async () => {
      const { id, key, token } = newSession();
      store.rows.set(id, { cookie: {}, n: 1 });
      expect(await adapter.read([id])).toEqual([expect.objectContaining({ key, token, epoch: 1 })]);
    });

    it('believes the place of a row, and not what the row says of its token', async () => {
      const [record, other] = [newSession(), newSession()];
      await adapter.create([record, other]);
      store.rows.set(record.id, store.rows.get(other.id));
      expect(await adapter.read([record.id])).toEqual([
        { ...found(other), key: record.key, token: record.token },
      ]);
    });

    it.each([undefined, null, false, 0, ''])('of %p is nothing', async (row) => {
      store.rows.set('id', row);
      expect(await adapter.read(['id'])).toEqual([undefined]);
    });

    it.each([new Error('no'), 'no', undefined])(
      'fails with what the store fails with (%p)',
      async (reason) => {
        const get = (_id: string): Promise<never> => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- some stores do
          return Promise.reject(reason);
        };
        const failing = new ExpressStoreAdapter({ get, set: get, destroy: get });
        await expect(failing.read(['key'])).rejects.toBe(reason);
      },
    );

    it.each([
      ['text', 'text'],
      ['no cookie', { n: 1 }],
      ['facts of nobody', { cookie: { nestSession: {} } }],
    ])('of %s is a record that cannot be read', async (_name, row) => {
      store.rows.set('id', row);
      expect(await adapter.read(['id'])).toEqual([unreadable('id')]);
    });

    it('of what the store cannot parse is a record that cannot be read', async () => {
      store.get = (_id, done) => {
        try {
          done(null, JSON.parse('{'));
        } catch (error) {
          done(error);
        }
      };
      expect(await adapter.read(['id'])).toEqual([unreadable('id')]);
    });

    it.each([undefined, null, '', 'soon'])(
      'of facts that end at %p is a record that cannot be read',
      async (expires) => {
        const record = newSession();
        await adapter.create([record]);
        const row = store.rows.get(record.id) as { cookie: object };
        store.rows.set(record.id, { ...row, cookie: { ...row.cookie, expires } });
        expect(await adapter.read([record.id])).toEqual([expect.objectContaining({ meta: '' })]);
      },
    );

    it('takes the end of a session from its row', async () => {
      const record = newSession({ expiresAt: Date.UTC(2030, 0, 1) + 7 });
      await adapter.create([record]);
      const row = store.rows.get(record.id) as { cookie: { expires: string } };
      expect(row.cookie.expires).toBe('2030-01-01T00:00:00.007Z');
      expect(await adapter.read([record.id])).toEqual([found(record)]);
    });
  });
});
