import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { type AnySession, type Backend, IN_COOKIES } from '../../support/site.js';
import { openSocketSite, type SocketSite } from '../websocket/support/gateway.js';
import { type TestSocket, TRANSPORTS } from '../websocket/support/sockets.js';

/** A message can send no cookie, and there is no other place for the session: it can be read alone. */
describe.each(TRANSPORTS)('a session in its cookie, through $name', (transport) => {
  let backend: Backend;
  let site: SocketSite;
  /** As another process. */
  let other: SocketSite;
  let clock: FakeClock;
  let browser: Client;
  let socket: TestSocket;

  beforeAll(async () => {
    backend = await IN_COOKIES.cookie();
    const options = { idleTimeout: '30m', absoluteTimeout: '2h', resave: true } as const;
    site = await openSocketSite(transport, backend, { options });
    other = await openSocketSite(transport, await IN_COOKIES.cookie(), { options });
    clock = fakeClock(site.app);
  });
  afterAll(async () => {
    await site.close();
    await other.close();
    await backend.close();
  });
  beforeEach(async () => {
    browser = site.client();
    await browser.post('/run/set', { count: 1 });
    await browser.post('/run/login');
    socket = await site.connect(browser);
  });
  afterEach(() => {
    socket.close();
    clock.reset();
  });

  const REFUSED = {
    event: 'exception',
    data: expect.objectContaining({
      status: 'error',
      statusCode: 500,
      code: 'SESSION_USAGE',
      message: expect.stringMatching(
        /stored only in its cookie.*WebSocket message; do it in an HTTP request/,
      ),
    }),
  };
  const SESSION_REQUIRED = {
    event: 'exception',
    data: expect.objectContaining({ statusCode: 401, code: 'SESSION_REQUIRED' }),
  };

  /** What the client is told next is the answer to this: nothing more came of the message before. */
  async function isQuiet(): Promise<void> {
    expect((await socket.ask('plain')).data).toEqual({ plain: true });
  }

  const UNCHANGED = { count: 1, userId: '42' };

  /** Neither on the socket nor in the browser has anything changed. */
  async function isUnchanged(): Promise<void> {
    await isQuiet();
    expect((await socket.ask('run', { name: 'read' })).data).toEqual(UNCHANGED);
    expect((await browser.get('/run/read')).body).toEqual(UNCHANGED);
  }

  it('is read as the handshake brought it, and guards look at it', async () => {
    await isUnchanged();
    expect((await socket.ask('key')).data).toEqual({ count: 1 });
    expect((await socket.ask('login')).data).toEqual({ userId: '42' });
    expect((await socket.ask('fresh')).data).toEqual({ passed: true });
    expect((await socket.ask('admin')).data).toMatchObject({ statusCode: 403, code: 'SESSION_FORBIDDEN' });
    clock.advance('6m');
    expect((await socket.ask('fresh')).data).toMatchObject({ statusCode: 401, code: 'LOGIN_STALE' });
    await isQuiet();
  });

  it('is as it is by now, where it was changed over HTTP in this process', async () => {
    await browser.post('/run/set', { count: 2 });
    expect((await socket.ask('key')).data).toEqual({ count: 2 });
  });

  it.each(['logout', 'login', 'rotate'])('is refused after a %s over HTTP in this process', async (name) => {
    await browser.post(`/run/${name}`);
    expect(await socket.ask('guarded')).toEqual(SESSION_REQUIRED);
  });

  it('is as the handshake brought it in any other process, until the socket is opened anew', async () => {
    const elsewhere = await other.connect(browser);
    await browser.post('/run/set', { count: 2 });
    expect((await elsewhere.ask('key')).data).toEqual({ count: 1 });
    const anew = await other.connect(browser);
    expect((await anew.ask('key')).data).toEqual({ count: 2 });
    await browser.post('/run/logout');
    expect((await anew.ask('guarded')).data).toEqual({ passed: true });
    for (const one of [elsewhere, anew]) one.close();
  });

  it('ends by its idle timeout, which a message does not begin anew', async () => {
    for (let minutes = 0; minutes < 30; minutes += 10) {
      expect((await socket.ask('guarded')).data).toEqual({ passed: true });
      clock.advance('10m');
    }
    expect(await socket.ask('guarded')).toEqual(SESSION_REQUIRED);
    expect((await browser.get('/run/read')).body).toEqual({});
  });

  it('ends by its absolute timeout', async () => {
    for (let minutes = 0; minutes < 110; minutes += 10) {
      clock.advance('10m');
      await browser.get('/run/read');
    }
    const last = await site.connect(browser);
    expect((await last.ask('guarded')).data).toEqual({ passed: true });
    clock.advance('10m');
    expect(await last.ask('guarded')).toEqual(SESSION_REQUIRED);
    last.close();
  });

  describe('cannot be changed, and the client is told what to do', () => {
    it.each<[string, (session: AnySession) => unknown]>([
      ['a key', (session) => void (session.count = 2)],
      ['a key of a value inside', (session) => void (session.more = { deep: 1 })],
      ['a key that goes', (session) => delete session.count],
      ['a flash value', (session) => session.flash('notice', 'saved')],
      ['a setting of its cookie', (session) => void (session.cookie.maxAge = 1_000)],
    ])('%s', async (_, work) => {
      site.work('change', (session) => void work(session));
      expect(await socket.ask('run', { name: 'change' })).toEqual(REFUSED);
      await isUnchanged();
    });

    it('but to read it, to touch it and to save it as it is are no changes', async () => {
      site.work('use', async (session) => {
        session.touch();
        await session.save();
        return session.update((s) => s.count);
      });
      expect((await socket.ask('run', { name: 'use' })).data).toBe(1);
      await isUnchanged();
    });

    it.each<[string, (session: AnySession) => Promise<unknown>]>([
      ['save()', (session) => ((session.count = 2), session.save())],
      ['update()', (session) => session.update((s) => void (s.count = 2))],
      ['logout()', (session) => session.logout()],
      ['destroy()', (session) => session.destroy()],
      ['login()', (session) => session.login('43')],
      ['rotate()', (session) => session.rotate()],
      ['regenerate()', (session) => session.regenerate()],
    ])('%s is an error in the handler, which may answer it', async (_, work) => {
      site.work('try', (session) =>
        work(session).then(
          () => 'done',
          ({ code, message }: Error & { code: string }) => ({ code, message }),
        ),
      );
      expect(await socket.ask('run', { name: 'try' })).toEqual({
        event: 'answer',
        data: { code: 'SESSION_USAGE', message: expect.stringMatching(/WebSocket message.*HTTP request/) },
      });
      await isUnchanged();
    });

    it('a session cannot begin either', async () => {
      const visitor = await site.connect();
      const { data } = await visitor.ask('run', { name: 'set', count: 1 });
      expect(data).toMatchObject({
        code: 'SESSION_USAGE',
        message: expect.stringContaining('start it in an HTTP request'),
      });
      expect(await visitor.ask('guarded')).toEqual(SESSION_REQUIRED);
      visitor.close();
    });
  });

  it('a flash value cannot be taken, and stays for the next request', async () => {
    await browser.post('/run/notify');
    socket.close();
    socket = await site.connect(browser);
    expect(await socket.ask('flash')).toEqual(REFUSED);
    await isQuiet();
    site.work('take', (session) => void session.flash('notice'));
    expect(await socket.ask('run', { name: 'take' })).toEqual(REFUSED);
    site.work('takeOverHttp', (session) => session.flash('notice'));
    expect((await browser.get('/run/takeOverHttp')).body).toEqual(['saved']);
  });
});
