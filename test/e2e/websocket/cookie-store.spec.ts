import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { openSocketSite, type SocketSite } from './support/gateway.js';
import { type TestSocket, TRANSPORTS } from './support/sockets.js';

/** Sessions that stand in their cookies, of which a message can send none. */

const KEYS = ['1a', '2b'].map((byte) => byte.repeat(32));

describe.each(TRANSPORTS.slice(1))('CookieSessionStore: $name', (transport) => {
  let site: SocketSite;
  let clock: FakeClock;
  let browser: Client;
  let socket: TestSocket;

  async function open(keys: readonly string[], options: Partial<SessionModuleOptions> = {}) {
    const store = new CookieSessionStore({ keys });
    return openSocketSite(transport, { kind: 'cookie', store, close: () => Promise.resolve() }, { options });
  }

  beforeAll(async () => {
    site = await open(KEYS);
    clock = fakeClock(site.app);
  });
  afterAll(() => site.close());

  beforeEach(async () => {
    browser = site.client();
    await browser.post('/run/set', { count: 1 });
    await browser.post('/run/notify');
    socket = await site.connect(browser);
  });
  afterEach(() => {
    socket.close();
    clock.reset();
  });

  it('a message reads the session of the handshake, a touch being due or not, until it expires', async () => {
    for (const step of ['0m', '10m', '10m']) {
      clock.advance(step);
      expect((await socket.ask('key')).data).toEqual({ count: 1 });
      expect((await socket.ask('guarded')).data).toEqual({ passed: true });
    }
    clock.advance('24h');
    expect((await socket.ask('guarded')).data).toMatchObject({ code: 'SESSION_REQUIRED' });
  });

  it.each<[string, object]>([
    ['a key', { name: 'set', count: 2 }],
    ['a flash value', { name: 'notify' }],
    ['a flash value that was taken', { name: 'take' }],
  ])('what it changes (%s) cannot be kept: the client is told, and gets no answer', async (_, message) => {
    site.work('take', (session) => session.flash('notice'));
    expect(await socket.ask('run', message)).toMatchObject({
      event: 'exception',
      data: { statusCode: 500, code: 'SESSION_USAGE' },
    });
    expect((await socket.ask('key')).data).toEqual({ count: 1 });
  });

  it.each(['increment', 'logout', 'destroy'])('nor does %s() come true', async (name) => {
    expect(await socket.ask('run', { name })).toMatchObject({ event: 'exception' });
    const other = await site.connect(browser);
    expect((await other.ask('key')).data).toEqual({ count: 1 });
    other.close();
  });

  it('one under an old key is read as any other', async () => {
    const next = await open([...KEYS].reverse());
    const other = await next.connect(browser);
    expect((await other.ask('key')).data).toEqual({ count: 1 });
    other.close();
    await next.close();
  });
});
