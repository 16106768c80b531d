import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module, Param, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createSentinel } from 'redis';
import { Session, SessionModule, SessionService, type SessionStoreFactory } from '../../../lib/index.js';
import { redisStore } from '../../../lib/stores/redis/index.js';
import type { RedisSessionClient } from '../../../lib/stores/redis/redis-client.js';
import { Client, listen } from '../../support/client.js';
import { ioredis } from '../../support/ioredis.js';
import { connectRedis, openRedisSpace, REDIS_URL, type RedisSpace } from '../../support/redis.js';
import {
  REDIS_SERVER,
  type RedisServer,
  startRedisSentinel,
  startRedisServer,
} from '../../support/redis-server.js';

const SECRET = 'a secret of more than thirty-two bytes';

@Controller()
class AccountController {
  @Post('login/:user') login(@Param('user') user: string, @Session() session: Session) {
    return session.login(user);
  }
  @Post('logout') logout(@Session() session: Session) {
    return session.logout();
  }
  @Get('me') me(@Session('userId') userId: string | undefined) {
    return { userId: userId ?? null };
  }
}

const REDIS = Symbol('the client of the application');

const apps: INestApplication[] = [];

@Module({})
class RedisModule {}

async function open(store: SessionStoreFactory, client?: object) {
  const providers = [{ provide: REDIS, useValue: client ?? null }];
  const moduleRef = await Test.createTestingModule({
    imports: [
      { module: RedisModule, global: true, providers, exports: providers },
      SessionModule.forRoot({ secret: SECRET, store, storeTimeout: '2s' }),
    ],
    controllers: [AccountController],
  }).compile();
  const app = moduleRef.createNestApplication();
  apps.push(app);
  app.useLogger(false);
  const base = await listen(app);
  return { app, base, sessions: app.get(SessionService) };
}

describe('redis store', () => {
  afterEach(async () => void (await Promise.all(apps.splice(0).map((app) => app.close()))));

  (REDIS_URL ? describe : describe.skip)('an application with redisStore()', () => {
    let space: RedisSpace;
    beforeEach(async () => void (space = await openRedisSpace()));
    afterEach(() => space.close());

    it.each([
      ['client', () => redisStore({ client: space.client, prefix: space.prefix })],
      ['inject', () => redisStore({ inject: REDIS, prefix: space.prefix })],
      ['url', () => redisStore({ url: REDIS_URL!, prefix: space.prefix })],
    ])('signs in, lists and ends sessions (%s)', async (_, store) => {
      const { base, sessions } = await open(store(), space.client);
      const [laptop, phone] = [new Client(base), new Client(base)];
      await laptop.post('/login/ada');
      await phone.post('/login/ada');
      expect((await laptop.get('/me')).body).toEqual({ userId: 'ada' });
      expect(await sessions.list('ada')).toHaveLength(2);
      await phone.post('/logout');
      expect((await phone.get('/me')).body).toEqual({ userId: null });
      expect(await sessions.list('ada')).toHaveLength(1);
      await sessions.revokeAll('ada');
      expect((await laptop.get('/me')).body).toEqual({ userId: null });
      expect(await sessions.count()).toBe(0);
    });

    it('is another instance for the same sessions, also after it was closed', async () => {
      const store = (): SessionStoreFactory => redisStore({ url: REDIS_URL!, prefix: space.prefix });
      const first = await open(store());
      const visitor = new Client(first.base);
      await visitor.post('/login/ada');
      await first.app.close();
      const second = await open(store());
      const again = new Client(second.base);
      for (const [name, value] of visitor.cookies) again.cookies.set(name, value);
      expect((await again.get('/me')).body).toEqual({ userId: 'ada' });
    });
  });

  /** Signs in, changes, reads and ends a session. */
  async function visits(client: RedisSessionClient): Promise<void> {
    const { base, sessions } = await open(redisStore({ client }));
    const visitor = new Client(base);
    expect((await visitor.post('/login/ada')).status).toBe(201);
    expect((await visitor.get('/me')).body).toEqual({ userId: 'ada' });
    expect(await sessions.count({ userId: 'ada' })).toBe(1);
    expect((await visitor.post('/login/eve')).status).toBe(201);
    expect(await sessions.revokeAll('eve')).toBe(1);
    expect((await visitor.get('/me')).body).toEqual({ userId: null });
  }

  (REDIS_SERVER ? describe : describe.skip)('an application with an unusual client', () => {
    let server: RedisServer;
    beforeEach(async () => void (server = await startRedisServer()));
    afterEach(() => server.close());

    it('of node-redis: createSentinel()', async () => {
      const sentinel = await startRedisSentinel(server);
      const client = createSentinel({
        name: 'main',
        sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
      });
      client.on('error', () => undefined); // the calls that fail report it
      await client.connect();
      await visits(client);
      await client.close();
      await sentinel.close();
    });

    (ioredis ? it : it.skip)('of ioredis: stringNumbers', async () => {
      const client = new ioredis!.Redis(server.url, { stringNumbers: true });
      await visits(client);
      await client.quit();
    });
  });

  (REDIS_SERVER ? describe : describe.skip)('an application whose Redis goes away', () => {
    let server: RedisServer;
    beforeEach(async () => void (server = await startRedisServer()));
    afterEach(() => server.close());

    it('answers 503, and works again with the same sessions when Redis is back', async () => {
      const { base } = await open(redisStore({ url: server.url }));
      const visitor = new Client(base);
      await visitor.post('/login/ada');
      await server.kill();
      expect((await visitor.get('/me')).status).toBe(503);
      await server.start();
      let answer = await visitor.get('/me');
      for (const end = Date.now() + 30_000; answer.status === 503 && Date.now() < end;)
        answer = await visitor.get('/me');
      expect([answer.status, answer.body]).toEqual([200, { userId: 'ada' }]);
    });

    it('closes the connection that it made, and none that it was given', async () => {
      const given = await connectRedis(server.url);
      const [own, other] = [
        await open(redisStore({ url: server.url })),
        await open(redisStore({ client: given })),
      ];
      expect(await given.sendCommand(['CLIENT', 'LIST'])).toMatch(/^(id=.*\n){2}$/);
      await own.app.close();
      await other.app.close();
      expect(given.isOpen).toBe(true);
      expect(await given.sendCommand(['CLIENT', 'LIST'])).toMatch(/^(id=.*\n){1}$/);
      given.destroy();
    });
  });
});
