import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import type { SessionStore } from '../../../../lib/core/store/session-store.js';
import { SharedStore } from '../../../../lib/core/store/shared-store.js';
import { SessionStoreError } from '../../../../lib/errors/session-store.error.js';
import { connectionOf } from '../../../../lib/stores/redis/redis-client.js';
import { RedisSessionStore, redisStore } from '../../../../lib/stores/redis/index.js';
import { changeOf, created, newRecord, readOne } from '../../../../lib/testing/contract/records.js';
import { type IoRedis, ioredis } from '../../../support/ioredis.js';
import { connectRedis } from '../../../support/redis.js';
import {
  REDIS_SERVER,
  type RedisServer,
  startRedisSentinel,
  startRedisServer,
} from '../../../support/redis-server.js';

describe('a client of RedisSessionStore', () => {
  it.each([
    ['createClient', createClient(), false],
    ['createClientPool', createClientPool(), false],
    ['createCluster', createCluster({ rootNodes: [{}] }), true],
    ['createSentinel', createSentinel({ name: 'main', sentinelRootNodes: [] }), false],
  ])('%s of node-redis is told apart', (_, client, isCluster) => {
    expect(connectionOf(client)).toMatchObject({ isCluster, isClosed: true });
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['redis://localhost', 'a string'],
    [{}, 'an object'],
    [{ sendCommand: () => undefined, send_command: () => undefined }, 'an object'], // node-redis 3
  ])('%p is refused with what is accepted', (client, name) => {
    const make = (): unknown => new RedisSessionStore({ client: client as never });
    expect(make).toThrow(`option "client": ${name} was given; accepted: a client of node-redis 5 or 6`);
  });

  it('is asked about before the start', async () => {
    const store = new RedisSessionStore({ client: createClient() });
    await expect(store.start()).rejects.toThrow('await client.connect()');
  });

  it.each([
    [{ client: createClient(), prefix: '{a}' }, 'option "prefix": "{a}" was given'],
    [{ client: createClient(), prefix: 5 }, 'option "prefix": 5 was given'],
    [{ client: createClient(), ttl: 5 }, 'option "ttl" is unknown'],
  ])('stands beside options that are checked', (options, message) => {
    expect(() => new RedisSessionStore(options as never)).toThrow(message);
  });
});

(REDIS_SERVER ? describe : describe.skip)('a sentinel client', () => {
  let server: RedisServer;
  let sentinel: Awaited<ReturnType<typeof startRedisSentinel>>;

  beforeAll(async () => {
    server = await startRedisServer();
    sentinel = await startRedisSentinel(server);
  });
  afterAll(async () => {
    await sentinel.close();
    await server.close();
  });

  it('reads and writes sessions', async () => {
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
    });
    client.on('error', () => undefined); // the calls that fail report it
    await client.connect();
    try {
      const store = new RedisSessionStore({ client });
      await store.start();
      const record = newRecord({ userId: 'ada' });
      await created(store, [record]);
      const change = changeOf(record, { data: '{"n":2}' });
      expect(await store.update([change])).toEqual([true]);
      expect(await readOne(store, record.key)).toEqual(change.next);
      expect(await store.deleteByUser('ada', [])).toEqual([record.key]);
    } finally {
      await client.close();
    }
    await expect(new RedisSessionStore({ client }).start()).rejects.toThrow('not connected');
  });
});

/** DESIGN 5.11: silence. */
(REDIS_SERVER ? describe : describe.skip)('an error of a client', () => {
  const OPENERS = [
    [
      'node-redis',
      async (url: string) => {
        const client = await connectRedis(url);
        return { client, close: () => client.destroy() };
      },
    ],
    [
      'ioredis',
      (url: string) => {
        const client: IoRedis = new ioredis!.Redis(url);
        return { client, close: () => client.quit() };
      },
    ],
  ] as const;

  it.each([
    ['a server that knows the commands', []],
    ['a server that does not', ['--rename-command', 'EVALSHA', '']],
  ])('contains nothing of a session: %s', async (_, options) => {
    const server = await startRedisServer(...options);
    try {
      for (const [name, open] of OPENERS) {
        if (name === 'ioredis' && ioredis === undefined) continue;
        const { client, close } = await open(server.url);
        const store = new RedisSessionStore({ client });
        const secret = { data: '{"d":"SECRET-1"}', userId: 'SECRET-2', meta: 'SECRET-3', ip: 'SECRET-4' };
        const record = newRecord({ token: 'SECRET-5', ...secret });
        const other = await connectRedis(server.url);
        await other.hSet(`session:{${record.key}}`, 'not', 'ours');
        const shared = new SharedStore(store, { timeout: 5_000, onError: () => undefined });
        const errors = await Promise.all([
          Promise.resolve(shared.create(record)).catch((error: unknown) => error),
          Promise.resolve(shared.update(changeOf(record))).catch((error: unknown) => error),
          shared.deleteOwned('SECRET-2', record.key).catch((error: unknown) => error),
        ]);
        other.destroy();
        await close();
        expect(errors).toEqual(Array(3).fill(expect.any(SessionStoreError)));
        for (const { cause } of errors as Error[])
          expect(cause).toMatchObject({ message: expect.stringMatching(/^(WRONGTYPE|ERR unknown command)/) });
        expect(inspect(errors, { depth: 20, showHidden: true })).not.toContain('SECRET');
      }
    } finally {
      await server.close();
    }
  });
});

describe('redisStore()', () => {
  it('wants at most one client', () => {
    expect(() => redisStore({ url: 'redis://localhost', inject: 'REDIS' })).toThrow(
      '2 of "client", "inject" and "url"',
    );
  });

  it.each([[undefined], [{}], [{ prefix: 'shop:' }]])(
    'connects to the usual address with %j alone, or says that it could not',
    async (options) => {
      const { inject, useFactory } = redisStore(options);
      expect(inject).toBeUndefined();
      const outcome = await Promise.resolve(useFactory()).catch((error: unknown) => error);
      if (outcome instanceof RedisSessionStore) return (outcome as SessionStore).close?.(); // one listens there
      expect(outcome).toMatchObject({
        code: 'SESSION_OPTIONS_INVALID',
        message: expect.stringContaining('redis://localhost:6379'),
      });
    },
  );

  it.each(['client', 'inject', 'url'])('does not take %s: undefined for the usual address', (name) => {
    expect(() => redisStore({ [name]: undefined })).toThrow(`redisStore() option "${name}" has no value`);
  });

  it('says at the start that its address leads nowhere', async () => {
    const factory = redisStore({ url: 'redis://127.0.0.1:1' });
    await expect(factory.useFactory()).rejects.toMatchObject({
      code: 'SESSION_OPTIONS_INVALID',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('refuses a wrong option before it connects', async () => {
    const factory = redisStore({ url: 'redis://127.0.0.1:1', prefx: 'a' } as never);
    await expect(factory.useFactory()).rejects.toThrow('option "prefx" is unknown');
  });
});
