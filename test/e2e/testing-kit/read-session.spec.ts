import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type SessionModuleOptions,
  SessionService,
  SessionStoreError,
  SessionUsageError,
} from 'nest-session';
import { ExpressStoreAdapter, MemoryStore } from 'nest-session/express';
import { cookieFrom, fakeClock, openSession, readSession, signIn } from 'nest-session/testing';
import { type Backend, BACKENDS, KINDS } from '../../support/site.js';
import { listen } from '../../support/client.js';
import { HANDLE } from '../../support/ids.js';
import { openShop, type Shop } from './support/shop.js';

describe.each(KINDS)('reading a session, in %s', (kind) => {
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

  it('gives everything that is known of it', async () => {
    await open({ idleTimeout: '30m' });
    const clock = fakeClock(shop.app);
    const before = clock.now().getTime();
    const userId = `reader in ${kind}`;
    const cookie = await signIn(shop.app, { userId, cart: [{ sku: 'ink', quantity: 1 }] });
    await shop.http().post('/notice').set('Cookie', cookie).expect(201);
    const session = (await readSession(shop.app, cookie))!;
    const [listed] = await shop.app.get(SessionService).list(userId);
    expect(session).toEqual({
      data: { userId, cart: [{ sku: 'ink', quantity: 1 }] },
      flash: { notice: ['one', { two: 2 }] },
      userId,
      actor: undefined,
      level: 1,
      isBound: false,
      handle: listed?.handle,
      createdAt: listed?.createdAt,
      lastSeenAt: listed?.lastSeenAt,
      expiresAt: listed?.expiresAt,
      authenticatedAt: listed?.authenticatedAt,
    });
    expect(session.createdAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(session.expiresAt.getTime() - session.lastSeenAt.getTime()).toBe(30 * 60_000);
    expect(session.authenticatedAt).toEqual(session.createdAt);
  });

  it('gives what it holds now, of a visitor too', async () => {
    await open();
    const cookie = await openSession(shop.app, { userName: 'Kim' });
    expect(await readSession(shop.app, cookie)).toMatchObject({
      data: { userName: 'Kim' },
      flash: {},
      userId: undefined,
      authenticatedAt: undefined,
    });
    await shop.http().post('/data').set('Cookie', cookie).send({ userName: 'Kit', cart: [] });
    expect((await readSession(shop.app, cookie))?.data).toEqual({ userName: 'Kit', cart: [] });
  });

  it('leaves no trace', async () => {
    await open();
    const cookie = await signIn(shop.app, { userId: '42' });
    await shop.http().post('/notice').set('Cookie', cookie);
    fakeClock(shop.app).advance('2m'); // a request would be a touch
    const first = await readSession(shop.app, cookie);
    shop.spy.reset();
    shop.events.length = 0;
    expect(await readSession(shop.app, cookie)).toEqual(first);
    expect([shop.spy.count('read'), shop.spy.count()]).toEqual([1, 1]);
    expect(shop.events).toEqual([]);
    await shop
      .http()
      .get('/notice')
      .set('Cookie', cookie)
      .expect(200, ['one', { two: 2 }]);
    expect((await readSession(shop.app, cookie))?.flash).toEqual({});
    expect(await readSession(shop.app, cookie)).not.toEqual(first); // that request was a touch
  });

  it('finds none that has expired, and leaves it to whom it concerns', async () => {
    await open({ idleTimeout: '30m' });
    const cookie = await signIn(shop.app, { userId: '42' });
    fakeClock(shop.app).advance('31m');
    shop.events.length = 0;
    shop.spy.reset();
    expect(await readSession(shop.app, cookie)).toBeUndefined();
    expect([shop.spy.count('read'), shop.spy.count()]).toEqual([1, 1]);
    expect(shop.events).toEqual([]);
    await shop.http().get('/me').set('Cookie', cookie).expect(401);
    expect(shop.events.map(({ type }) => type)).toEqual(['rejected']);
  });

  it('finds none that was ended', async () => {
    await open();
    const [mine, other, third] = [
      await signIn(shop.app, { userId: '42' }),
      await signIn(shop.app, { userId: '42' }),
      await signIn(shop.app, { userId: '42' }),
    ];
    const signedOut = await shop.http().post('/logout').set('Cookie', mine).expect(201);
    expect(await readSession(shop.app, mine)).toBeUndefined();
    expect(await readSession(shop.app, signedOut)).toBeUndefined();
    const sessions = shop.app.get(SessionService);
    await sessions.revoke((await readSession(shop.app, other))!.handle);
    expect(await readSession(shop.app, other)).toBeUndefined();
    await sessions.revokeAll('42');
    expect(await readSession(shop.app, third)).toBeUndefined();
  });

  it('finds one under the id it had, for as long as the application does', async () => {
    await open({ rotateInterval: '10m', rotationGrace: '30s' });
    const cookie = await openSession(shop.app, { userName: 'Kim' });
    fakeClock(shop.app).advance('11m');
    const renewed = cookieFrom(await shop.http().get('/data').set('Cookie', cookie));
    expect(renewed).not.toBe(cookie);
    const session = await readSession(shop.app, renewed);
    expect(session?.data).toEqual({ userName: 'Kim' });
    expect(await readSession(shop.app, cookie)).toEqual(session);
    fakeClock(shop.app).advance('31s');
    expect(await readSession(shop.app, cookie)).toBeUndefined();
    expect((await readSession(shop.app, renewed))?.data).toEqual({ userName: 'Kim' });
  });

  it('finds none that cannot be read', async () => {
    await open();
    const changes = [{ data: 'no JSON' }, { data: '[]' }, { meta: '{' }];
    for (const change of changes) {
      const cookie = await openSession(shop.app, { userName: 'Kim' });
      const { handle } = (await readSession(shop.app, cookie))!;
      await shop.spy.tamper(handle, change);
      expect(await readSession(shop.app, cookie)).toBeUndefined();
    }
  });
});

describe('the cookie of a session that is read', () => {
  let backend: Backend;
  let shop: Shop;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    shop = await openShop(backend);
  });
  afterAll(async () => {
    await shop.close();
    await backend.close();
  });

  it('may be a Cookie header, with others in it', async () => {
    const cookie = await signIn(shop.app, { userId: '42' });
    expect((await readSession(shop.app, `a=1; ${cookie}; b=2`))?.userId).toBe('42');
    expect((await readSession(shop.app, `sid=s%3Aforged.x; ${cookie}`))?.userId).toBe('42');
  });

  it('may be a Set-Cookie header, an array of them, or a response of supertest', async () => {
    const response = await shop.http().post('/login').expect(201);
    const lines = response.get('Set-Cookie')!;
    expect(lines).toHaveLength(1);
    for (const source of [response, lines, lines[0]!, ['a=1', ...lines]])
      expect((await readSession(shop.app, source))?.userId).toBe('42');
  });

  it('may be a response of fetch', async () => {
    const response = await fetch(`${await listen(shop.app)}/login`, { method: 'POST' });
    expect((await readSession(shop.app, response))?.userId).toBe('42');
  });

  it('is that of this application, and there', async () => {
    const cookie = await signIn(shop.app, { userId: '42' });
    const forged = `${cookie.slice(0, -3)}${cookie.endsWith('AAA') ? 'BBB' : 'AAA'}`;
    for (const source of ['', 'a=1', forged, 'sid=nonsense', [], await shop.http().get('/plain')])
      expect(await readSession(shop.app, source)).toBeUndefined();
  });

  it('is none of anything else', async () => {
    for (const [source, given] of [
      [undefined, 'undefined'],
      [{ session: 1 }, 'an object'],
      [shop.http().get('/plain'), 'a Test'],
    ] as const) {
      const reading = readSession(shop.app, source as never);
      await expect(reading).rejects.toThrow(SessionUsageError);
      await expect(reading).rejects.toThrow(`readSession: ${given} was given, which has no headers; pass a`);
    }
  });
});

describe('reading a session', () => {
  let backend: Backend;
  let shop: Shop;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(() => shop.close());
  afterAll(() => backend.close());

  it.each(['fail', 'anonymous'] as const)(
    'fails with the store, with onStoreError "%s"',
    async (onStoreError) => {
      shop = await openShop(backend, { onStoreError });
      const cookie = await signIn(shop.app, { userId: '42' });
      shop.spy.failure = { error: new Error('down') };
      await expect(readSession(shop.app, cookie)).rejects.toThrow(SessionStoreError);
    },
  );

  it('shows data as the application sees it: migrated', async () => {
    shop = await openShop(backend);
    const cookie = await openSession(shop.app, { userName: 'kim' });
    await shop.close();
    shop = await openShop(backend, {
      version: 1,
      migrate: (data) => ({ ...data, userName: String(data.userName).toUpperCase() }),
    });
    expect((await readSession(shop.app, cookie))?.data).toEqual({ userName: 'KIM' });
  });

  it.each([false, true])('works on a store for express-session, with hashIds: %s', async (hashIds) => {
    shop = await openShop({ ...backend, store: new ExpressStoreAdapter(new MemoryStore(), { hashIds }) });
    const cookie = await signIn(shop.app, { userId: '42', userName: 'Kim' });
    await shop.http().post('/notice').set('Cookie', cookie).expect(201);
    expect(await readSession(shop.app, cookie)).toMatchObject({
      data: { userId: '42', userName: 'Kim' },
      flash: { notice: ['one', { two: 2 }] },
      userId: '42',
      handle: expect.stringMatching(HANDLE),
    });
    await shop.http().get('/me').set('Cookie', cookie).expect(200);
    const { handle } = (await readSession(shop.app, cookie))!;
    expect(cookie).toMatch(new RegExp(`^sid=s%3A${handle}~[\\w-]{43}\\.`));
  });
});
