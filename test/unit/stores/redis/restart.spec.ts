import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import { changeOf, created, newRecord, newRecords } from '../../../../lib/testing/contract/records.js';
import { connectRedis } from '../../../support/redis.js';
import { REDIS_SERVER, type RedisServer, startRedisServer } from '../../../support/redis-server.js';

(REDIS_SERVER ? describe : describe.skip)('RedisSessionStore and a server that forgets', () => {
  let server: RedisServer;
  let client: Awaited<ReturnType<typeof connectRedis>>;
  let store: RedisSessionStore;

  beforeEach(async () => {
    server = await startRedisServer();
    client = await connectRedis(server.url);
    store = new RedisSessionStore({ client });
  });
  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  it('loads its scripts again after SCRIPT FLUSH, in the middle of many writes', async () => {
    const records = newRecords(50, { userId: 'ada' });
    const flushed = [client.scriptFlush(), store.create(records), client.scriptFlush()] as const;
    expect(await flushed[1]).toEqual(Array(50).fill(true));
    await Promise.all(flushed);
    expect(await store.update(records.map((record) => changeOf(record)))).toEqual(Array(50).fill(true));
    await client.scriptFlush();
    expect(await store.delete(records.map(({ key }) => key))).toEqual(Array(50).fill(true));
  });

  it('ends sessions although it is out of memory', async () => {
    const [record, other] = newRecords(2, { userId: 'ada' });
    await created(store, [record!, other!]);
    await client.configSet('maxmemory', '1');
    await expect(store.update([changeOf(record!)])).rejects.toThrow('OOM');
    expect(await store.delete([record!.key])).toEqual([true]);
    expect(await store.deleteByUser('ada', [])).toEqual([other!.key]);
    await expect(store.create([record!])).rejects.toThrow('OOM');
    expect(await client.dbSize()).toBe(0);
  });

  it('goes on after the server was killed and started again', async () => {
    const record = newRecord({ userId: 'ada' });
    await created(store, [record]);
    await server.kill();
    await expect(store.read([record.key])).rejects.toThrow();
    await expect(store.update([changeOf(record)])).rejects.toThrow();
    const back = new Promise((resolve) => client.once('ready', resolve));
    await server.start();
    await back;
    const change = changeOf(record, { data: '{"n":2}' });
    expect(await store.update([change])).toEqual([true]);
    expect(await store.read([record.key])).toEqual([change.next]);
    expect((await store.findByUser('ada', Date.now())).map(({ key }) => key)).toEqual([record.key]);
  });
});
