import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { SharedStore } from '../../../../lib/core/store/shared-store.js';
import { SessionOptionsError } from '../../../../lib/errors/session-options.error.js';
import { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import { changeOf, newRecord, newRecords } from '../../../../lib/testing/contract/records.js';
import { type IoRedis, ioredis } from '../../../support/ioredis.js';
import { REDIS_URL } from '../../../support/redis.js';
import { REDIS_SERVER, startRedisCluster } from '../../../support/redis-server.js';

/** Settings that an application may have for its own commands. */
const SETTINGS: Record<string, object> = {
  enableAutoPipelining: { enableAutoPipelining: true },
  showFriendlyErrorStack: { showFriendlyErrorStack: true },
  'both, with stringNumbers and a keyPrefix': {
    enableAutoPipelining: true,
    showFriendlyErrorStack: true,
    stringNumbers: true,
    keyPrefix: 'app:',
  },
};

/** Whether sessions of many requests are written, read and ended at once, and a failure holds nothing of them. */
async function serves(client: IoRedis): Promise<void> {
  const prefix = `${randomBytes(4).toString('hex')}:`;
  const store = new RedisSessionStore({ client, prefix });
  await store.start();
  const records = newRecords(20).map((record) => ({ ...record, userId: 'SECRET-user' }));
  const all = records.map(() => true);
  expect(await store.create(records)).toEqual(all);
  const changes = records.map((record) => changeOf(record, { data: '{"text":"SECRET"}' }));
  expect(await Promise.all(changes.map(async (change) => (await store.update([change]))[0]))).toEqual(all);
  expect(await store.read(records.map(({ key }) => key))).toEqual(changes.map(({ next }) => next));
  expect(await store.findByUser('SECRET-user', Date.now())).toHaveLength(20);
  expect((await store.deleteByUser('SECRET-user', [])).sort()).toEqual(records.map(({ key }) => key).sort());

  const taken = newRecord({ data: '{"text":"SECRET"}', userId: 'SECRET-user' });
  const name = `${prefix}{${taken.key}}`;
  await client.call('HSET', name, 'not', 'ours');
  const shared = new SharedStore(store, { timeout: 5_000, onError: () => undefined });
  const error = await Promise.resolve(shared.create(taken)).catch((reason: unknown) => reason);
  expect((error as Error).cause).toMatchObject({ message: 'WRONGTYPE: a key has another type' });
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET');
  await client.call('DEL', name);
}

(ioredis && REDIS_URL ? describe : describe.skip)('ioredis on one server', () => {
  it.each(Object.entries(SETTINGS))('with %s', async (_, settings) => {
    const client = new ioredis!.Redis(REDIS_URL!, settings);
    try {
      await serves(client);
    } finally {
      await client.quit();
    }
  });
});

(ioredis && REDIS_SERVER ? describe : describe.skip)('ioredis on a Cluster', () => {
  let servers: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => void (servers = await startRedisCluster()));
  afterAll(() => servers.close());

  it.each(Object.entries(SETTINGS))('with %s', async (_, settings) => {
    const client = new ioredis!.Cluster(servers.urls, settings);
    try {
      await serves(client);
    } finally {
      await client.quit();
    }
  });
});

(ioredis ? describe : describe.skip)('a client of ioredis that reads from replicas', () => {
  const storeOn = (client: IoRedis) => (): unknown => new RedisSessionStore({ client });

  it.each([
    ['slave', '"slave"'],
    ['all', '"all"'],
    [() => undefined, 'the function '],
  ])('is refused: scaleReads %p', (scaleReads, shown) => {
    const client = new ioredis!.Cluster(['redis://127.0.0.1:1'], { lazyConnect: true, scaleReads });
    expect(storeOn(client)).toThrow(SessionOptionsError);
    expect(storeOn(client)).toThrow(`has scaleReads: ${shown}`);
    expect(storeOn(client)).toThrow('leave scaleReads out, or set "master"');
  });

  it('is refused: role "slave" of a Sentinel', () => {
    const options = { lazyConnect: true, sentinels: [{ host: '127.0.0.1', port: 1 }], name: 'main' };
    expect(storeOn(new ioredis!.Redis({ ...options, role: 'slave' }))).toThrow('has role: "slave"');
    expect(storeOn(new ioredis!.Redis({ ...options, role: 'master' }))).not.toThrow();
    expect(storeOn(new ioredis!.Redis({ ...options }))).not.toThrow();
  });

  it('is no Cluster that reads from masters', () => {
    for (const settings of [{}, { scaleReads: 'master' }])
      expect(
        storeOn(new ioredis!.Cluster(['redis://127.0.0.1:1'], { lazyConnect: true, ...settings })),
      ).not.toThrow();
  });
});
