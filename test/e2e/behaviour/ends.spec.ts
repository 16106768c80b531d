import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import {
  type AnySite,
  type Backend,
  BACKENDS,
  deferred,
  KINDS,
  type openSite,
  siteOn,
} from '../../support/site.js';
import { steppingStore, type SteppingStore } from '../../support/stepping-store.js';

const onSite = siteOn('express');

/**
 * DESIGN 5.6 and 6: no session escapes its end, however often and on whichever instance its id is renewed, its user signs
 * in or it is touched at that very moment; and no dead cookie takes the place of a living one.
 */
describe.each(KINDS)('ends cannot miss, kept in %s', (kind) => {
  let backend: Backend;
  let stepping: SteppingStore;
  let one: AnySite;
  let two: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterAll(() => backend.close());
  afterEach(async () => {
    await one.close();
    await two.close();
  });

  /** Two instances; at the calls of the first a test can step in. */
  async function open(options: Parameters<typeof openSite>[1] = {}) {
    stepping = steppingStore(backend.store);
    one = await onSite({ ...backend, store: stepping.store }, options);
    two = await onSite(backend, options);
  }

  /** A browser that goes to the other instance with the same cookies. */
  function at(site: AnySite, client: Client): Client {
    const copy = site.client();
    for (const [name, value] of client.cookies) copy.cookies.set(name, value);
    return copy;
  }

  let users = 0;
  async function signedIn(userId = `user ${++users}`) {
    const client = one.client();
    await client.post('/run/set', { cart: [1] });
    await client.post('/run/login', { userId });
    return { client, userId };
  }

  const RENEWALS: Record<string, (holder: Client) => Promise<unknown>> = {
    'rotate()': (holder) => holder.get('/run/rotate'),
    'rotate() twice': async (holder) => {
      await holder.get('/run/rotate');
      await holder.get('/run/rotate');
    },
    'a login of the same user': async (holder) => holder.post('/run/login', { userId: `user ${users}` }),
    'a change': (holder) => holder.post('/run/set', { n: 1 }),
  };

  it.each(Object.keys(RENEWALS))(
    'logout() on one instance that meets %s on another ends the session (B4)',
    async (renewal) => {
      await open();
      const { client, userId } = await signedIn();
      const holder = at(two, client);
      const met = stepping.stepIn('before', 'delete', () => RENEWALS[renewal]!(holder));
      expect((await client.get('/run/logout')).status).toBe(200);
      await met;
      expect((await holder.get('/run/read')).body).toEqual({});
      expect(await two.sessions.list(userId)).toEqual([]);
    },
  );

  it.each(Object.keys(RENEWALS))('revokeAll() that meets %s ends the session (B1)', async (renewal) => {
    await open();
    const { client, userId } = await signedIn();
    const holder = at(two, client);
    const met = stepping.stepIn('before', 'deleteByUser', () => RENEWALS[renewal]!(holder));
    expect(await one.sessions.revokeAll(userId)).toBe(1);
    await met;
    expect((await holder.get('/run/read')).body).toEqual({});
  });

  it('revokeAll() ends a session whose holder renews its id all the time (B1)', async () => {
    await open();
    for (let round = 0; round < 15; round++) {
      const { client, userId } = await signedIn();
      const holder = at(two, client);
      let isOver = false;
      const renewing = (async () => {
        while (!isOver) await holder.get('/run/rotate');
      })();
      expect(await one.sessions.revokeAll(userId)).toBe(1);
      isOver = true;
      await renewing;
      expect((await holder.get('/run/read')).body).toEqual({});
      expect(await one.sessions.list(userId)).toEqual([]);
    }
  });

  it('revoke() by a handle ends the session under whatever id it has by now', async () => {
    await open();
    const { client, userId } = await signedIn();
    const holder = at(two, client);
    const [info] = await one.sessions.list(userId);
    await holder.get('/run/rotate');
    await holder.post('/run/login', { userId });
    const [later] = await one.sessions.list(userId);
    expect(later!.handle).toBe(info!.handle);
    expect(await one.sessions.revoke(info!.handle, { userId: 'somebody else' })).toBe(false);
    expect((await holder.get('/run/read')).body).toMatchObject({ userId });
    expect(await one.sessions.revoke(info!.handle, { userId })).toBe(true);
    expect((await holder.get('/run/read')).body).toEqual({});
  });

  it('revoke() for a user leaves a session alone that is somebody else’s by the time it is ended', async () => {
    await open();
    const { client, userId } = await signedIn();
    const holder = at(two, client);
    const [info] = await one.sessions.list(userId);
    const met = stepping.stepIn('before', 'deleteOwned', () => holder.post('/run/login', { userId: 'heir' }));
    expect(await one.sessions.revoke(info!.handle, { userId })).toBe(false);
    await met;
    expect((await holder.get('/run/read')).body).toMatchObject({ userId: 'heir' });
    await one.sessions.revokeAll('heir');
  });

  it('a cap of one holds though the first session renews its id while the second signs in (B2)', async () => {
    await open({ maxSessionsPerUser: 1 });
    const { client, userId } = await signedIn();
    const holder = at(two, client);
    const second = one.client();
    const met = stepping.stepIn('after', 'findByUser', () => holder.get('/run/rotate'));
    expect((await second.post('/run/login', { userId })).status).toBe(200);
    await met;
    expect((await holder.get('/run/read')).body).toEqual({});
    expect((await second.get('/run/read')).body).toMatchObject({ userId });
    expect(await one.sessions.count({ userId })).toBe(1);
  });

  it('a cap that cannot be checked lets nobody in (B3)', async () => {
    await open({ maxSessionsPerUser: 1 });
    const { client, userId } = await signedIn();
    const second = one.client();
    const met = stepping
      .stepIn('before', 'findByUser', () => Promise.reject(new Error('down')))
      .catch(() => 1);
    const answer = await second.post('/run/login', { userId });
    expect(await met).toBe(1);
    expect([answer.status, answer.headers.get('retry-after'), answer.setCookies]).toEqual([503, '1', []]);
    expect(await one.sessions.count({ userId })).toBe(1);
    expect((await client.get('/run/read')).body).toMatchObject({ userId });
  });

  it.each(['delete', 'deleteByUser', 'deleteOwned'])(
    'an end that cannot be carried out (%s) is an error, and no count',
    async (method) => {
      await open();
      const { client, userId } = await signedIn();
      const [info] = await one.sessions.list(userId);
      void stepping.stepIn('before', method, () => Promise.reject(new Error('down'))).catch(() => undefined);
      if (method === 'delete') expect((await client.get('/run/logout')).status).toBe(503);
      else if (method === 'deleteByUser')
        await expect(one.sessions.revokeAll(userId)).rejects.toMatchObject({ statusCode: 503 });
      else
        await expect(one.sessions.revoke(info!.handle, { userId })).rejects.toMatchObject({
          statusCode: 503,
        });
      expect((await client.get('/run/read')).body).toMatchObject({ userId });
    },
  );

  /** A request that has read its session and waits to be let go. */
  function slow(site: AnySite, client: Client, route = 'slow') {
    const reached = deferred();
    const go = deferred();
    site.handle(route, async ({ session }) => {
      void session.cart;
      reached.resolve();
      await go.promise;
      return { ...session };
    });
    return { reached: reached.promise, go: go.resolve, answer: at(site, client).get(`/run/${route}`) };
  }

  it('a slow read that began before a login sends no cookie, touch due or not (B5)', async () => {
    await open({ cookie: { maxAge: '1h' }, touchInterval: 0 });
    const client = one.client();
    await client.post('/run/set', { cart: [1] });
    for (const renew of [
      () => client.post('/run/login', { userId: 'late' }),
      () => client.get('/run/rotate'),
    ]) {
      for (const site of [one, two]) {
        const late = slow(site, client);
        await late.reached;
        expect((await renew()).setCookies).toHaveLength(1);
        late.go(undefined);
        expect((await late.answer).setCookies).toEqual([]);
        expect((await client.get('/run/read')).body).toMatchObject({ cart: [1] });
      }
    }
  });
});
