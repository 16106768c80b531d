import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE, TestClock } from '../../support/clock.js';
import { type Backend, BACKENDS, deferred, type AnySite, STAGES } from '../../support/site.js';

/** What careless handlers and hostile arguments must not break. */
describe.each(STAGES)('carelessness ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    site = await openSite(backend);
  });
  afterEach(() => site.close());

  async function visitor(data: Record<string, unknown> = { color: 'green' }) {
    const client = site.client();
    await client.post('/run/set', data);
    return client;
  }

  it.each(['save', 'destroy', 'logout', 'rotate'] as const)(
    'session.%s() without await fails the response, not the process, when the store does',
    async (method) => {
      const unhandled: unknown[] = [];
      const listen = (reason: unknown): number => unhandled.push(reason);
      process.on('unhandledRejection', listen);
      const client = await visitor();
      site.handle('careless', ({ session }) => {
        site.spy.failure = { error: new Error('read-only'), methods: ['update', 'delete'] };
        void session[method]();
        return 'done';
      });
      expect((await client.get('/run/careless')).status).toBe(503);
      site.spy.failure = undefined;
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
      expect(unhandled).toEqual([]);
      process.off('unhandledRejection', listen);
    },
  );

  it('the response waits for a logout that nobody waits for', async () => {
    const client = await visitor();
    const old = client.copy();
    site.handle('careless', ({ session }) => void session.logout());
    expect((await client.get('/run/careless')).setCookies).toEqual([expect.stringMatching(/^sid=;/)]);
    expect((await old.get('/run/read')).body).toEqual({});
  });

  it('a login beside other methods of the same session reaches the client', async () => {
    const client = await visitor();
    site.handle('careless', async ({ session }) => {
      await Promise.all([session.login('joe'), session.save(), session.update((s) => void (s.extra = 1))]);
    });
    expect((await client.get('/run/careless')).setCookies).toHaveLength(1);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', userId: 'joe', extra: 1 });
    await site.sessions.revokeAll('joe');
  });

  it('a login that rejected signs nobody in later on', async () => {
    const client = await visitor();
    site.handle('careless', async ({ session }) => {
      session.bad = 1n;
      await session.login('admin').catch(() => delete session.bad);
      return 'done';
    });
    expect(await client.get('/run/careless')).toMatchObject({ status: 200, setCookies: [] });
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    expect(await site.sessions.list('admin')).toEqual([]);
  });

  it('a login that is stored reaches the client with the error that came after it', async () => {
    const client = await visitor();
    site.handle('careless', async ({ session }) => {
      await session.login('kay');
      session.bad = 1n;
    });
    const answer = await client.get('/run/careless');
    expect(answer.status).toBe(500);
    expect(answer.setCookies).toHaveLength(1);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', userId: 'kay' });
    await site.sessions.revokeAll('kay');
  });

  it('a session that expired during a request is not brought back by it', async () => {
    const clock = new TestClock();
    const short = await openSite(backend, { idleTimeout: '5m' });
    const client = short.client();
    await client.post('/run/set', { color: 'green' });
    const reached = deferred();
    const go = deferred();
    short.handle('slow', async ({ session }) => {
      session.late = 1;
      reached.resolve();
      await go.promise;
    });
    const late = client.copy().get('/run/slow');
    await reached.promise;
    clock.advance(6 * MINUTE);
    go.resolve();
    expect((await late).status).toBe(200);
    clock.restore();
    expect((await client.get('/run/read')).body).not.toHaveProperty('late');
    await short.close();
  });

  it('a session loaded after the first byte keeps its changes', async () => {
    const lazy = await openSite(backend, { load: 'lazy' });
    const client = lazy.client();
    await client.post('/run/set', { color: 'green' });
    lazy.handle('late', async ({ req, takeOver }) => {
      const res = takeOver();
      res.write('first ');
      const session = await lazy.sessions.load(req);
      (session as unknown as Record<string, unknown>).late = 1;
      res.end('last');
      return new Promise(() => undefined);
    });
    expect((await client.get('/plain/late')).text).toBe('first last');
    expect((await client.get('/run/read')).body).toEqual({ color: 'green', late: 1 });
    await lazy.close();
  });

  it('what is no handle finds nothing, and fails nobody’s reads', async () => {
    const client = await visitor();
    const hostile = ['\0', '', 'x'.repeat(10_000), ['a'], { $ne: null }, undefined, null] as string[];
    const [answer] = await Promise.all([
      client.get('/run/read'),
      ...hostile.map((handle) => site.sessions.get(handle)),
    ]);
    expect(answer.body).toEqual({ color: 'green' });
    for (const handle of hostile) {
      expect(await site.sessions.get(handle)).toBeUndefined();
      expect(await site.sessions.revoke(handle)).toBe(false);
    }
  });

  it('revokeAll() refuses an exception that is no session, and keeps the one that is, also when it was just renewed', async () => {
    const [one, two] = [await visitor(), await visitor()];
    await one.post('/run/login', { userId: 'lea' });
    await two.post('/run/login', { userId: 'lea' });
    for (const except of [{ foo: 1 }, [undefined], 7, {}]) {
      await expect(site.sessions.revokeAll('lea', { except: except as never })).rejects.toMatchObject({
        code: 'SESSION_USAGE',
      });
    }
    const handle = (await one.get('/run/facts')).body.handle as string;
    await one.post('/run/rotate');
    expect(await site.sessions.revokeAll('lea', { except: handle })).toBe(1);
    expect((await one.get('/run/read')).body).toMatchObject({ userId: 'lea' });
    expect((await two.get('/run/read')).body).toEqual({});
    await site.sessions.revokeAll('lea');
  });

  it('logins at the same time under a cap leave as many as it allows', async () => {
    const capped = await openSite(backend, { maxSessionsPerUser: 2 });
    await Promise.all(
      Array.from({ length: 12 }, () => capped.client().post('/run/login', { userId: 'mob' })),
    );
    expect(await capped.sessions.count({ userId: 'mob' })).toBe(2);
    await capped.sessions.revokeAll('mob');
    await capped.close();
  });

  it('trackDevice: false keeps neither address nor user agent', async () => {
    const discreet = await openSite(backend, { trackDevice: false });
    await discreet.client().post('/run/login', { userId: 'shy' });
    expect(await discreet.sessions.list('shy')).toMatchObject([{ ip: undefined, userAgent: undefined }]);
    await discreet.sessions.revokeAll('shy');
    await discreet.close();
  });

  it('a life of fractional milliseconds is stored', async () => {
    site.handle('odd', ({ session }) => void (session.cookie.maxAge = 100_000 / 3));
    const client = await visitor();
    expect((await client.get('/run/odd')).status).toBe(200);
    expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
  });
});
