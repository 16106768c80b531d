import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Request } from 'express';
import {
  SessionDataError,
  SessionModule,
  type SessionModuleOptions,
  SessionService,
  SessionStoreError,
  SessionUsageError,
} from 'nest-session';
import {
  failingStore,
  fakeClock,
  openSession,
  readSession,
  signIn,
  type TestSessionData,
} from 'nest-session/testing';
import { type Backend, BACKENDS, KINDS, SECRET } from '../../support/site.js';
import { openShop, type Shop } from './support/shop.js';

/** Data that no application here has declared. */
const undeclared = (data: object): TestSessionData => data;

describe.each(KINDS)('a session made for a test, in %s', (kind) => {
  let backend: Backend;
  let shop: Shop;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterEach(() => shop.close());
  afterAll(() => backend.close());

  async function open(options: Partial<SessionModuleOptions> = {}): Promise<void> {
    shop = await openShop(backend, options);
  }

  it('is that of a user who has just signed in, with data', async () => {
    await open();
    const cookie = await signIn(shop.app, { userId: '42', cart: [{ sku: 'ink', quantity: 1 }] });
    await shop.http().get('/me').set('Cookie', cookie).expect(200, { userId: '42' });
    await shop.http().post('/password').set('Cookie', cookie).expect(201, 'changed');
    const { body } = await shop.http().get('/data').set('Cookie', cookie);
    expect(body).toEqual({ userId: '42', cart: [{ sku: 'ink', quantity: 1 }] });
    expect((await readSession(shop.app, cookie))?.authenticatedAt).toEqual(expect.any(Date));
  });

  it('is that of a visitor, without a login', async () => {
    await open();
    const cookie = await openSession(shop.app, { userName: 'Kim' });
    await shop.http().get('/data').set('Cookie', cookie).expect(200, { userName: 'Kim' });
    await shop.http().get('/me').set('Cookie', cookie).expect(401);
    const named = await openSession(shop.app, { userId: '42' });
    await shop.http().get('/me').set('Cookie', named).expect(200);
    await shop.http().post('/password').set('Cookie', named).expect(401);
  });

  it('has the cookie that the application itself would send', async () => {
    await open({ rolling: true });
    const cookie = await signIn(shop.app, { userId: '42' });
    expect(cookie).toMatch(/^sid=s%3A[\w-]{22}~[\w-]{43}\.[^; =]+$/);
    const { headers } = await shop.http().get('/data').set('Cookie', cookie);
    expect(headers['set-cookie']).toEqual([expect.stringContaining(`${cookie}; `)]);
  });

  it('is written once, by the engine, which tells of it', async () => {
    await open();
    await signIn(shop.app, { userId: '42', userName: 'Kim' });
    expect([shop.spy.count('create'), shop.spy.count()]).toEqual([1, 1]);
    expect(shop.events).toEqual([expect.objectContaining({ type: 'created', userId: '42' })]);
  });

  it('counts against maxSessionsPerUser', async () => {
    await open({ maxSessionsPerUser: 2 });
    const cookies = [];
    for (let i = 0; i < 3; i++) {
      cookies.push(await signIn(shop.app, { userId: `capped in ${kind}` }));
      fakeClock(shop.app).advance('1s');
    }
    const found = await Promise.all(cookies.map((cookie) => readSession(shop.app, cookie)));
    expect(found.map((session) => session !== undefined)).toEqual([false, true, true]);
  });

  it('is of the device that is given', async () => {
    await open();
    const headers = { 'user-agent': 'Kit/1.0' };
    await signIn(shop.app, { userId: `device in ${kind}` }, { headers, ip: '192.0.2.7' });
    await signIn(shop.app, { userId: `unknown in ${kind}` });
    const sessions = shop.app.get(SessionService);
    expect(await sessions.list(`device in ${kind}`)).toMatchObject([
      { ip: '192.0.2.7', userAgent: 'Kit/1.0' },
    ]);
    expect(await sessions.list(`unknown in ${kind}`)).toMatchObject([{ ip: '127.0.0.1' }]);
  });

  it('takes what data cannot say from prepare', async () => {
    await open();
    const cookie = await openSession(
      shop.app,
      {},
      { prepare: (session) => session.flash('notice', 'Welcome') },
    );
    await shop.http().get('/notice').set('Cookie', cookie).expect(200, ['Welcome']);
    shop.spy.reset();
    const remembered = await signIn(
      shop.app,
      { userId: '42' },
      {
        prepare: async (session) => {
          await new Promise(setImmediate);
          session.cookie.maxAge = 60_000;
        },
      },
    );
    expect([shop.spy.count('create'), shop.spy.count()]).toEqual([1, 1]);
    const { expiresAt, lastSeenAt } = (await readSession(shop.app, remembered))!;
    expect(expiresAt.getTime() - lastSeenAt.getTime()).toBe(60_000);
  });

  it('goes on with the session of a visitor', async () => {
    await open();
    const visitor = await openSession(shop.app, { cart: [] });
    const more = await openSession(shop.app, { userName: 'Kim' }, { headers: { cookie: `a=1; ${visitor}` } });
    expect(more).toBe(`a=1; ${visitor}`);
    const cookie = await signIn(shop.app, { userId: '42' }, { headers: { cookie: more } });
    expect(cookie).toMatch(/^a=1; sid=/);
    await shop
      .http()
      .get('/data')
      .set('Cookie', cookie)
      .expect(200, { cart: [], userName: 'Kim', userId: '42' });
    await shop.http().get('/data').set('Cookie', visitor).expect(200, {});
  });
});

describe('a session made for a test', () => {
  let backend: Backend;
  let shop: Shop | undefined;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(async () => {
    await shop?.close();
    shop = undefined;
  });
  afterAll(() => backend.close());

  it('can be made before the application is initialized, and of a TestingModule alone', async () => {
    shop = await openShop(backend, {}, { init: false });
    const cookie = await signIn(shop.app, { userId: '42' });
    await shop.app.init();
    await shop.http().get('/me').set('Cookie', cookie).expect(200);

    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET, store: backend.store })],
    }).compile();
    await shop
      .http()
      .get('/me')
      .set('Cookie', await signIn(module, { userId: '7' }))
      .expect(200, { userId: '7' });
  });

  it.each<[string, Partial<SessionModuleOptions>, RegExp]>([
    ['load: "lazy"', { load: 'lazy' }, /^sid=/],
    ['a secure cookie under a __Host- name', { cookie: { secure: true } }, /^__Host-sid=/],
    ['a name and an id of its own', { name: 'own', genid: () => `x+/${Math.random()}` }, /^own=s%3Ax%2B%2F/],
    ['saveUninitialized', { saveUninitialized: true }, /^sid=/],
    ['onStoreError: "anonymous"', { onStoreError: 'anonymous' }, /^sid=/],
    ['middleware that is bound to routes', { exclude: ['elsewhere'] }, /^sid=/],
  ])('works with %s', async (_, options, name) => {
    shop = await openShop(backend, options);
    const cookie = await signIn(shop.app, { userId: '42' });
    expect(cookie).toMatch(name);
    await shop.http().get('/me').set('Cookie', cookie).expect(200, { userId: '42' });
  });

  it('works where cookie and genid are functions of the request, an Express one', async () => {
    const seen: unknown[] = [];
    shop = await openShop(backend, {
      name: '__Secure-sid',
      cookie: (req) => {
        const { hostname, protocol, secure, ip, method, path } = req as Request;
        seen.push([hostname, protocol, secure, ip, method, path, (req as Request).get('X-Tenant')]);
        return { secure, maxAge: '1h' };
      },
      genid: (req) => `${(req as Request).get('X-Tenant')}-${Math.random()}`,
    });
    const headers = { host: 'shop.example:443', 'x-tenant': 'acme' };
    const cookie = await signIn(shop.app, { userId: '42' }, { headers, ip: '192.0.2.7' });
    expect(cookie).toMatch(/^__Secure-sid=s%3Aacme-0/);
    expect(seen[0]).toEqual(['shop.example', 'https', true, '192.0.2.7', 'GET', '/', 'acme']);
    const { lastSeenAt, expiresAt } = (await readSession(shop.app, cookie))!;
    expect(expiresAt.getTime() - lastSeenAt.getTime()).toBe(3_600_000);
    seen.length = 0;
    await signIn(shop.app, { userId: '42' });
    expect(seen[0]).toEqual(['localhost', 'https', true, '127.0.0.1', 'GET', '/', undefined]);
  });

  it('may hold nothing where such sessions are stored; elsewhere that is an error that says so', async () => {
    shop = await openShop(backend, { saveUninitialized: true });
    expect(await readSession(shop.app, await openSession(shop.app, {}))).toMatchObject({ data: {} });
    await shop.close();
    shop = await openShop(backend);
    const nothing = openSession(shop.app, {});
    await expect(nothing).rejects.toThrow(SessionUsageError);
    await expect(nothing).rejects.toThrow(/is empty, .*pass at least one data key/);
    const ended = openSession(shop.app, {}, { headers: { cookie: 'sid=s%3Ax.y' } });
    await expect(ended).rejects.toThrow(/is empty/);
  });

  it.each(['flash', 'cookie', 'id'])('refuses data under the name of a member, such as %s', async (key) => {
    shop = await openShop(backend);
    await expect(openSession(shop.app, undeclared({ [key]: 1 }))).rejects.toThrow(
      `"${key}" is a member of every session, so it cannot be a key of its data; use the option "prepare"`,
    );
    expect(shop.spy.count()).toBe(0);
  });

  it('refuses what login() and the store refuse', async () => {
    shop = await openShop(backend);
    await expect(signIn(shop.app, { userId: '' })).rejects.toThrow(SessionDataError);
    await expect(signIn(shop.app, {} as never)).rejects.toThrow(/undefined was given/);
    await expect(openSession(shop.app, undeclared({ big: 1n }))).rejects.toThrow(SessionDataError);
    shop.spy.failure = { error: new Error('down') };
    await expect(signIn(shop.app, { userId: '42' })).rejects.toThrow(SessionStoreError);
    await expect(openSession(shop.app, { cart: [] })).rejects.toThrow(SessionStoreError);
  });

  it('needs an application that has sessions', async () => {
    @Module({})
    class Empty {}
    const module = await Test.createTestingModule({ imports: [Empty] }).compile();
    const app = module.createNestApplication();
    const remedy = /a NestApplication has no SessionModule; import SessionModule\.forRoot/;
    await expect(signIn(app, { userId: '42' })).rejects.toThrow(remedy);
    await expect(readSession(app, 'sid=x')).rejects.toThrow(SessionUsageError);
    await expect(signIn(undefined as never, { userId: '42' })).rejects.toThrow(/undefined has no Session/);
    await app.close();
  });

  it('may be of a store that fails on demand', async () => {
    const store = failingStore();
    shop = await openShop({ ...backend, store });
    const cookie = await signIn(shop.app, { userId: '42' });
    store.fail();
    await shop.http().get('/me').set('Cookie', cookie).expect(503);
    store.recover();
    await shop.http().get('/me').set('Cookie', cookie).expect(200);
    expect(store.size).toBe(1);
  });
});
