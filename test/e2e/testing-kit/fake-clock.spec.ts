import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SessionModuleOptions, SessionOptionsError } from 'nest-session';
import { fakeClock, openSession, readSession, signIn } from 'nest-session/testing';
import { type Backend, BACKENDS, KINDS } from '../../support/site.js';
import { openShop, type Shop } from './support/shop.js';

describe.each(KINDS)('the fake clock, in %s', (kind) => {
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

  const me = (cookie: string, status: number) => shop.http().get('/me').set('Cookie', cookie).expect(status);

  it('ends sessions that nobody uses', async () => {
    await open({ idleTimeout: '30m' });
    const cookie = await signIn(shop.app, { userId: '42' });
    fakeClock(shop.app).advance('29m');
    await me(cookie, 200);
    fakeClock(shop.app).advance('29m');
    await me(cookie, 200);
    fakeClock(shop.app).advance('31m');
    await me(cookie, 401);
  });

  it('ends sessions that are in use, when their time has come', async () => {
    await open({ idleTimeout: '30m', absoluteTimeout: '1h' });
    const cookie = await signIn(shop.app, { userId: '42' });
    for (const status of [200, 200, 401]) {
      fakeClock(shop.app).advance('20m');
      await me(cookie, status);
    }
  });

  it('has a session touched when it is due, and not before', async () => {
    await open({ touchInterval: '1m' });
    const cookie = await signIn(shop.app, { userId: '42' });
    shop.spy.reset();
    fakeClock(shop.app).advance('50s');
    await me(cookie, 200);
    expect(shop.spy.count('update')).toBe(0);
    fakeClock(shop.app).advance('11s');
    await me(cookie, 200);
    expect(shop.spy.count('update')).toBe(1);
  });

  it('has ids renewed', async () => {
    await open({ rotateInterval: '10m' });
    const cookie = await openSession(shop.app, { userName: 'Kim' });
    const data = () => shop.http().get('/data').set('Cookie', cookie);
    expect((await data()).headers).not.toHaveProperty('set-cookie');
    fakeClock(shop.app).advance('11m');
    expect((await data()).headers).toHaveProperty('set-cookie');
  });

  it('makes a login too old for @RequireLogin({ within })', async () => {
    await open();
    const cookie = await signIn(shop.app, { userId: '42' });
    const change = () => shop.http().post('/password').set('Cookie', cookie);
    await change().expect(201);
    fakeClock(shop.app).advance('6m');
    expect((await change().expect(401)).body).toMatchObject({ code: 'LOGIN_STALE' });
    await me(cookie, 200);
  });

  it('goes back', async () => {
    await open({ idleTimeout: '30m' });
    const cookie = await signIn(shop.app, { userId: '42' });
    fakeClock(shop.app).advance('31m');
    expect(await readSession(shop.app, cookie)).toBeUndefined();
    fakeClock(shop.app).reset();
    expect(await readSession(shop.app, cookie)).toBeDefined();
  });
});

describe('the fake clock', () => {
  let backend: Backend;
  let shop: Shop;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    shop = await openShop(backend);
  });
  afterEach(() => fakeClock(shop.app).reset());
  afterAll(async () => {
    await shop.close();
    await backend.close();
  });

  /** How far it is ahead, in minutes. */
  const ahead = (app = shop.app) => Math.round((fakeClock(app).now().getTime() - Date.now()) / 60_000) + 0; // no -0 where a millisecond has gone by

  it('says what time it is, and is one for all who ask', () => {
    expect(ahead()).toBe(0);
    const clock = fakeClock(shop.app);
    clock.advance('31m');
    clock.advance(60_000);
    clock.advance(0);
    expect(ahead()).toBe(32);
    clock.reset();
    expect(ahead()).toBe(0);
  });

  it('dates sessions and events', async () => {
    fakeClock(shop.app).advance('1d');
    shop.events.length = 0;
    const { createdAt } = (await readSession(shop.app, await openSession(shop.app, { userName: 'Kim' })))!;
    const [created] = shop.events;
    for (const date of [createdAt, created!.at])
      expect(Math.round((date.getTime() - Date.now()) / 3_600_000)).toBe(24);
  });

  it('is of one application', async () => {
    const other = await openShop(backend);
    fakeClock(shop.app).advance('31m');
    expect(ahead(other.app)).toBe(0);
    await other.close();
  });

  it.each(['soon', -1, NaN, null])('does not advance by %p', (by) => {
    const advance = () => fakeClock(shop.app).advance(by as never);
    expect(advance).toThrow(SessionOptionsError);
    expect(advance).toThrow(/accepted: milliseconds or a duration such as "30m"/);
    expect(ahead()).toBe(0);
  });
});
