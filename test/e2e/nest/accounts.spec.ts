import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionInfo, SessionModuleOptions } from '../../../lib/index.js';
import { SESSION_RUNTIME } from '../../../lib/session.constants.js';
import type { SessionRuntime } from '../../../lib/session.runtime.js';
import { type Client } from '../../support/client.js';
import { BACKENDS, type Backend, type AnySite, siteOn, STAGES } from '../../support/site.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe.each(STAGES)('accounts, kept in $kind ($adapter)', ({ kind, adapter }) => {
  const openSite = siteOn(adapter, { trustProxy: true });
  let backend: Backend;
  const sites: AnySite[] = [];

  beforeEach(async () => {
    backend = await BACKENDS[kind]();
  });

  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
    await backend.close();
  });

  /** An instance of the application. */
  async function instance(options: Partial<SessionModuleOptions> = {}): Promise<AnySite> {
    const site = await openSite(backend, options);
    site.handle('list', ({ session, body }) =>
      site.sessions.list(body.userId as string, { current: session }).then((all) => all.map(plain)),
    );
    site.handle('remember', ({ session }) => void (session.cookie.maxAge = 20 * DAY));
    sites.push(site);
    return site;
  }

  function plain({ handle, current }: SessionInfo): { handle: string; current: boolean } {
    return { handle, current };
  }

  async function signedIn(site: AnySite, userId: string, device = 'Browser/1.0'): Promise<Client> {
    const client = site.client();
    client.headers['user-agent'] = device;
    client.headers['x-forwarded-for'] = '203.0.113.7';
    await client.post('/run/login', { userId });
    return client;
  }

  /** The same browser at another instance. */
  function at(site: AnySite, { cookies }: Client): Client {
    const client = site.client();
    for (const [name, value] of cookies) client.cookies.set(name, value);
    return client;
  }

  async function handleOf(client: Client): Promise<string> {
    return ((await client.get('/run/facts')).body as { handle: string }).handle;
  }

  async function userAt(client: Client): Promise<unknown> {
    return ((await client.get('/run/read')).body as { userId?: unknown }).userId;
  }

  function age(site: AnySite, milliseconds: number): void {
    site.app.get<SessionRuntime>(SESSION_RUNTIME).options.clock.advance(milliseconds);
  }

  it('list a user’s sessions, newest first, with what a page of devices shows', async () => {
    const site = await instance();
    const phone = await signedIn(site, 'ada', 'Phone/2.0');
    age(site, MINUTE);
    const laptop = await signedIn(site, 'ada', 'Laptop/3.0');
    await signedIn(site, 'eve');
    const listed = await site.sessions.list('ada');
    expect(listed.map(({ userAgent }) => userAgent)).toEqual(['Laptop/3.0', 'Phone/2.0']);
    expect(listed[0]).toEqual({
      handle: await handleOf(laptop),
      userId: 'ada',
      createdAt: expect.any(Date),
      lastSeenAt: expect.any(Date),
      expiresAt: expect.any(Date),
      authenticatedAt: expect.any(Date),
      ip: '203.0.113.7',
      userAgent: 'Laptop/3.0',
      current: false,
    });
    const [newest, oldest] = listed as [SessionInfo, SessionInfo];
    expect(newest.createdAt.getTime() - oldest.createdAt.getTime()).toBeGreaterThanOrEqual(MINUTE);
    expect(newest.expiresAt.getTime() - newest.lastSeenAt.getTime()).toBe(DAY);
    expect((await phone.post('/run/list', { userId: 'ada' })).body).toEqual([
      { handle: newest.handle, current: false },
      { handle: oldest.handle, current: true },
    ]);
    expect(JSON.stringify(listed)).not.toContain(laptop.sessionId);
  });

  it('leave out of the list what has expired, count what is alive, and find nothing else', async () => {
    const site = await instance({ idleTimeout: '30m' });
    const earlier = await handleOf(await signedIn(site, 'ada'));
    age(site, 20 * MINUTE);
    const later = await signedIn(site, 'ada');
    await signedIn(site, 'eve');
    await site.client().post('/run/set', { cart: [1] });
    expect([await site.sessions.count({ userId: 'ada' }), await site.sessions.count()]).toEqual([2, 4]);
    age(site, 20 * MINUTE);
    expect((await site.sessions.list('ada')).map(({ handle }) => handle)).toEqual([await handleOf(later)]);
    expect([await site.sessions.count({ userId: 'ada' }), await site.sessions.count()]).toEqual([1, 3]);
    expect(await site.sessions.get(earlier)).toBeUndefined();
  });

  it('leave out of the list a session in which another user has signed in meanwhile', async () => {
    const site = await instance();
    const handle = await handleOf(await signedIn(site, 'ada'));
    let open!: () => void;
    site.spy.reset();
    site.spy.gate = new Promise((resolve) => (open = resolve));
    const listing = site.sessions.list('ada');
    while (site.spy.count('read') === 0) await new Promise((resolve) => setImmediate(resolve));
    await site.spy.tamper(handle, { userId: 'eve' });
    site.spy.gate = undefined;
    open();
    expect(await listing).toEqual([]);
  });

  it('end one session for the very next request on every instance', async () => {
    const [one, other] = [await instance(), await instance()];
    const lost = await signedIn(one, 'ada');
    const kept = await signedIn(one, 'ada');
    expect([await userAt(at(other, lost)), await userAt(at(other, kept))]).toEqual(['ada', 'ada']);
    const handle = await handleOf(lost);
    expect(await one.sessions.get(handle)).toMatchObject({ handle, userId: 'ada' });
    expect(await one.sessions.revoke(handle)).toBe(true);
    expect([await userAt(lost), await userAt(at(other, lost))]).toEqual([undefined, undefined]);
    expect([await userAt(kept), await userAt(at(other, kept))]).toEqual(['ada', 'ada']);
    expect([await one.sessions.get(handle), await other.sessions.revoke(handle)]).toEqual([undefined, false]);
  });

  it('end a session for its own user alone, where that is asked for', async () => {
    const site = await instance();
    const client = await signedIn(site, 'ada');
    const visitor = site.client();
    await visitor.post('/run/set', { cart: [1] });
    const handle = await handleOf(client);
    expect(await site.sessions.revoke(handle, { userId: 'eve' })).toBe(false);
    expect(await site.sessions.revoke(await handleOf(visitor), { userId: 'eve' })).toBe(false);
    expect(await userAt(client)).toBe('ada');
    expect(await site.sessions.revoke(handle, { userId: 'ada' })).toBe(true);
    expect(await userAt(client)).toBeUndefined();
  });

  it('take the handle of a session from its state, not from data that a request has assigned over it', async () => {
    const site = await instance();
    site.handle('end others', ({ session, body }) => {
      Object.assign(session, body); // as a form may bring it
      return site.sessions.revokeAll('ada', { except: session });
    });
    const [here, other] = [await signedIn(site, 'ada'), await signedIn(site, 'ada')];
    const answer = await here.post('/run/end%20others', { handle: await handleOf(other) });
    expect(answer.text).toBe('1');
    expect([await userAt(here), await userAt(other)]).toEqual(['ada', undefined]);
  });

  it('end all sessions of a user but those that are to stay', async () => {
    const site = await instance();
    site.handle('end others', ({ session }) => site.sessions.revokeAll('ada', { except: session }));
    const clients = await Promise.all([1, 2, 3].map(() => signedIn(site, 'ada')));
    const stranger = await signedIn(site, 'eve');
    const [here, also, gone] = clients as [Client, Client, Client];
    const except = [await handleOf(here), await handleOf(also)];
    expect(await site.sessions.revokeAll('ada', { except })).toBe(1);
    expect(await userAt(gone)).toBeUndefined();
    expect((await here.post('/run/end%20others')).text).toBe('1');
    expect([await userAt(here), await userAt(also), await userAt(stranger)]).toEqual([
      'ada',
      undefined,
      'eve',
    ]);
    expect(await site.sessions.revokeAll('ada')).toBe(1);
    expect([await userAt(here), await userAt(stranger)]).toEqual([undefined, 'eve']);
  });

  it('end everybody’s sessions', async () => {
    const [one, other] = [await instance(), await instance()];
    const clients = [await signedIn(one, 'ada'), await signedIn(other, 'eve')];
    expect(await one.sessions.revokeEverything()).toBe(2);
    for (const client of clients) expect(await userAt(client)).toBeUndefined();
    expect(await other.sessions.count()).toBe(0);
  });

  it('tell of every session that somebody ended, and of whose it was', async () => {
    const site = await instance();
    await signedIn(site, 'ada');
    const single = await handleOf(await signedIn(site, 'ada'));
    site.events.length = 0;
    await site.sessions.revoke(single);
    await site.sessions.revokeAll('ada');
    expect(site.events).toMatchObject([
      { type: 'destroyed', reason: 'revoked', handle: single },
      { type: 'destroyed', reason: 'revoked', userId: 'ada' },
    ]);
  });

  it('allow a user so many sessions: a login ends the oldest, wherever it is', async () => {
    const options = { maxSessionsPerUser: 2 };
    const [one, other] = [await instance(options), await instance(options)];
    const first = await signedIn(one, 'ada');
    age(one, MINUTE);
    age(other, MINUTE);
    const second = await signedIn(other, 'ada');
    age(one, MINUTE);
    age(other, MINUTE);
    const third = await signedIn(one, 'ada');
    const stranger = await signedIn(one, 'eve');
    expect([await userAt(first), await userAt(second), await userAt(third)]).toEqual([
      undefined,
      'ada',
      'ada',
    ]);
    expect(await userAt(stranger)).toBe('eve');
    expect(one.events).toContainEqual(
      expect.objectContaining({ type: 'destroyed', reason: 'replaced', userId: 'ada' }),
    );
  });

  it('leave exactly so many of logins at the same time', async () => {
    const options = { maxSessionsPerUser: 3 };
    const instances = [await instance(options), await instance(options)];
    await Promise.all([...Array(12).keys()].map((index) => signedIn(instances[index % 2]!, 'ada')));
    expect(await instances[0]!.sessions.count({ userId: 'ada' })).toBe(3);
  });

  it('remember who asks for it, under the absolute timeout all the same', async () => {
    const site = await instance({ idleTimeout: '30m', absoluteTimeout: '14d' });
    const [remembered, forgotten] = [await signedIn(site, 'ada'), await signedIn(site, 'ada')];
    const { setCookies } = await remembered.get('/run/remember');
    const [, maxAge] = /Max-Age=(\d+);/.exec(setCookies.join())!;
    expect((14 * DAY) / 1000 - Number(maxAge)).toBeLessThan(60); // not the 20 days it was given
    age(site, 13 * DAY);
    expect([await userAt(remembered), await userAt(forgotten)]).toEqual(['ada', undefined]);
    age(site, DAY);
    expect(await userAt(remembered)).toBeUndefined();
  });

  it('keep what a login is told to keep, under a new id', async () => {
    const site = await instance();
    const client = site.client();
    await client.post('/run/set', { cart: ['a'], coupon: 'b', userId: 'nobody' });
    const before = client.copy();
    await client.post('/run/login', { userId: 'ada', keep: ['cart'] });
    expect((await client.get('/run/read')).body).toEqual({ cart: ['a'], userId: 'ada' });
    expect((await before.get('/run/read')).body).toEqual({});
    expect(client.sessionId).not.toBe(before.sessionId);
  });
});
