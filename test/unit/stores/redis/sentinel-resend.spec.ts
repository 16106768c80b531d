import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createSentinel } from 'redis';
import type { SessionRecord } from '../../../../lib/core/record/session-record.js';
import { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import { changeOf, created, newRecord, readOne, touchOf } from '../../../../lib/testing/contract/records.js';
import { startProxy } from '../../../faults/support/proxy.js';
import { connectRedis, openRedisSpace, REDIS_URL, type RedisSpace } from '../../../support/redis.js';
import { REDIS_SERVER, startRedisSentinel, startRedisServer } from '../../../support/redis-server.js';
import { isOnSession } from './places.js';

/** More writes than a session remembers. */
const MANY = 20;

/** Has others write a session so often. */
async function writtenByOthers(store: RedisSessionStore, record: SessionRecord): Promise<SessionRecord> {
  let last = record;
  for (let count = 0; count < MANY; count++) {
    const { next } = changeOf(last, { data: JSON.stringify({ others: count }) });
    expect(await store.update([{ key: record.key, version: last.version, next }])).toEqual([true]);
    last = next;
  }
  return last;
}

(REDIS_URL ? describe : describe.skip)('a client that sends commands again without a word', () => {
  let space: RedisSpace;
  let store: RedisSessionStore;
  let between: () => Promise<unknown>;
  /** Every command on a session runs twice, and the second answer counts. */
  let resending: RedisSessionStore;

  beforeAll(async () => void (space = await openRedisSpace()));
  beforeEach(() => {
    const { client, prefix } = space;
    const sentinel = (step: (args: string[], send: () => Promise<unknown>) => Promise<unknown>) => ({
      isOpen: true,
      getSentinelNode: () => undefined, // by which a client is recognised
      sendCommand: (_: boolean, args: string[], options?: object) =>
        step(args, () => client.sendCommand(args, options)),
    });
    store = new RedisSessionStore({ client: sentinel((_, send) => send()), prefix });
    between = () => Promise.resolve();
    const twice = sentinel(async (args, send) => {
      const first = await send();
      if (!isOnSession(args)) return first;
      await between();
      return send();
    });
    resending = new RedisSessionStore({ client: twice, prefix });
  });
  afterEach(() => space.clear());
  afterAll(() => space.close());

  it('an update counts once, however often others wrote in between', async () => {
    const record = newRecord();
    await created(store, [record]);
    const change = changeOf(record, { data: '{"n":2}' });
    let last = record;
    between = async () => (last = await writtenByOthers(store, change.next));
    expect(await resending.update([change])).toEqual([true]);
    expect(await readOne(store, record.key)).toEqual(last);
  });

  it('an update that was too late is refused, however often others wrote', async () => {
    const record = newRecord();
    await created(store, [record]);
    const last = await writtenByOthers(store, record);
    expect(await resending.update([changeOf(record)])).toEqual([false]);
    expect(await readOne(store, record.key)).toEqual(last);
  });

  it('a session that has ended in between is not created again', async () => {
    const record = newRecord({ userId: 'ada' });
    between = async () => expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
    expect(await resending.create([record])).toEqual([true]);
    expect(await readOne(store, record.key)).toBeUndefined();
    expect(await store.findByUser('ada', 0)).toEqual([]);
  });

  it('an update of a session that has ended in between is refused', async () => {
    const record = newRecord();
    await created(store, [record]);
    between = () => store.delete([record.key]);
    expect(await resending.update([changeOf(record)])).toEqual([false]);
    expect(await readOne(store, record.key)).toBeUndefined();
  });

  it('marks of writes end by themselves, are in no index, and a touch leaves none', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    const change = changeOf(record);
    await store.update([change]);
    await store.update([touchOf(change.next, 1000)]);
    const marks = (await space.keys()).filter((name) => name.startsWith(`{${record.key}}:`));
    expect(marks).toHaveLength(2);
    for (const mark of marks) {
      const left = await space.client.pTTL(space.prefix + mark);
      expect(left).toBeGreaterThan(30_000);
      expect(left).toBeLessThanOrEqual(60_000);
    }
    expect(await store.count(undefined, Date.now())).toBe(1);
    expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
  });
});

(REDIS_SERVER ? describe : describe.skip)(
  'createSentinel(), whose connection breaks before an answer',
  () => {
    const ends: (() => unknown)[] = [];

    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    it('writes once, however often others wrote in between, and says so', async () => {
      const server = await startRedisServer();
      ends.push(() => server.close());
      const proxy = await startProxy(server.url);
      ends.push(() => proxy.close());
      const watched = { ...server, port: Number(new URL(proxy.url).port) };
      const sentinel = await startRedisSentinel(watched);
      ends.push(() => sentinel.close());
      const direct = await connectRedis(server.url);
      ends.push(() => direct.destroy());
      const client = createSentinel({
        name: 'main',
        sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
        nodeClientOptions: { disableOfflineQueue: true },
      });
      client.on('error', () => undefined);
      await client.connect();
      ends.push(() => client.destroy());

      const store = new RedisSessionStore({ client });
      const others = new RedisSessionStore({ client: direct });
      const record = newRecord();
      await created(store, [record]);
      const change = changeOf(record, { data: '{"n":2}' });
      const end = proxy.holdAnswers();
      const writing = store.update([change]);
      const applied = async (): Promise<SessionRecord> => {
        const found = await readOne(others, record.key);
        return found?.version === change.next.version ? found : applied();
      };
      const last = await writtenByOthers(others, await applied());
      end(); // a reset would not do: its error is none of the classes that Jest gives to the client
      expect(await writing).toEqual([true]);
      expect(await readOne(store, record.key)).toEqual(last);
    });
  },
);
