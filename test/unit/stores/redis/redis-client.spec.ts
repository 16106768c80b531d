import { describe, expect, it } from '@jest/globals';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { connectionOf } from '../../../../lib/stores/redis/redis-client.js';
import { RedisSessionStore, redisStore } from '../../../../lib/stores/redis/index.js';

describe('a client of RedisSessionStore', () => {
  it.each([
    ['createClient', createClient(), false],
    ['createClientPool', createClientPool(), false],
    ['createCluster', createCluster({ rootNodes: [{}] }), true],
  ])('%s of node-redis is told apart', (_, client, isCluster) => {
    expect(connectionOf(client)).toMatchObject({ isCluster, isClosed: true });
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['redis://localhost', 'a string'],
    [{}, 'an object'],
    [{ sendCommand: () => undefined, send_command: () => undefined }, 'an object'], // node-redis 3
    [createSentinel({ name: 'master', sentinelRootNodes: [] }), 'a Class'],
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
    [{ client: createClient(), ttl: 5 }, 'option "ttl" is not known'],
  ])('stands beside options that are checked', (options, message) => {
    expect(() => new RedisSessionStore(options as never)).toThrow(message);
  });
});

describe('redisStore()', () => {
  it.each([
    [{}, '0 of "client", "inject" and "url"'],
    [{ url: 'redis://localhost', inject: 'REDIS' }, '2 of "client", "inject" and "url"'],
  ])('wants exactly one client', (options, message) => {
    expect(() => redisStore(options)).toThrow(message);
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
    await expect(factory.useFactory()).rejects.toThrow('option "prefx" is not known');
  });
});
