import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import {
  changeOf,
  created,
  loginOf,
  newRecord,
  readOne,
  renewalOf,
} from '../../../../lib/testing/contract/records.js';
import { REDIS_SERVER } from '../../../support/redis-server.js';
import { isOnSession, openCluster, type Place } from './places.js';

const HOUR = 3_600_000;

(REDIS_SERVER ? describe : describe.skip)('RedisSessionStore on a Cluster', () => {
  let place: Place;
  let store: RedisSessionStore;
  /** A store whose commands are noted. */
  let watched: RedisSessionStore;
  let sent: (readonly string[])[];

  beforeAll(async () => void (place = await openCluster()));
  beforeEach(() => {
    sent = [];
    store = place.store();
    watched = place.storeWith((command, send) => {
      sent.push(command);
      return send();
    });
  });
  afterEach(() => place.clear());
  afterAll(() => place.close());

  const nameOf = (key: string): string => `${place.prefix}{${key}}`;

  /** A store whose process ends at a command: neither it nor any later one is sent. */
  function dyingAt(isLast: (command: readonly string[]) => boolean): RedisSessionStore {
    let isDead = false;
    return place.storeWith((command, send) => {
      isDead ||= isLast(command);
      return isDead ? Promise.reject(new Error('dead')) : send();
    });
  }

  it('reads a session with one command, however often its id was renewed', async () => {
    let record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    for (const one of [store, place.store(), store]) {
      const renewal = renewalOf(record);
      expect(await one.update([renewal])).toEqual([true]);
      record = renewal.next;
    }
    expect(await readOne(watched, record.key)).toEqual(record);
    expect(sent).toEqual([['GET', nameOf(record.key)]]);
  });

  it('sends one command for a change that keeps the indexes', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    expect(await watched.update([{ ...renewalOf(record), keepsIndexes: true }])).toEqual([true]);
    expect(sent.map(([name]) => name)).toEqual(['EVALSHA']);
  });

  it('adds entries to the indexes before it writes the session', async () => {
    const record = newRecord({ userId: 'ada' });
    const name = nameOf(record.key);
    const part = expect.stringMatching(/:all:\{\d+\}$/);
    /** The keys that scripts were run on, in their order. */
    const keys = (): string[] => [
      ...new Set(sent.flatMap(([command, , , key]) => (command === 'SET' ? [] : [key!]))),
    ];
    expect(await watched.create([record])).toEqual([true]);
    expect(keys()).toEqual([part, `${place.prefix}user:ada`, name]);
    sent = [];
    expect(await watched.update([loginOf(record, 'bob')])).toEqual([true]);
    expect(keys()).toEqual([part, `${place.prefix}user:bob`, name]);
  });

  it('a session that was not written before its process ended is in no list, and may be written again', async () => {
    const record = newRecord({ userId: 'ada' });
    await expect(dyingAt(isOnSession).create([record])).rejects.toThrow('dead');
    const user = `${place.prefix}user:ada`;
    expect(await place.send(user, 'ZCARD', user)).toBe(1); // the entry that leads to nothing
    expect(await readOne(store, record.key)).toBeUndefined();
    expect(await store.findByUser('ada', Date.now())).toEqual([]);
    expect(await store.count('ada', Date.now())).toBe(0);
    expect(await store.delete([record.key])).toEqual([false]);
    await created(store, [record]);
    expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
  });

  it('a login that was not written before its process ended changes nothing, and may be tried again', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const login = loginOf(record, 'bob');
    await expect(dyingAt(isOnSession).update([login])).rejects.toThrow('dead');
    expect(await readOne(store, record.key)).toEqual(record);
    expect(await store.findByUser('bob', Date.now())).toEqual([]);
    expect(await store.deleteByUser('bob', [])).toEqual([]);
    expect(await store.update([login])).toEqual([true]);
    expect(await store.deleteByUser('ada', [])).toEqual([]);
    expect(await store.deleteByUser('bob', [])).toEqual([record.key]);
  });

  it('a late change of a session that has ended leaves no entries', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    await store.delete([record.key]);
    expect(await store.update([changeOf(record)])).toEqual([false]);
    expect(await place.keys()).toEqual([]);
  });

  it('a late change takes no entries from a session that is created under its key at that moment', async () => {
    const [record, fresh] = [newRecord({ userId: 'ada' }), newRecord({ userId: 'ada' })];
    await created(store, [record]);
    await store.delete([record.key]);
    let isCreated = false;
    const late = place.storeWith(async (command, send) => {
      const answer = await send();
      if (isOnSession(command) && !isCreated) {
        isCreated = true;
        await created(store, [{ ...fresh, key: record.key }]);
      }
      return answer;
    });
    expect(await late.update([changeOf(record)])).toEqual([false]);
    expect(await store.count(undefined, Date.now())).toBe(1);
    expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
  });

  it('an index never forgets a session for a shorter life that was written later', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    await store.update([changeOf(record, { expiresAt: record.expiresAt - HOUR / 2 })]);
    const user = `${place.prefix}user:ada`;
    expect(Number(await place.send(user, 'ZSCORE', user, record.key))).toBe(record.expiresAt);
  });

  it('ends sessions although the servers are out of memory', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    await place.sendToAll('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await expect(store.update([changeOf(record)])).rejects.toThrow('OOM');
      expect(await store.delete([record.key])).toEqual([true]);
    } finally {
      await place.sendToAll('CONFIG', 'SET', 'maxmemory', '0');
    }
    expect(await place.keys()).toEqual([]);
  });

  it('one of many that cannot be written fails alone', async () => {
    const [good, bad] = [newRecord({ userId: 'ada' }), newRecord()];
    await place.send(nameOf(bad.key), 'HSET', nameOf(bad.key), 'not', 'ours');
    const [one, two] = await store.create([good, bad]);
    expect([one, (two as Error).message]).toEqual([true, expect.stringContaining('WRONGTYPE')]);
  });
});
