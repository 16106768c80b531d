import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { type AnySession, type Backend, BACKENDS, deferred } from '../../support/site.js';
import { ClosedGateway, openSocketSite, type SocketSite } from './support/gateway.js';
import { type TestSocket, TRANSPORTS } from './support/sockets.js';

const [polling, socketIo, ws] = TRANSPORTS;
const PLACES = [
  { transport: polling, kind: 'memory', load: 'lazy' },
  { transport: socketIo, kind: 'memory', load: 'eager' },
  { transport: socketIo, kind: 'postgres', load: 'lazy' },
  { transport: ws, kind: 'memory', load: 'eager' },
  { transport: ws, kind: 'postgres', load: 'lazy' },
] as const;

describe.each(PLACES)('$transport.name, $load, $kind', ({ transport, kind, load }) => {
  let backend: Backend;
  let site: SocketSite;
  let clock: FakeClock;
  let browser: Client;
  let socket: TestSocket;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
    const options = { load, encryption: { keys: ['5a'.repeat(32)] } };
    site = await openSocketSite(transport, backend, { options, providers: [ClosedGateway] });
    clock = fakeClock(site.app);
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });

  /** A browser that is signed in, with a socket. */
  beforeEach(async () => {
    browser = site.client();
    await browser.post('/run/set', { count: 1 });
    await browser.post('/run/login');
    socket = await site.connect(browser);
  });
  afterEach(async () => {
    socket.close();
    clock.reset();
    site.spy.failure = undefined;
    await site.sessions.revokeEverything();
  });

  const storedData = async (): Promise<Record<string, unknown>> =>
    (await browser.get('/run/read')).body as Record<string, unknown>;

  const SESSION_REQUIRED = {
    event: 'exception',
    data: expect.objectContaining({ status: 'error', statusCode: 401, code: 'SESSION_REQUIRED' }),
  };

  describe('which session it is', () => {
    it('is the one of the cookie that the handshake brought', async () => {
      expect((await socket.ask('run', { name: 'read' })).data).toEqual({ count: 1, userId: '42' });
      expect((await socket.ask('key')).data).toEqual({ count: 1 });
      expect((await socket.ask('id')).data).toEqual({ id: browser.sessionId });
      expect((await socket.ask('login')).data).toEqual({ userId: '42' });
    });

    it('is looked at anew with each message', async () => {
      expect((await socket.ask('key')).data).toEqual({ count: 1 });
      await browser.post('/run/set', { count: 2 });
      expect((await socket.ask('key')).data).toEqual({ count: 2 });
    });

    it('is not looked at where nobody asks', async () => {
      site.spy.reset();
      expect((await socket.ask('plain')).data).toEqual({ plain: true });
      expect(site.spy.count()).toBe(0);
    });

    it.each([
      ['no cookie', () => ''],
      ['no signature', () => `sid=${browser.sessionId}`],
      ['a wrong signature', () => `sid=s%3A${browser.sessionId}.${'A'.repeat(43)}`],
    ])('%s: none, and the store is not asked', async (_, cookie) => {
      const other = await site.connect(undefined, { cookie: cookie() });
      site.spy.reset();
      expect((await other.ask('run', { name: 'read' })).data).toEqual({});
      expect(await other.ask('guarded')).toEqual(SESSION_REQUIRED);
      expect(site.spy.count()).toBe(0);
      other.close();
    });
  });

  describe('a session that ends while its socket is open is refused from then on', () => {
    beforeEach(async () => {
      expect((await socket.ask('guarded')).data).toEqual({ passed: true });
    });
    afterEach(async () => {
      expect(await socket.ask('guarded')).toEqual(SESSION_REQUIRED);
      expect(await socket.ask('closed')).toEqual(SESSION_REQUIRED);
      expect((await socket.ask('open')).data).toEqual({ passed: true });
    });

    it('logout over HTTP', () => browser.post('/run/logout'));
    it('destroy over HTTP', () => browser.post('/run/destroy'));
    it('a new login over HTTP, whose id is another', () => browser.post('/run/login'));
    it('revoked', async () => {
      expect(await site.sessions.revokeAll('42')).toBe(1);
    });
    it('expired', () => clock.advance('25h'));
    it('logout in a message', async () => {
      expect((await socket.ask('run', { name: 'logout' })).event).toBe('answer');
      expect((await browser.get('/run/read')).body).toEqual({});
    });
  });

  describe('what a guard refuses is an exception with its code', () => {
    it.each([
      ['guarded', 401, 'SESSION_REQUIRED'],
      ['login', 401, 'LOGIN_REQUIRED'],
      ['fresh', 401, 'LOGIN_REQUIRED'],
      ['admin', 401, 'SESSION_REQUIRED'],
    ])('%s, to a visitor', async (event, statusCode, code) => {
      const visitor = await site.connect();
      expect(await visitor.ask(event, { tag: 7 })).toEqual({
        event: 'exception',
        data: {
          status: 'error',
          statusCode,
          code,
          message: expect.any(String),
          cause: { pattern: event, data: { tag: 7 } },
        },
      });
      visitor.close();
    });

    it('a login that is stale, and a session that does not qualify', async () => {
      expect((await socket.ask('fresh')).data).toEqual({ passed: true });
      expect((await socket.ask('admin')).data).toMatchObject({ statusCode: 403, code: 'SESSION_FORBIDDEN' });
      await browser.post('/run/set', { role: 'admin' });
      expect((await socket.ask('admin')).data).toEqual({ passed: true });
      clock.advance('6m');
      expect((await socket.ask('fresh')).data).toMatchObject({ statusCode: 401, code: 'LOGIN_STALE' });
    });
  });

  describe('what a handler changes', () => {
    it('is stored when the client is answered', async () => {
      expect((await socket.ask('run', { name: 'set', count: 5, more: [1] })).event).toBe('answer');
      expect(await storedData()).toEqual({ count: 5, more: [1], userId: '42' });
    });

    it('is stored where the handler fails, too, as over HTTP', async () => {
      site.work('fail', (session) => {
        session.failed = true;
        throw new Error('on purpose');
      });
      expect(await socket.ask('run', { name: 'fail' })).toMatchObject({ event: 'exception' });
      // Nest tells of the error before the message is over.
      while ((await storedData()).failed !== true) await socket.ask('plain');
    });

    it('meets what other messages and requests change at the same time, key by key', async () => {
      const gate = deferred();
      site.work('wait', async (session, { key }) => {
        session[key as string] = true;
        await gate.promise;
      });
      const both = [
        socket.ask('run', { name: 'wait', key: 'one' }),
        socket.ask('run', { name: 'wait', key: 'two' }),
        browser.post('/run/wait', { key: 'http' }),
      ];
      await new Promise(setImmediate);
      gate.resolve();
      await Promise.all(both);
      expect(await storedData()).toEqual({
        count: 1,
        userId: '42',
        one: true,
        two: true,
        http: true,
      });
    });

    it('counts right: twenty increments at once', async () => {
      const others = await Promise.all([site.connect(browser), site.connect(browser)]);
      const all = [socket, ...others];
      await Promise.all(Array.from({ length: 20 }, (_, n) => all[n % 3]!.ask('run', { name: 'increment' })));
      expect(await storedData()).toMatchObject({ count: 21 });
      for (const other of others) other.close();
    });

    it('is dropped where the session has ended meanwhile: logout wins', async () => {
      const [reached, gate] = [deferred(), deferred()];
      site.work('late', async (session) => {
        session.late = true;
        reached.resolve();
        await gate.promise;
      });
      const answered = socket.ask('run', { name: 'late' });
      await reached.promise;
      await browser.post('/run/logout');
      gate.resolve();
      expect((await answered).event).toBe('answer');
      expect(await site.sessions.count()).toBe(0);
    });

    it('is a use of the session; its device stays the one of the last request', async () => {
      clock.advance('20h');
      await socket.ask('guarded');
      clock.advance('20h');
      expect((await socket.ask('guarded')).data).toEqual({ passed: true });
      const [device] = await site.sessions.list('42');
      expect(device!.ip).toMatch(/127\.0\.0\.1$/);
      expect(device!.userAgent).toBe('node');
    });
  });

  it('a flash value is read once', async () => {
    await browser.post('/run/notify');
    const both = await Promise.all([socket.ask('flash'), socket.ask('flash')]);
    expect(both.flatMap(({ data }) => data.notices as string[])).toEqual(['saved']);
    expect((await socket.ask('flash')).data).toEqual({ notices: [] });
  });

  describe('what needs a cookie is refused', () => {
    it('a session cannot begin with a message: the client is told, and nothing is stored', async () => {
      const visitor = await site.connect();
      site.spy.reset();
      expect(await visitor.ask('run', { name: 'set', count: 1 })).toEqual({
        event: 'exception',
        data: expect.objectContaining({
          status: 'error',
          statusCode: 500,
          code: 'SESSION_USAGE',
          message: expect.stringContaining('start it in an HTTP request'),
        }),
      });
      expect((await visitor.ask('run', { name: 'increment' })).data).toMatchObject({ code: 'SESSION_USAGE' });
      expect(site.spy.count()).toBe(0);
      visitor.close();
    });

    it.each(['login', 'rotate', 'regenerate'])(
      '%s(): an error, and the session is as it was',
      async (name) => {
        const calls: Record<string, (session: AnySession) => Promise<void>> = {
          login: (session) => session.login('42'),
          rotate: (session) => session.rotate(),
          regenerate: (session) => session.regenerate(),
        };
        site.work('try', async (session) => {
          const refused: unknown = await calls[name]!(session).catch((error: unknown) => error);
          const { code, message } = refused as Error & { code: string };
          return { code, message };
        });
        const { data } = await socket.ask('run', { name: 'try' });
        expect(data).toEqual({
          code: 'SESSION_USAGE',
          message: expect.stringContaining('call it in an HTTP request'),
        });
        expect((await socket.ask('guarded')).data).toEqual({ passed: true });
        expect(await storedData()).toEqual({ count: 1, userId: '42' });
      },
    );
  });

  describe('when the store fails', () => {
    const UNAVAILABLE = {
      event: 'exception',
      data: expect.objectContaining({ statusCode: 503, code: 'SESSION_STORE_UNAVAILABLE' }),
    };

    it('the client is told so, and has no answer that says otherwise', async () => {
      const error = new Error('the store is away');
      site.spy.failure = { error };
      expect(await socket.ask('guarded')).toEqual(UNAVAILABLE);
      expect(await socket.ask('key')).toEqual(UNAVAILABLE);
      site.spy.failure = { error, methods: ['update'] };
      expect(await socket.ask('run', { name: 'set', count: 9 })).toEqual(UNAVAILABLE);
      site.spy.failure = undefined;
      expect((await socket.ask('run', { name: 'read' })).data).toEqual({ count: 1, userId: '42' });
    });
  });
});
