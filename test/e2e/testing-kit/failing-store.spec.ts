import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SESSION_STORE, SessionModule, type SessionModuleOptions, SessionService } from 'nest-session';
import { type FailingStore, failingStore, openSession, readSession, signIn } from 'nest-session/testing';
import supertest from 'supertest';
import { type Backend, BACKENDS, deferred, KINDS, SECRET } from '../../support/site.js';
import { openShop, type Shop } from './support/shop.js';

describe.each(KINDS)('a store that fails on demand, around %s', (kind) => {
  let backend: Backend;
  let store: FailingStore;
  let shop: Shop;
  let cookie: string;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterEach(() => shop.close());
  afterAll(() => backend.close());

  async function open(options: Partial<SessionModuleOptions> = {}): Promise<void> {
    store = failingStore(backend.store);
    shop = await openShop({ ...backend, store }, options);
    cookie = await signIn(shop.app, { userId: '42' });
  }

  const get = () => shop.http().get('/me').set('Cookie', cookie);

  it('fails until it recovers', async () => {
    await open();
    await get().expect(200);
    store.fail();
    const { headers } = await get().expect(503);
    expect(headers).toHaveProperty('retry-after', '1');
    await shop.http().get('/plain').expect(200);
    store.recover();
    await get().expect(200);
  });

  it('fails with what it is told to', async () => {
    await open();
    const error = Object.assign(new Error('not for the log'), { code: '53300' });
    store.fail({ error });
    await expect(readSession(shop.app, cookie)).rejects.toMatchObject({
      cause: { code: '53300', message: '53300: the server has too many connections' },
    });
    store.fail();
    await expect(readSession(shop.app, cookie)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('call recover() to end this') },
    });
    const told = shop.events.filter(({ type }) => type === 'storeError') as { error: Error }[];
    expect(told.map(({ error: { cause } }) => (cause as { code?: string }).code)).toEqual([
      '53300',
      undefined,
    ]);
  });

  it('hangs until the time-out', async () => {
    await open({ storeTimeout: 300 });
    store.hang();
    await get().expect(503);
    store.recover();
    await get().expect(200);
  });

  it('lets what hangs go on when it recovers', async () => {
    await open();
    const asked = deferred();
    store.hang();
    const answer = get().then((response) => response.status);
    const poll = setInterval(() => shop.spy.count('read') > 0 && asked.resolve(), 1);
    await asked.promise;
    clearInterval(poll);
    store.recover();
    expect(await answer).toBe(200);
  });

  it('fails what hangs when it fails', async () => {
    await open();
    store.hang();
    const counting = shop.app.get(SessionService).count();
    const expected = expect(counting).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    store.fail();
    await expected;
  });

  it('takes its time', async () => {
    await open({ storeTimeout: 300 });
    store.delay(10);
    await get().expect(200);
    store.delay('1m', { only: ['read'] });
    await get().expect(503);
    store.recover(); // no timer is left that Jest would wait for
    await get().expect(200);
  });

  it('disturbs the methods that are named, and no others', async () => {
    await open();
    const [count, add] = [
      () => shop.http().post('/count').set('Cookie', cookie),
      () => openSession(shop.app, { userName: 'Kim' }),
    ];
    store.fail({ only: ['update', 'findByUser'] });
    await get().expect(200);
    await count().expect(503);
    await add();
    await expect(shop.app.get(SessionService).list('42')).rejects.toThrow('findByUser');
    expect(await shop.app.get(SessionService).count()).toBeGreaterThan(0);
    store.fail({ only: ['create'] });
    expect((await count().expect(201)).body).toEqual({ count: 1 });
    await expect(add()).rejects.toThrow('create');
  });

  it('can what the other store can', async () => {
    await open({ maxSessionsPerUser: 5 });
    const sessions = shop.app.get(SessionService);
    expect(await sessions.list('42')).not.toEqual([]);
    expect(await sessions.revokeAll('42')).toBeGreaterThan(0);
    await get().expect(401);
    expect(await sessions.prune()).toBe(0);
  });

  it('lets the application start and stop while it fails', async () => {
    await open();
    await shop.close();
    store.fail();
    shop = await openShop({ ...backend, store });
    await shop.http().get('/plain').expect(200);
  });

  it('has the application not start where that is asked for', async () => {
    await open();
    await shop.close();
    store.fail({ only: ['start'] });
    shop = await openShop({ ...backend, store }, {}, { init: false });
    await expect(shop.app.init()).rejects.toThrow('fail() was called');
  });
});

/** How an application's own store is made, which is not there in the test. */
const noDatabase = (): Promise<never> => Promise.reject(new Error('no database'));

describe('a store that fails on demand', () => {
  let app: INestApplication;
  afterEach(() => app.close());

  it('takes the place of the application’s own', async () => {
    const store = failingStore();
    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET, store: { useFactory: noDatabase } })],
    })
      .overrideProvider(SESSION_STORE)
      .useValue(store)
      .compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    const cookie = await signIn(app, { userId: '42' });
    expect(store.size).toBe(1);
    store.fail();
    await supertest(app.getHttpServer() as never)
      .get('/')
      .set('Cookie', cookie)
      .expect(503);
  });
});
