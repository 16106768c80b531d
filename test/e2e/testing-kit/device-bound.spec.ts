import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from 'nest-session';
import { cookieFrom, fakeClock, readSession, signIn } from 'nest-session/testing';
import { DeviceKeyPair } from '../../support/device-key.js';
import { type Backend, BACKENDS } from '../../support/site.js';
import { offerIn } from '../device-bound/support/device-browser.js';
import { openShop, type Shop } from './support/shop.js';

/** Header of a proxy that speaks TLS. */
const HTTPS = { 'x-forwarded-proto': 'https' };

describe('the testing kit with deviceBound', () => {
  let backend: Backend;
  let shop: Shop;

  beforeEach(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(async () => {
    await shop.close();
    await backend.close();
  });

  async function open(deviceBound: NonNullable<SessionModuleOptions['deviceBound']>): Promise<void> {
    shop = await openShop(backend, { proxy: true, cookie: { secure: true }, deviceBound });
  }

  /** Signs in and registers a key, as a browser does. Returns both cookies. */
  async function bind(): Promise<string> {
    const login = await shop.http().post('/login').set(HTTPS).expect(201);
    const { path, challenge } = offerIn({ headers: new Headers(login.headers) })!;
    const signedIn = cookieFrom(login);
    const proof = new DeviceKeyPair().proof(challenge, { isRegistration: true });
    const registered = await shop
      .http()
      .post(path)
      .set({ ...HTTPS, cookie: signedIn, 'secure-session-response': proof })
      .expect(200);
    return cookieFrom(registered, signedIn);
  }

  it('reads a bound session with both cookies, and none where the next request would see none', async () => {
    await open(true);
    const cookie = await bind();
    expect(await readSession(shop.app, cookie)).toMatchObject({ userId: '42', isBound: true });
    const stolen = cookie.split('; ').find((pair) => pair.startsWith('__Host-sid='))!;
    shop.events.length = 0;
    expect(await readSession(shop.app, stolen)).toBeUndefined();
    expect(shop.events).toEqual([]);
    await shop
      .http()
      .get('/me')
      .set({ ...HTTPS, cookie: stolen })
      .expect(401);
    fakeClock(shop.app).advance('10m');
    expect(await readSession(shop.app, cookie)).toBeUndefined();
    await shop
      .http()
      .get('/me')
      .set({ ...HTTPS, cookie })
      .expect(401);
  });

  it('signs in without binding the session', async () => {
    await open(true);
    const cookie = await signIn(shop.app, { userId: '42' });
    fakeClock(shop.app).advance('20m');
    expect(await readSession(shop.app, cookie)).toMatchObject({ userId: '42', isBound: false });
    await shop
      .http()
      .get('/me')
      .set({ ...HTTPS, cookie })
      .expect(200, { userId: '42' });
  });

  it('signs in for a minute if sessions must be bound', async () => {
    await open({ require: 'always' });
    const cookie = await signIn(shop.app, { userId: '42' });
    expect(await readSession(shop.app, cookie)).toMatchObject({ userId: '42', isBound: false });
    fakeClock(shop.app).advance('2m');
    expect(await readSession(shop.app, cookie)).toBeUndefined();
    const { body } = await shop
      .http()
      .get('/me')
      .set({ ...HTTPS, cookie })
      .expect(401);
    expect(body).toMatchObject({ code: 'DEVICE_UNBOUND' });
  });
});
