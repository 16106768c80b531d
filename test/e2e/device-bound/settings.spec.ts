import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RequestMethod, VersioningType } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { NextFunction, Request, Response } from 'express';
import { CsrfGuard, SESSION_MIDDLEWARE, SessionModule } from '../../../lib/index.js';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import { ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { MINUTE, SECOND, TestClock } from '../../support/clock.js';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS, SECRET, siteOn } from '../../support/site.js';
import { browserOf, openBoundSite, SESSION } from './support/bound-site.js';
import { DeviceBrowser, offerIn } from './support/device-browser.js';

const nothing = (): void => undefined;

describe.each(FRAMEWORKS)('the option deviceBound ($adapter)', ({ adapter }) => {
  let backend: Backend;
  let clock: TestClock;
  let site: AnySite | undefined;

  beforeEach(async () => {
    clock = new TestClock();
    backend = await BACKENDS.memory();
    site = undefined;
  });
  afterEach(async () => {
    clock.restore();
    await site?.close();
    await backend.close();
  });

  describe("require: 'always'", () => {
    beforeEach(async () => {
      site = await openBoundSite(adapter, backend, { deviceBound: { require: 'always' } });
    });

    it('refuses a session that is not bound, once the grace is over', async () => {
      const browser = browserOf(site!);
      await browser.client.post('/run/set', { cart: ['ink'] });
      clock.advance(10 * MINUTE);
      expect((await browser.client.get('/cart')).body).toEqual({ cart: ['ink'] });
      await browser.signIn('ann');
      clock.advance(MINUTE - 5 * SECOND);
      expect((await browser.client.get('/me')).status).toBe(200);
      clock.advance(5 * SECOND);
      site!.events.length = 0;
      expect(await browser.client.get('/me')).toMatchObject({
        status: 401,
        body: { code: 'DEVICE_UNBOUND' },
        setCookies: [],
      });
      expect(site!.events).toMatchObject([{ type: 'rejected', reason: 'unbound', userId: 'ann' }]);
      expect((await browser.client.get('/run/read')).body).toEqual({});
      expect(await browser.client.post('/run/logout')).toMatchObject({
        status: 401,
        body: { message: expect.stringContaining('bound to a device') },
      });
      expect(await site!.sessions.count({ userId: 'ann' })).toBe(1);
    });

    it('lets a session that is bound go on', async () => {
      const browser = browserOf(site!);
      await browser.bind('ann');
      clock.advance(5 * MINUTE);
      expect((await browser.client.get('/me')).status).toBe(200);
    });

    it('refuses sessions from before the option was set', async () => {
      const before = await openBoundSite(adapter, backend, { deviceBound: false });
      const client = before.client();
      expect(offerIn(await client.post('/run/login', { userId: 'ann' }))).toBeUndefined();
      const here = browserOf(site!);
      for (const [name, value] of client.cookies) here.client.cookies.set(name, value);
      expect(await here.client.get('/me')).toMatchObject({ status: 401, body: { code: 'DEVICE_UNBOUND' } });
      expect((await here.bind('ann')).status).toBe(200);
      expect((await here.client.get('/me')).status).toBe(200);
      await before.close();
    });
  });

  it('leaves sessions that no browser binds as they are', async () => {
    site = await openBoundSite(adapter, backend);
    const browser = browserOf(site);
    await browser.signIn('ann');
    clock.advance(60 * MINUTE);
    expect((await browser.client.get('/me')).status).toBe(200);
  });

  it('follows lifetime and path', async () => {
    site = await openBoundSite(adapter, backend, { deviceBound: { lifetime: '5m', path: '/auth/device' } });
    const browser = new DeviceBrowser(site.client(), undefined, '/auth/device');
    const offer = await browser.signIn('ann');
    expect(offer.path).toBe('/auth/device/register');
    expect(await browser.register(offer)).toMatchObject({
      status: 200,
      body: { refresh_url: '/auth/device/refresh' },
      setCookies: [expect.stringContaining('Max-Age=290;')],
    });
    clock.advance(5 * MINUTE);
    expect((await browser.client.get('/me')).status).toBe(401);
    expect(await browser.refresh()).toMatchObject({ status: 200 });
    expect((await browser.client.post('/.session/refresh')).status).toBe(404);
  });

  it('off, is not there', async () => {
    site = await openBoundSite(adapter, backend, { deviceBound: false });
    const client = site.client();
    const login = await client.post('/run/login', { userId: 'ann' });
    expect(login.setCookies).toHaveLength(1);
    expect(login.headers.get('secure-session-registration')).toBeNull();
    expect((await client.post('/.session/refresh')).status).toBe(404);
    const [record] = await backend.store.read([(await client.get('/run/facts')).body.handle as string]);
    expect(record?.meta).toBeNull();
  });

  it('binds nothing over a plain connection', async () => {
    site = await siteOn(adapter)(backend, { deviceBound: true });
    const client = site.client();
    const login = await client.post('/run/login', { userId: 'ann' });
    expect([offerIn(login), login.setCookies.length]).toEqual([undefined, 1]);
    expect((await client.post('/.session/register')).status).toBe(403);
    expect((await client.get('/run/read')).body).toEqual({ userId: 'ann' });
  });

  it.each([
    ['a proxy that the framework trusts', { trustProxy: true }, {}],
    ['the option proxy', {}, { proxy: true }],
  ])('binds behind %s', async (_, settings, options) => {
    site = await siteOn(adapter, settings)(backend, {
      ...options,
      cookie: { secure: true },
      deviceBound: true,
    });
    const browser = browserOf(site);
    browser.client.headers['x-forwarded-proto'] = 'https';
    expect(await browser.bind('ann')).toMatchObject({ status: 200 });
    expect(await browser.refresh()).toMatchObject({ status: 200 });
  });

  it('works with lazy loading, encryption, scheduled renewals, and new secrets', async () => {
    const encryption = { keys: ['5a'.repeat(32)] };
    const options = { encryption, load: 'lazy' as const, rotateInterval: '1m' };
    site = await openBoundSite(adapter, backend, options);
    const browser = browserOf(site);
    await browser.bind('ann');
    clock.advance(2 * MINUTE);
    expect((await browser.client.get('/me')).setCookies).toEqual([expect.stringMatching(/^__Host-sid=s/)]);
    expect(await browser.refresh()).toMatchObject({ status: 200 });
    await site.close();
    site = await openBoundSite(adapter, backend, {
      ...options,
      secret: ['a new secret of thirty-two bytes!', SECRET],
    });
    const later = new DeviceBrowser(site.client(), browser.key);
    for (const [name, value] of browser.client.cookies) later.client.cookies.set(name, value);
    later.identifier = browser.identifier;
    expect((await later.client.get('/me')).status).toBe(200);
    // The browser would give up a binding that another identifier came back for.
    expect(await later.refresh()).toMatchObject({
      status: 200,
      body: { session_identifier: browser.identifier },
    });
  });

  it('answers browsers outside of routes, prefix, versions, guards and middleware of the application', async () => {
    const module = await Test.createTestingModule({
      imports: [
        SessionModule.forRoot({
          secret: SECRET,
          store: backend.store,
          proxy: true,
          cookie: { secure: true },
          deviceBound: true,
          forRoutes: ['nowhere/else'],
        }),
      ],
      providers: [{ provide: APP_GUARD, useClass: CsrfGuard }],
    }).compile();
    const app: INestApplication = await ADAPTERS[adapter](module);
    app.setGlobalPrefix('api', { exclude: [{ path: 'health', method: RequestMethod.GET }] });
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    app.useLogger(false);
    const client = new Client(await listen(app));
    client.headers['x-forwarded-proto'] = 'https';
    client.headers['sec-fetch-site'] = 'cross-site';
    expect((await client.post('/.session/refresh')).status).toBe(403);
    expect((await client.get('/.session/refresh')).status).toBe(405);
    await app.close();
  });

  it('answers browsers wherever SESSION_MIDDLEWARE is put', async () => {
    const refusing = (_req: Request, res: Response, _next: NextFunction): void => {
      res.statusCode = 418;
      res.end();
    };
    site = await siteOn(adapter)(
      backend,
      { proxy: true, cookie: { secure: true }, deviceBound: true },
      (app) => {
        app.use(app.get(SESSION_MIDDLEWARE));
        app.use(refusing);
      },
    );
    const client = site.client();
    client.headers['x-forwarded-proto'] = 'https';
    expect((await client.post('/.session/refresh')).status).toBe(403);
    expect((await client.post('/run/nothing')).status).toBe(418);
  });

  it('binds a session whose owner appears without login()', async () => {
    site = await openBoundSite(adapter, backend);
    const browser = browserOf(site);
    await browser.client.post('/run/set', { cart: ['ink'] });
    const signIn = await browser.client.post('/run/set', { userId: 'ann' });
    expect(signIn.headers.get('cache-control')).toBe('no-store');
    expect(await browser.register(offerIn(signIn)!)).toMatchObject({ status: 200 });
    expect(offerIn(await browser.client.post('/run/set', { userId: 'bob' }))).toBeUndefined();
    const thief = browser.robbedOf(SESSION).client;
    expect((await thief.get('/run/read')).body).toEqual({});
  });

  it('offers nothing that a shared cache could keep', async () => {
    site = await openBoundSite(adapter, backend);
    site.handle('cached', async ({ session, res }) => {
      res.header('cache-control', 'public, max-age=60');
      await session.login('ann');
    });
    const answer = await site.client().get('/run/cached');
    expect(offerIn(answer)).toBeDefined();
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
  });

  it('holds with onStoreError: anonymous: a session that cannot be read is not open', async () => {
    site = await openBoundSite(adapter, backend, { onStoreError: 'anonymous' });
    const browser = browserOf(site);
    await browser.bind('ann');
    const thief = browser.robbedOf(SESSION).client;
    site.spy.failure = { error: new Error('down') };
    expect((await thief.get('/run/read')).body).toEqual({});
    expect((await browser.refreshWith()).status).toBe(503);
  });

  it.each([
    ['CookieSessionStore', () => new CookieSessionStore(), 'nothing on the server'],
    ['ExpressStoreAdapter', () => ({ get: nothing, set: nothing, destroy: nothing }), 'other programs'],
  ])('is refused with %s', async (name, store, reason) => {
    const module = Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET, store: store(), deviceBound: true })],
    });
    await expect(module.compile()).rejects.toThrow(new RegExp(`"deviceBound": ${name}.*${reason}`));
  });
});
