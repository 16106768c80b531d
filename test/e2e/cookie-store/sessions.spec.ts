import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HANDLE } from '../../support/ids.js';
import { type CookieSite, at, openCookieSite, seen, visitor } from './support/site.js';

/** CookieSessionStore: what an application sees of a session that stands in its cookie. */
describe('a session in its cookie', () => {
  let site: CookieSite;

  beforeEach(async () => {
    site = await openCookieSite();
  });
  afterEach(() => site.close());

  it('is there for the next request, on every instance, and asks no store', async () => {
    const client = await visitor(site, { color: 'green', list: [1, { a: null }] });
    site.spy.reset();
    const other = await openCookieSite();
    expect(await seen(at(other, client))).toEqual({ color: 'green', list: [1, { a: null }] });
    expect(await seen(client)).toEqual({ color: 'green', list: [1, { a: null }] });
    expect(site.spy.count()).toBe(0);
    await other.close();
  });

  it('goes out sealed, with the attributes of every session cookie, and with no other trace of it', async () => {
    const answer = await site.client().post('/run/set', { color: 'green' });
    expect(answer.setCookies).toEqual([
      expect.stringMatching(/^sid=[\w-]+; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('vary')).toBe('Cookie');
  });

  it('costs a visitor who has nothing no cookie, and a request that changes nothing none either', async () => {
    expect((await site.client().get('/run/read')).setCookies).toEqual([]);
    const client = await visitor(site);
    expect((await client.get('/run/read')).setCookies).toEqual([]);
    expect((await client.post('/run/set', { color: 'green' })).setCookies).toEqual([]);
    expect((await client.post('/run/set', { color: 'red' })).setCookies).toHaveLength(1);
    expect(await seen(client)).toEqual({ color: 'red' });
  });

  it('keeps its id, its handle and its beginning while it changes', async () => {
    const client = await visitor(site);
    const { body: before } = await client.get('/run/facts');
    await client.post('/run/set', { size: 1 });
    const { body: after } = await client.get('/run/facts');
    expect(after).toEqual(before);
    expect(after).toMatchObject({ isNew: false, handle: expect.stringMatching(HANDLE) });
    expect(site.events.map(({ type }) => type)).toEqual(['created', 'loaded', 'loaded', 'loaded']);
  });

  it('has a login: another id in another cookie, and what was planted before is dead in this process', async () => {
    const attacker = await visitor(site, { cart: [1], junk: 1 });
    const victim = attacker.copy();
    site.handle('id', ({ session }) => session.id);
    const planted = (await victim.get('/run/id')).text;
    const before = Date.now();
    await victim.post('/run/login', { userId: 'ann', keep: ['cart'] });
    const after = Date.now();
    expect(await seen(victim)).toEqual({ cart: [1], userId: 'ann' });
    expect((await victim.get('/run/id')).text).not.toBe(planted);
    expect(await seen(attacker)).toEqual({});
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'rejected', reason: 'superseded' }));
    const other = await openCookieSite(); // as another process: there it is what it was, and nobody's
    expect(await seen(at(other, attacker))).toEqual({ cart: [1], junk: 1 });
    await other.close();
    const { body } = await victim.get('/run/facts');
    const authenticatedAt = Date.parse(body.authenticatedAt as string);
    expect([before <= authenticatedAt, authenticatedAt <= after]).toEqual([true, true]);
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'rotated', userId: 'ann' }));
  });

  it('has rotate(), regenerate() and reload()', async () => {
    const client = await visitor(site);
    const handle = async (): Promise<unknown> => (await client.get('/run/facts')).body.handle as unknown;
    const first = await handle();
    await client.post('/run/rotate');
    expect(await handle()).toBe(first);
    expect(await seen(client)).toEqual({ color: 'green' });
    site.handle('renew', async ({ session, req }) => {
      await session.regenerate();
      req.session.fresh = true;
    });
    await client.get('/run/renew');
    expect(await seen(client)).toEqual({ fresh: true });
    expect(await handle()).not.toBe(first);
    site.handle('reload', async ({ session }) => {
      session.fresh = 'changed';
      await session.reload();
      return { ...session };
    });
    expect((await client.get('/run/reload')).body).toEqual({ fresh: true });
    await client.post('/run/regenerate');
    expect(client.cookies.size).toBe(0);
  });

  it('has update(), flash values and a cookie life of its own', async () => {
    const client = await visitor(site);
    for (const count of [1, 2]) expect((await client.get('/run/increment')).body).toEqual({ count });
    site.handle('add', ({ session }) => session.flash('notice', 'saved'));
    site.handle('take', ({ session }) => session.flash('notice'));
    await client.get('/run/add');
    expect((await client.get('/run/take')).body).toEqual(['saved']);
    expect((await client.get('/run/take')).body).toEqual([]);
    site.handle('remember', ({ session }) => void (session.cookie.maxAge = 86_400_000));
    expect((await client.get('/run/remember')).setCookies[0]).toMatch(/; Max-Age=86400; /);
    expect((await client.post('/run/set', { size: 1 })).setCookies[0]).toMatch(/; Max-Age=86400; /);
  });

  it('is the one of the request that saved it, several times over', async () => {
    site.handle('steps', async ({ session }) => {
      session.one = 1;
      await session.save();
      session.two = 2;
      await session.save();
      session.three = 3;
    });
    const client = await visitor(site);
    expect((await client.get('/run/steps')).setCookies).toHaveLength(1);
    expect(await seen(client)).toEqual({ color: 'green', one: 1, two: 2, three: 3 });
  });

  it('may be loaded late, and be checked against a schema', async () => {
    const lazy = await openCookieSite({
      load: 'lazy',
      version: 2,
      migrate: (data) => ({ ...data, size: 1 }),
    });
    const client = at(lazy, await visitor(site));
    site.handle('nothing', () => 'nothing');
    expect((await client.get('/plain/nothing')).setCookies).toEqual([]);
    expect(await seen(client)).toEqual({ color: 'green', size: 1 });
    expect((await client.get('/run/read')).setCookies).toHaveLength(1);
    expect((await client.get('/run/read')).setCookies).toEqual([]);
    await lazy.close();
  });

  it('is sent again with every response where that was asked for, and not because its cookie outlives the browser', async () => {
    const cookie = { maxAge: '1h' };
    const [usual, rolling] = [
      await openCookieSite({ cookie }),
      await openCookieSite({ cookie, rolling: true }),
    ];
    const client = await visitor(usual);
    expect((await client.get('/run/read')).setCookies).toEqual([]);
    expect((await at(rolling, client).get('/run/read')).setCookies).toEqual([
      expect.stringMatching(/Max-Age=3600/),
    ]);
    await Promise.all([usual.close(), rolling.close()]);
  });

  it('is unset as any other: req.session = null keeps it, or ends it', async () => {
    const destroying = await openCookieSite({ unset: 'destroy' });
    for (const [where, left] of [
      [site, 1],
      [destroying, 0],
    ] as const) {
      where.handle('unset', ({ req }) => void (req.session = null as never));
      const client = at(where, await visitor(site));
      await client.get('/run/unset');
      expect(client.cookies.size).toBe(left);
    }
    await destroying.close();
  });

  it('is neither made nor changed over a plain connection where its cookie is for secure ones', async () => {
    const secure = await openCookieSite({ cookie: { secure: true }, name: 'sid' });
    expect(await secure.client().post('/run/set', { a: 1 })).toMatchObject({ status: 200, setCookies: [] });
    expect(await at(secure, await visitor(site)).post('/run/set', { a: 1 })).toMatchObject({
      status: 200,
      setCookies: [],
    });
    expect(secure.warnings).toEqual([expect.stringMatching(/plain HTTP/)]);
    await secure.close();
  });
});
