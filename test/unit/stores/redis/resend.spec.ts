import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionRecord } from '../../../../lib/core/record/session-record.js';
import { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import {
  changeOf,
  created,
  loginOf,
  newRecord,
  readOne,
  renewalOf,
  touchOf,
} from '../../../../lib/testing/contract/records.js';
import { type IoRedis, ioredis } from '../../../support/ioredis.js';
import { openRedisSpace, REDIS_URL, type RedisSpace } from '../../../support/redis.js';
import { type Proxy, startProxy } from '../../../faults/support/proxy.js';
import { isOnSession, type Place, PLACES } from './places.js';

describe.each(PLACES)('a command that the client sends again, on $place', ({ isThere, isCluster, open }) => {
  (isThere ? describe : describe.skip)('as its answer was lost', () => {
    let place: Place;
    let store: RedisSessionStore;
    let between: () => Promise<unknown>;
    /** Every command on a session runs twice, and the second answer counts. */
    let resending: RedisSessionStore;

    beforeAll(async () => void (place = await open()));
    beforeEach(() => {
      store = place.store();
      between = () => Promise.resolve();
      resending = place.storeWith(async (command, send) => {
        const first = await send();
        if (!isOnSession(command)) return first;
        await between();
        return send();
      });
    });
    afterEach(() => place.clear());
    afterAll(() => place.close());

    /** Has others write a session so often. */
    async function writtenByOthers(record: SessionRecord, times: number): Promise<SessionRecord> {
      let last = record;
      for (let count = 0; count < times; count++) {
        const change = changeOf(last, { data: JSON.stringify({ others: count }) });
        expect(await store.update([change])).toEqual([true]);
        last = change.next;
      }
      return last;
    }

    it.each([
      ['a change', (record: SessionRecord) => changeOf(record, { data: '{"n":2}' })],
      ['a renewal', renewalOf],
      ['a login', (record: SessionRecord) => loginOf(record, 'ada')],
      ['a touch', (record: SessionRecord) => touchOf(record, 1000)],
    ])('is one write: %s', async (_, changeFor) => {
      const record = newRecord();
      await created(store, [record]);
      const change = changeFor(record);
      expect(await resending.update([change])).toEqual([true]);
      expect(await readOne(store, record.key)).toEqual(change.next);
    });

    it.each([1, 7])('an update counts once, although others wrote %d times in between', async (times) => {
      const record = newRecord();
      await created(store, [record]);
      const change = changeOf(record, { data: '{"n":2}' });
      let last = record;
      between = async () => (last = await writtenByOthers(change.next, times));
      expect(await resending.update([change])).toEqual([true]);
      expect(await readOne(store, record.key)).toEqual(last);
    });

    it('an update of a session that has ended in between is refused', async () => {
      const record = newRecord({ userId: 'ada' });
      await created(store, [record]);
      between = () => store.deleteByUser('ada', []);
      expect(await resending.update([changeOf(record)])).toEqual([false]);
      expect(await readOne(store, record.key)).toBeUndefined();
    });

    it('a touch is refused if somebody else wrote in between: its token may be another', async () => {
      const record = newRecord();
      await created(store, [record]);
      const renewal = { ...renewalOf(record), version: record.version };
      between = async () => expect(await store.update([renewal])).toEqual([true]);
      expect(await resending.update([touchOf(record, 1000)])).toEqual([false]);
      expect(await readOne(store, record.key)).toEqual(renewal.next);
    });

    it.each([0, 1, 7])(
      'a session is created once, although others wrote %d times in between',
      async (times) => {
        const record = newRecord({ userId: 'ada' });
        let last = record;
        between = async () => (last = await writtenByOthers(record, times));
        expect(await resending.create([record])).toEqual([true]);
        expect(await readOne(store, record.key)).toEqual(last);
        expect(await store.create([newRecord({ key: record.key })])).toEqual([false]);
      },
    );

    it('a session that has ended in between is not there, or is in its indexes', async () => {
      const record = newRecord({ userId: 'ada' });
      between = async () => expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
      expect(await resending.create([record])).toEqual([!isCluster]);
      expect(await readOne(store, record.key)).toEqual(isCluster ? undefined : record);
      expect(await store.deleteByUser('ada', [])).toEqual(isCluster ? [] : [record.key]);
      expect(await place.keys()).toEqual([]);
    });

    it('a session is removed', async () => {
      const record = newRecord({ userId: 'ada' });
      await created(store, [record]);
      expect(await resending.deleteOwned('ada', [record.key])).toEqual([isCluster]);
      expect(await place.keys()).toEqual([]);
    });

    it('only the last versions are remembered', async () => {
      const record = newRecord();
      await created(store, [record]);
      const change = changeOf(record);
      expect(await store.update([change])).toEqual([true]);
      await writtenByOthers(change.next, 8);
      expect(await store.update([change])).toEqual([false]);
      const name = `${place.prefix}{${record.key}}`;
      const [versions] = String(await place.send(name, 'GET', name)).split('\n');
      expect(versions!.split(' ')).toHaveLength(8);
    });
  });
});

(ioredis && REDIS_URL ? describe : describe.skip)('ioredis, whose connection breaks before an answer', () => {
  let space: RedisSpace;
  let proxy: Proxy;
  let client: IoRedis;
  let store: RedisSessionStore;

  beforeAll(async () => {
    space = await openRedisSpace();
    proxy = await startProxy(REDIS_URL!);
  });
  beforeEach(async () => {
    client = new ioredis!.Redis(proxy.url);
    store = new RedisSessionStore({ client, prefix: space.prefix });
    await store.read(['']); // connected
  });
  afterEach(async () => void (await client.quit()));
  afterAll(async () => {
    await proxy.close();
    await space.close();
  });

  it('writes once, and says so', async () => {
    const record = newRecord({ userId: 'ada' });
    proxy.cutAnswers();
    expect(await store.create([record])).toEqual([true]);
    const change = changeOf(record, { data: '{"n":2}' });
    await store.read(['']);
    proxy.cutAnswers();
    expect(await store.update([change])).toEqual([true]);
    expect(await readOne(store, record.key)).toEqual(change.next);
  });

  it('fails where others have written so often since that nobody knows whether it was written', async () => {
    const slow = new ioredis!.Redis(proxy.url, { retryStrategy: () => 1_000 });
    const late = new RedisSessionStore({ client: slow, prefix: space.prefix });
    const others = new RedisSessionStore({ client: space.client, prefix: space.prefix });
    const record = newRecord();
    await created(others, [record]);
    await late.read(['']);
    const change = changeOf(record);
    const lost = new Promise<void>((resolve) => void slow.once('close', () => resolve()));
    proxy.cutAnswers();
    const writing = late.update([change]);
    await lost;
    let last = change.next;
    for (let count = 0; count < 8; count++) {
      const next = changeOf(last);
      expect(await others.update([next])).toEqual([true]);
      last = next.next;
    }
    await expect(writing).rejects.toThrow('not known');
    expect(await readOne(others, record.key)).toEqual(last);
    await slow.quit();
    await store.read(['']); // connected again
  });
});
