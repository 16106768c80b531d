import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { sessionStoreContract } from 'nest-session/testing';
import { createCluster } from 'redis';
import { RedisSessionStore } from '../../lib/stores/redis/index.js';
import { type IoRedis, ioredis } from '../support/ioredis.js';
import { openRedisSpace, REDIS_URL, type RedisSpace } from '../support/redis.js';
import { REDIS_SERVER, startRedisCluster } from '../support/redis-server.js';
import { TRIES_ALL } from '../support/scope.js';
import { TRIED_ELSEWHERE } from './support/tried-elsewhere.js';

const CONTRACT = { capabilities: ['users', 'references'] } as const;

/** Usually each client is tried on one server or on a Cluster, one of them without the races; with TEST_SCOPE=all both on both. */
function on(place: string, isThere: boolean, tests: () => void): void {
  (isThere ? describe : describe.skip)(place, tests);
}

on('on one server, through node-redis', REDIS_URL !== undefined, () => {
  let space: RedisSpace;

  beforeAll(async () => void (space = await openRedisSpace()));
  afterAll(() => space.close());

  sessionStoreContract(
    'RedisSessionStore',
    async () => {
      await space.clear();
      return { store: new RedisSessionStore({ client: space.client, prefix: space.prefix }) };
    },
    CONTRACT,
  );
});

if (TRIES_ALL)
  on('on a Cluster of three, through node-redis', REDIS_SERVER !== undefined, () => {
    let servers: Awaited<ReturnType<typeof startRedisCluster>>;
    let client: ReturnType<typeof createCluster>;

    beforeAll(async () => {
      servers = await startRedisCluster();
      client = createCluster({ rootNodes: servers.urls.map((url) => ({ url })) });
      client.on('error', () => undefined); // the calls that fail tell of it
      await client.connect();
    });
    afterAll(async () => {
      await client.close();
      await servers.close();
    });

    sessionStoreContract(
      'RedisSessionStore',
      () => ({
        store: new RedisSessionStore({ client, prefix: `${randomBytes(4).toString('hex')}:` }),
      }),
      CONTRACT,
    );
  });

if (TRIES_ALL)
  on('on one server, through ioredis', (ioredis && REDIS_URL) !== undefined, () => {
    let space: RedisSpace;
    let client: IoRedis;

    beforeAll(async () => {
      space = await openRedisSpace();
      client = new ioredis!.Redis(REDIS_URL!, { keyPrefix: space.prefix, stringNumbers: true });
    });
    afterAll(async () => {
      await client.quit();
      await space.close();
    });

    sessionStoreContract(
      'RedisSessionStore',
      async () => {
        await space.clear();
        return { store: new RedisSessionStore({ client, prefix: '' }) };
      },
      CONTRACT,
    );
  });

on('on a Cluster of three, through ioredis', (ioredis && REDIS_SERVER) !== undefined, () => {
  let servers: Awaited<ReturnType<typeof startRedisCluster>>;
  let client: IoRedis;

  beforeAll(async () => {
    servers = await startRedisCluster();
    client = new ioredis!.Cluster(servers.urls);
  });
  afterAll(async () => {
    await client.quit();
    await servers.close();
  });

  sessionStoreContract(
    'RedisSessionStore',
    () => ({
      store: new RedisSessionStore({ client, prefix: `${randomBytes(4).toString('hex')}:` }),
    }),
    { ...CONTRACT, ...TRIED_ELSEWHERE },
  );
});
