import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionChange, SessionRecord } from '../../../../lib/core/record/session-record.js';
import type { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import {
  changeOf,
  created,
  loginOf,
  newRecord,
  newRecords,
  readOne,
  renewalOf,
  touchOf,
} from '../../../../lib/testing/contract/records.js';
import { isOnSession, type Place, PLACES } from './places.js';

const HOUR = 3_600_000;

/** What happens to a session between two commands of an end. */
const CHANGES: readonly [string, (record: SessionRecord) => SessionChange][] = [
  ['a renewal', (record) => renewalOf(record)],
  ['a renewal that keeps the indexes', (record) => ({ ...renewalOf(record), keepsIndexes: true })],
  ['a login of the same user', (record) => loginOf(record, 'ada')],
  ['a touch', (record) => touchOf(record, 1000)],
];

describe.each(PLACES)('RedisSessionStore on $place', ({ isThere, isCluster, open }) => {
  (isThere ? describe : describe.skip)('ends sessions', () => {
    let place: Place;
    let store: RedisSessionStore;

    beforeAll(async () => void (place = await open()));
    beforeEach(() => void (store = place.store()));
    afterEach(() => place.clear());
    afterAll(() => place.close());

    const keysOf = (records: readonly { key: string }[]): string[] => records.map(({ key }) => key).sort();
    const found = async (user: string): Promise<string[]> => keysOf(await store.findByUser(user, Date.now()));

    /** A store during whose calls each session is changed right before the script runs on it. */
    function changing(
      records: readonly SessionRecord[],
      changeFor: (record: SessionRecord) => SessionChange,
    ) {
      const changes = new Map(records.map((record) => [record.key, changeFor(record)]));
      const pending = new Map(changes);
      const ending = place.storeWith(async (command, send) => {
        const key = records.map((record) => record.key).find((one) => command[3]?.includes(`{${one}}`));
        const change = isOnSession(command) && key !== undefined && pending.get(key);
        if (change) {
          pending.delete(key);
          expect(await store.update([change])).toEqual([true]);
        }
        return send();
      });
      return { ending, changes, pending };
    }

    describe.each(CHANGES)('however %s comes in between', (_, changeFor) => {
      let records: SessionRecord[];
      beforeEach(async () => {
        records = newRecords(5, { userId: 'ada' });
        await created(store, records);
      });
      const keys = (): string[] => records.map(({ key }) => key);

      it.each([
        [
          'deleteByUser()',
          async (ending: RedisSessionStore) => (await ending.deleteByUser('ada', [])).length,
        ],
        ['deleteAll()', (ending: RedisSessionStore) => ending.deleteAll()],
        [
          'delete()',
          async (ending: RedisSessionStore) => (await ending.delete(keys())).filter(Boolean).length,
        ],
        [
          'deleteOwned()',
          async (ending: RedisSessionStore) =>
            (await ending.deleteOwned('ada', keys())).filter(Boolean).length,
        ],
      ])('by %s', async (_name, end) => {
        const { ending, changes, pending } = changing(records, changeFor);
        expect(await end(ending)).toBe(5);
        expect(pending.size).toBe(0); // each change was made, in the middle of the call
        expect((await store.read(keys())).filter(Boolean)).toEqual([]);
        expect(await store.update([...changes.values()].map(({ next }) => changeOf(next)))).toEqual(
          Array(5).fill(false),
        );
        expect(await found('ada')).toEqual([]);
        expect(await store.count(undefined, Date.now())).toBe(0);
      });
    });

    it.each([
      ['deleteByUser()', (ending: RedisSessionStore) => ending.deleteByUser('ada', [])],
      [
        'deleteOwned()',
        async (ending: RedisSessionStore, keys: string[]) => {
          const outcomes = await ending.deleteOwned('ada', keys);
          return keys.filter((_, index) => outcomes[index] === true);
        },
      ],
    ])('but none that becomes the session of another user in between: %s', async (_name, end) => {
      const [stays, leaves] = [newRecord({ userId: 'ada' }), newRecord({ userId: 'ada' })];
      await created(store, [stays, leaves]);
      const { ending, changes, pending } = changing([leaves], (record) => loginOf(record, 'bob'));
      expect(await end(ending, [stays.key, leaves.key])).toEqual([stays.key]);
      expect(pending.size).toBe(0);
      expect(await store.read([stays.key, leaves.key])).toEqual([undefined, changes.get(leaves.key)!.next]);
      expect([await found('ada'), await found('bob')]).toEqual([[], [leaves.key]]);
      expect(await store.deleteByUser('bob', [])).toEqual([leaves.key]);
    });

    it('by key, however often its user changes in between', async () => {
      let record = newRecord();
      await created(store, [record]);
      const users = ['ada', 'bob', 'cleo'];
      const ending = place.storeWith(async (command, send) => {
        const user = isOnSession(command) && users.shift();
        if (user) {
          const login = loginOf(record, user);
          expect(await store.update([login])).toEqual([true]);
          record = login.next;
        }
        return send();
      });
      expect(await ending.delete([record.key])).toEqual([true]);
      expect(users).toEqual([]);
      expect(await readOne(store, record.key)).toBeUndefined();
      expect(await store.count(undefined, Date.now())).toBe(0);
    });

    it('and lets a login live that begins after the look at the index', async () => {
      const [old, fresh] = [newRecord({ userId: 'ada' }), newRecord({ userId: 'ada' })];
      await created(store, [old]);
      const ending = place.storeWith(async ([name], send) => {
        const answer = await send();
        if (name === 'ZRANGE') await created(store, [fresh]);
        return answer;
      });
      expect(await ending.deleteByUser('ada', [])).toEqual([old.key]);
      expect(await found('ada')).toEqual([fresh.key]);
    });

    it.each([
      ['deleteByUser()', (ending: RedisSessionStore) => ending.deleteByUser('ada', [])],
      ['deleteAll()', (ending: RedisSessionStore) => ending.deleteAll()],
    ])('or rejects: %s', async (_name, end) => {
      const records = newRecords(5, { userId: 'ada' });
      await created(store, records);
      const ending = place.storeWith((command, send) =>
        isOnSession(command) && command[3]!.includes(records[2]!.key)
          ? Promise.reject(new Error('lost'))
          : send(),
      );
      await expect(end(ending)).rejects.toThrow('lost');
    });

    it('and leaves nothing behind, however often they were renewed', async () => {
      let record = newRecord();
      await created(store, [record]);
      for (let count = 0; count < 300; count++) {
        const change = count === 0 ? loginOf(record, 'ada') : renewalOf(record);
        expect(await store.update([change])).toEqual([true]);
        record = change.next;
      }
      expect(await place.keys()).toHaveLength(3); // the session and two indexes
      expect(await store.delete([record.key])).toEqual([true]);
      expect(await place.keys()).toEqual([]);
    });

    it('whose key is taken again at that moment: what lives is in its indexes', async () => {
      const record = newRecord({ userId: 'ada' });
      for (let turn = 0; turn < 6; turn++) {
        await created(store, [record]);
        let count = 0;
        let outcome: unknown;
        const create = async (): Promise<void> => {
          [outcome] = await store.create([{ ...newRecord({ userId: 'ada' }), key: record.key }]);
        };
        const ending = place.storeWith(async (_command, send) => {
          const isNow = count++ === Math.floor(turn / 2);
          if (isNow && turn % 2 === 0) await create();
          const answer = await send();
          if (isNow && turn % 2 === 1) await create();
          return answer;
        });
        expect(await ending.deleteOwned('ada', [record.key])).toEqual([true]);
        if (outcome !== true) await created(store, [record]);
        expect(await found('ada')).toEqual([record.key]);
        expect(await store.count(undefined, Date.now())).toBe(1);
        expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
      }
    });

    it('also ones of instances whose clock is wrong by hours', async () => {
      const now = Date.now();
      const of = (skew: number): SessionRecord => {
        const at = now + skew;
        return newRecord({ userId: 'ada', createdAt: at, lastSeenAt: at, expiresAt: at + HOUR });
      };
      const records = [-5 * HOUR, 0, 5 * HOUR, -5 * HOUR, 0].map(of);
      for (const record of records) await created(store, [record]);
      expect((await store.deleteByUser('ada', [])).sort()).toEqual(keysOf(records));
    });

    it('that are too many for one step', async () => {
      const records = newRecords(600, { userId: 'ada' });
      await created(store, records);
      expect((await store.deleteByUser('ada', [records[0]!.key])).sort()).toEqual(keysOf(records.slice(1)));
      expect(await store.deleteAll()).toBe(1);
    });

    if (!isCluster) return;

    it('although the process ends before it has removed the entries', async () => {
      const record = newRecord({ userId: 'ada' });
      await created(store, [record]);
      const dying = place.storeWith(([name], send) =>
        name === 'ZREM' ? Promise.reject(new Error('dead')) : send(),
      );
      expect(await dying.delete([record.key])).toEqual([true]);
      expect(await readOne(store, record.key)).toBeUndefined();
      expect(await found('ada')).toEqual([]);
      // The removal of the entries might still be carried out: until then nobody can take the key.
      expect(await store.create([newRecord({ key: record.key })])).toEqual([false]);
      expect(await store.delete([record.key])).toEqual([false]);
      const name = `${place.prefix}{${record.key}}`;
      expect(await place.send(name, 'PTTL', name)).toBeGreaterThan(500_000);
      await place.send(name, 'DEL', name);
    });
  });
});
