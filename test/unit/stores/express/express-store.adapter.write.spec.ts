import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { versionAfter } from '../../../../lib/core/record/session-record.js';
import type { ExpressSessionStore } from '../../../../lib/stores/express/express-session-store.js';
import { ExpressStoreAdapter } from '../../../../lib/stores/express/express-store.adapter.js';
import { versionOf } from '../../../../lib/stores/express/session-row.js';
import { defer } from '../../core/support/deferred.js';
import { changeOf, FakeStore, found, newSession, type RecordWithId, renewalOf } from './support.js';

let store: FakeStore;
let adapter: ExpressStoreAdapter;

describe('express store adapter write', () => {
  beforeEach(() => {
    store = new FakeStore();
    adapter = new ExpressStoreAdapter(store);
  });

  describe('create', () => {
    it('refuses an id that exists, and leaves its row alone', async () => {
      const record = newSession();
      await adapter.create([record]);
      store.calls.splice(0);
      expect(await adapter.create([{ ...record, data: '{"other":1}' }])).toEqual([false]);
      expect(store.calls).toEqual([`get ${record.id}`]);
      expect(await adapter.read([record.id])).toEqual([found(record)]);
    });

    it('refuses an id whose row nobody can make sense of', async () => {
      store.rows.set('id', { no: 'cookie' });
      expect(await adapter.create([newSession({ id: 'id' })])).toEqual([false]);
      expect(store.rows.get('id')).toEqual({ no: 'cookie' });
    });

    it('that is still under way when its session is ended leaves no row', async () => {
      const record = newSession();
      const [reached, go] = [defer(), defer()];
      store.before = (method) => {
        if (method !== 'set') return undefined;
        reached.resolve();
        return go.promise;
      };
      const made = adapter.create([record]);
      await reached.promise;
      await adapter.delete([record.id]);
      go.resolve();
      expect(await made).toEqual([false]);
      expect(store.rows.size).toBe(0);
    });
  });

  describe('update', () => {
    it('writes where the row has the version, and nowhere else', async () => {
      const record = newSession();
      await adapter.create([record]);
      for (const version of [0, record.version - 1, record.version + 1, versionAfter(record.version)]) {
        expect(await adapter.update([{ ...changeOf(record), version }])).toEqual([false]);
      }
      expect(await adapter.update([changeOf(newSession())])).toEqual([false]);
      expect(await adapter.read([record.id])).toEqual([found(record)]);
      const change = changeOf(record, { data: '{"n":2}' });
      expect(await adapter.update([change])).toEqual([true]);
      expect(await adapter.read([record.id])).toEqual([found(change.next)]);
    });

    it('takes the digest of its data for the version of what express-session wrote', async () => {
      const session = (id: string, version: number): RecordWithId => newSession({ id, version });
      const row = versionOf('{"n":1}');
      store.rows.set('id', { cookie: { expires: null }, n: 1 });
      expect(await adapter.read(['id'])).toEqual([expect.objectContaining({ version: row, due: 'touch' })]);
      store.rows.set('id', { cookie: { expires: 'another' }, n: 1 });
      expect(await adapter.update([changeOf(session('id', row))])).toEqual([true]);
      store.rows.set('id', { cookie: {}, n: 1 });
      store.rows.set('other', { cookie: {}, n: 2 });
      const changes = ['id', 'other'].map((id) => changeOf(session(id, row)));
      expect(await adapter.update(changes)).toEqual([true, false]);
    });

    it('answers changes that hold and changes that do not in order', async () => {
      const [right, wrong, gone, renewed] = [newSession(), newSession(), newSession(), newSession()];
      await adapter.create([right, wrong, renewed]);
      const changes = [
        { ...changeOf(wrong), version: 7 },
        changeOf(right),
        changeOf(gone),
        renewalOf(renewed),
      ];
      expect(await adapter.update(changes)).toEqual([false, true, false, true]);
    });

    it('keeps data as the same JSON values, in the notation of JSON.stringify', async () => {
      const data = '{ "a" :\n\t1 , "n": -0.5e-7, "list": [ {"__proto__": 2} ] }';
      const record = newSession({ data });
      await adapter.create([record]);
      const [read] = await adapter.read([record.id]);
      expect(read!.data).toBe('{"a":1,"n":-5e-8,"list":[{"__proto__":2}]}');
    });

    describe('that touches', () => {
      const touchOf = (record: RecordWithId): ReturnType<typeof changeOf> => {
        const { version, lastSeenAt, expiresAt } = record;
        return changeOf(record, { version, lastSeenAt: lastSeenAt + 5, expiresAt: expiresAt + 5 });
      };
      const refused = new Error('duplicate key');
      const touch = jest.fn<NonNullable<ExpressSessionStore['touch']>>();

      /** Has the store refuse to write a row that exists, as connect-typeorm does without a column of its own. */
      function refuseRewrites(): void {
        store.before = (method, id) => {
          if (method === 'set' && store.rows.has(id)) throw refused;
        };
      }

      beforeEach(() => {
        touch.mockReset().mockImplementation((_id, _session, done) => done());
        adapter = new ExpressStoreAdapter(Object.assign(store, { touch }));
      });

      it('writes the whole row: a touch of the store may move its own deadline alone', async () => {
        const record = newSession();
        await adapter.create([record]);
        const change = touchOf(record);
        expect(await adapter.update([change])).toEqual([true]);
        expect(store.calls.at(-1)).toBe(`set ${record.id}`);
        expect(await adapter.read([record.id])).toEqual([found(change.next)]);
        expect(touch).not.toHaveBeenCalled();
      });

      it('touches where the store refuses to write a row that exists', async () => {
        const record = newSession();
        await adapter.create([record]);
        refuseRewrites();
        const change = touchOf(record);
        expect(await adapter.update([change])).toEqual([true]);
        const row = { cookie: expect.objectContaining({ expires: new Date(change.next.expiresAt) }), n: 1 };
        expect(touch.mock.calls).toEqual([[record.id, row, expect.any(Function)]]);
        expect(await adapter.update([changeOf(record)])).toEqual([refused]);
      });

      it('keeps a session of express-session alive there, as often as it is used', async () => {
        store.rows.set('id', { cookie: { originalMaxAge: 60_000 }, n: 1 });
        refuseRewrites();
        for (let use = 0; use < 3; use++) {
          const [record] = await adapter.read(['id']);
          expect(record).toMatchObject({ due: 'touch', data: '{"n":1}' });
          expect(await adapter.update([touchOf({ ...record!, id: 'id' })])).toEqual([true]);
        }
        expect(touch).toHaveBeenCalledTimes(3);
      });

      it('fails with what the write failed with where there is no touch, or where it fails, too', async () => {
        const record = newSession();
        await adapter.create([record]);
        refuseRewrites();
        touch.mockImplementation((_id, _session, done) => done(new Error('no')));
        expect(await adapter.update([touchOf(record)])).toEqual([refused]);
        Object.assign(store, { touch: undefined });
        expect(await adapter.update([touchOf(record)])).toEqual([refused]);
      });
    });
  });
});
