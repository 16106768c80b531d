import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionLockedError } from '../../../lib/index.js';
import { DeviceKeyPair } from '../../support/device-key.js';
import { MINUTE, SECOND, TestClock } from '../../support/clock.js';
import { type AnySite, type Backend, BACKENDS, STAGES } from '../../support/site.js';
import { browserOf, DEVICE, openBoundSite, SESSION } from './support/bound-site.js';
import { challengeIn, DeviceBrowser, offerIn } from './support/device-browser.js';

const PLACES = STAGES.filter(({ kind }) => ['memory', 'postgres'].includes(kind));

describe.each(PLACES)('a session that is bound to a device ($stage)', ({ adapter, kind }) => {
  let backend: Backend;
  let site: AnySite;
  let clock: TestClock;

  beforeEach(async () => {
    clock = new TestClock();
    backend = await BACKENDS[kind]();
    site = await openBoundSite(adapter, backend);
  });
  afterEach(async () => {
    clock.restore();
    await site.close();
    await backend.close();
  });

  it('is offered to the browser that signs in, and to nobody else', async () => {
    const client = site.client();
    for (const answer of [await client.post('/run/set', { a: 1 }), await client.get('/run/read')])
      expect(offerIn(answer)).toBeUndefined();
    const login = await client.post('/run/login', { userId: 'ann' });
    expect(offerIn(login)).toMatchObject({ path: '/.session/register' });
    expect(login.headers.get('cache-control')).toBe('no-store');
    expect(login.setCookies).toEqual([
      expect.stringMatching(/^__Host-sid=s%3A/),
      expect.stringMatching(
        /^__Host-sid-device=[\w.-]+; Max-Age=54; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    expect(offerIn(await client.get('/run/read'))).toBeUndefined();
    expect(offerIn(await client.post('/run/set', { b: 2 }))).toBeUndefined();
    expect(offerIn(await client.post('/run/rotate'))).toBeUndefined();
  });

  it.each(['ES256', 'RS256'] as const)('registers a key and refreshes with it (%s)', async (alg) => {
    const browser = new DeviceBrowser(site.client(), new DeviceKeyPair(alg));
    const registered = await browser.bind('ann');
    expect(registered).toMatchObject({
      status: 200,
      body: {
        session_identifier: expect.stringMatching(/^[\w-]{22}\.[\w-]{43}$/),
        refresh_url: '/.session/refresh',
        scope: { include_site: false },
        credentials: [{ type: 'cookie', name: DEVICE, attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' }],
        allowed_refresh_initiators: ['*'],
      },
      setCookies: [
        expect.stringMatching(
          /^__Host-sid-device=[\w.-]+; Max-Age=590; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ],
    });
    expect(registered.headers.get('cache-control')).toBe('no-store');
    expect(registered.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(await browser.client.get('/me')).toMatchObject({ status: 200, body: { userId: 'ann' } });
    for (let round = 0; round < 3; round++) {
      clock.advance(10 * MINUTE + SECOND);
      expect(await browser.client.get('/me')).toMatchObject({
        status: 401,
        body: { code: 'DEVICE_PROOF_REQUIRED' },
        setCookies: [],
      });
      expect(await browser.refresh()).toMatchObject({
        status: 200,
        body: { session_identifier: browser.identifier },
        setCookies: [expect.stringMatching(/^__Host-sid-device=/)],
      });
      expect((await browser.client.get('/me')).body).toEqual({ userId: 'ann' });
    }
    expect(site.events.filter(({ type }) => ['bound', 'proved'].includes(type))).toMatchObject([
      { type: 'bound', userId: 'ann' },
      { type: 'proved', userId: 'ann' },
      { type: 'proved', userId: 'ann' },
      { type: 'proved', userId: 'ann' },
    ]);
  });

  it('without a proof is an empty session that nothing is kept of, and is not ended', async () => {
    const browser = browserOf(site);
    await browser.client.post('/run/set', { cart: ['ink'] });
    await browser.bind('ann');
    const thief = browser.robbedOf(SESSION).client;
    site.events.length = 0;
    expect(await thief.get('/run/read')).toMatchObject({ status: 200, body: {}, setCookies: [] });
    expect(site.events).toMatchObject([{ type: 'rejected', reason: 'unproved', userId: 'ann' }]);
    const writes = (): number =>
      (['create', 'update', 'delete'] as const).reduce((sum, m) => sum + site.spy.count(m), 0);
    const before = writes();
    expect((await thief.post('/run/set', { cart: [] })).setCookies).toEqual([]);
    for (const call of ['logout', 'destroy', 'rotate', 'increment', 'regenerate'])
      expect(await thief.post(`/run/${call}`)).toMatchObject({ status: 401, setCookies: [] });
    expect(writes()).toBe(before);
    expect(await thief.get('/cart')).toMatchObject({ status: 401, body: { code: 'DEVICE_PROOF_REQUIRED' } });
    expect(await thief.get('/me')).toMatchObject({ status: 401, body: { code: 'DEVICE_PROOF_REQUIRED' } });
    expect((await browser.client.get('/run/read')).body).toEqual({ cart: ['ink'], userId: 'ann' });
  });

  it('makes room for a new login, and lives on', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const other = browser.robbedOf(SESSION);
    site.handle('begin', async ({ session }) => {
      session.note = 'from this request';
      await session.login('bob');
    });
    const answer = await other.client.post('/run/begin');
    expect(answer.status).toBeLessThan(300);
    expect((await other.client.get('/run/read')).body).toEqual({ note: 'from this request', userId: 'bob' });
    expect(await other.register(offerIn(answer)!)).toMatchObject({ status: 200 });
    expect((await browser.client.get('/me')).body).toEqual({ userId: 'ann' });
  });

  it('is not replaced without a proof: after a failed regenerate() nothing is stored either', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const thief = browser.robbedOf(SESSION).client;
    site.handle('replace', async ({ session, req }) => {
      const code = await session.regenerate().then(
        () => 'replaced',
        (error: unknown) => (error as SessionLockedError).code,
      );
      req.session.note = 'of the thief';
      return { code };
    });
    const created = site.spy.count('create');
    expect(await thief.post('/run/replace')).toMatchObject({
      body: { code: 'DEVICE_PROOF_REQUIRED' },
      setCookies: [],
    });
    expect(site.spy.count('create')).toBe(created);
    expect((await browser.client.get('/run/read')).body).toEqual({ userId: 'ann' });
    // With a proof it works as ever.
    expect((await browser.client.post('/run/replace')).body).toEqual({ code: 'replaced' });
    expect((await browser.client.get('/run/read')).body).toEqual({ note: 'of the thief' });
  });

  it('is refreshed by several tabs at once, which share cookies and key', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    clock.advance(11 * MINUTE);
    const tab = async (): Promise<number> => {
      // As Chromium does: another challenge comes with the refusal.
      let answer = await browser.refresh();
      while (answer.status === 403)
        answer = await browser.refreshWith(browser.key.proof(challengeIn(answer)!));
      expect(answer.status).toBe(200);
      return (await browser.client.get('/me')).status;
    };
    expect(await Promise.all([tab(), tab()])).toEqual([200, 200]);
    clock.advance(11 * MINUTE);
    // One proof is enough for all tabs.
    await browser.refresh();
    const requests = Array.from({ length: 3 }, () => browser.client.get('/me'));
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('lets requests that were under way at the registration in with the cookie from before, until its end', async () => {
    const browser = browserOf(site);
    const offer = await browser.signIn('ann');
    const underWay = browser.client.copy();
    await browser.register(offer);
    clock.advance(50 * SECOND);
    expect((await underWay.get('/me')).body).toEqual({ userId: 'ann' });
    clock.advance(11 * SECOND);
    expect((await underWay.get('/me')).status).toBe(401);
    expect((await browser.client.get('/me')).status).toBe(200);
  });

  it('lets requests that were under way at a refresh in with the cookie from before, until its end', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    clock.advance(9 * MINUTE);
    const underWay = browser.client.copy();
    await browser.refresh();
    clock.advance(59 * SECOND);
    expect((await underWay.get('/me')).status).toBe(200);
    clock.advance(2 * SECOND);
    expect((await underWay.get('/me')).status).toBe(401);
    expect((await browser.client.get('/me')).status).toBe(200);
  });

  it('keeps its key through rotate(), and loses it with logout(), which expires both cookies', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    await browser.client.post('/run/rotate');
    expect(await browser.refresh()).toMatchObject({ status: 200 });
    expect((await browser.client.post('/run/logout')).setCookies).toEqual([
      expect.stringMatching(/^__Host-sid=;/),
      expect.stringMatching(/^__Host-sid-device=; Max-Age=0;.*Secure/),
    ]);
    expect(await browser.refreshWith()).toMatchObject({ status: 401 });
  });

  it('is bound anew by the next login, under the same identifier', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const { identifier } = browser;
    const before = browser.client.copy();
    const offer = await browser.signIn('ben');
    // The browser still has its old binding, which may want a proof now.
    expect(await browser.refreshWith()).toMatchObject({ status: 503, setCookies: [] });
    expect(await browser.register(offer)).toMatchObject({ status: 200 });
    expect(browser.identifier).toBe(identifier);
    expect((await browser.client.get('/me')).body).toEqual({ userId: 'ben' });
    browser.client.cookies.set(DEVICE, before.cookies.get(DEVICE)!);
    expect(await browser.client.get('/me')).toMatchObject({ status: 401 });
  });

  it('says that it is bound, and nothing of the key', async () => {
    const browser = browserOf(site);
    site.handle('bound', ({ session }) => ({ isBound: session.isBound }));
    const offer = await browser.signIn('ann');
    expect((await browser.client.get('/run/bound')).body).toEqual({ isBound: false });
    await browser.register(offer);
    expect((await browser.client.get('/run/bound')).body).toEqual({ isBound: true });
    await site.client().post('/run/login', { userId: 'ann' });
    const listed = await site.sessions.list('ann');
    expect(listed.map(({ isBound }) => isBound).sort()).toEqual([false, true]);
    const { handle } = listed.find(({ isBound }) => isBound)!;
    expect(await site.sessions.get(handle)).toMatchObject({ isBound: true });
    const told = JSON.stringify([listed, site.events]);
    for (const secret of [browser.identifier.split('.')[1]!, browser.key.jwk.x as string])
      expect(told).not.toContain(secret);
  });

  it('is not used by a proof: no deadline moves', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    const [before] = await site.sessions.list('ann');
    clock.advance(5 * MINUTE);
    await browser.refresh();
    expect(await site.sessions.list('ann')).toEqual([before]);
  });

  it('keeps what requests change while it is proved', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    await Promise.all([
      browser.client.post('/run/set', { a: 1 }),
      browser.refresh(),
      browser.client.post('/run/set', { b: 2 }),
    ]);
    expect((await browser.client.get('/run/read')).body).toEqual({ userId: 'ann', a: 1, b: 2 });
    expect(await browser.refresh()).toMatchObject({ status: 200 });
  });

  it('survives an outage of the store in the middle of a refresh', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    clock.advance(11 * MINUTE);
    const challenge = await browser.challenge();
    site.spy.failure = { error: new Error('down'), methods: ['read', 'update'] };
    const refused = await browser.refreshWith(browser.key.proof(challenge));
    expect([refused.status, refused.headers.get('retry-after'), refused.setCookies]).toEqual([503, '1', []]);
    site.spy.failure = undefined;
    expect(await browser.refreshWith(browser.key.proof(challenge))).toMatchObject({ status: 200 });
    expect((await browser.client.get('/me')).status).toBe(200);
  });

  it('is known to every instance', async () => {
    const other = await openBoundSite(adapter, backend);
    try {
      const browser = browserOf(site);
      const offer = await browser.signIn('ann');
      const there = new DeviceBrowser(other.client(), browser.key);
      for (const [name, value] of browser.client.cookies) there.client.cookies.set(name, value);
      expect(await there.register(offer)).toMatchObject({ status: 200 });
      browser.identifier = there.identifier;
      clock.advance(11 * MINUTE);
      const challenge = await browser.challenge();
      const proof = browser.key.proof(challenge);
      const both = await Promise.all([browser.refreshWith(proof), there.refreshWith(proof)]);
      expect(both.map(({ status }) => status).sort()).toEqual([200, 403]);
    } finally {
      await other.close();
    }
  });

  it('ends for its browser when it is revoked elsewhere', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    await site.sessions.revokeAll('ann');
    expect(await browser.refreshWith()).toMatchObject({ status: 401, setCookies: [] });
  });

  it('ends for its browser when it has expired, although its row is still there', async () => {
    const browser = browserOf(site);
    await browser.bind('ann');
    clock.advance(25 * 60 * MINUTE);
    expect(await browser.refreshWith()).toMatchObject({ status: 401, setCookies: [] });
  });
});
