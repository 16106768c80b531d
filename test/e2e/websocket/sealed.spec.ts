import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeClock } from '../../../lib/testing/index.js';
import { CookieSessionStore } from '../../../lib/stores/cookie/index.js';
import type { Client } from '../../support/client.js';
import { openSocketSite, type SocketSite, type Work } from './support/gateway.js';
import { type TestSocket, TRANSPORTS } from './support/sockets.js';

/** A message can send no cookie, and there is no other place for these sessions. */
describe.each(TRANSPORTS)('$name: a session that stands in its cookie', (transport) => {
  let site: SocketSite;
  let browser: Client;
  let socket: TestSocket;

  beforeAll(async () => {
    const store = new CookieSessionStore();
    site = await openSocketSite(transport, { kind: 'cookie', store, close: () => Promise.resolve() });
  });
  afterAll(() => site.close());

  beforeEach(async () => {
    browser = site.client();
    await browser.post('/run/set', { count: 1 });
    await browser.post('/run/login');
    socket = await site.connect(browser);
  });
  afterEach(() => socket.close());

  const refused = (code: string): object => ({
    event: 'exception',
    data: expect.objectContaining({ status: 'error', statusCode: 500, code }),
  });

  it('can be read in messages, by guards too', async () => {
    expect((await socket.ask('run', { name: 'read' })).data).toEqual({ count: 1, userId: '42' });
    expect((await socket.ask('fresh')).data).toEqual({ passed: true });
  });

  it('is not told to have changed there', async () => {
    expect(await socket.ask('run', { name: 'set', count: 2 })).toEqual(refused('SESSION_USAGE'));
    expect((await socket.ask('run', { name: 'read' })).data).toMatchObject({ count: 1 });
    expect((await browser.get('/run/read')).body).toMatchObject({ count: 1 });
  });

  it('makes save() and update() say so, and no more is said after that', async () => {
    const works: Record<string, Work> = {
      save: (session) => ((session.late = 1), session.save()),
      update: (session) => session.update((s) => void (s.late = 1)),
    };
    for (const [name, work] of Object.entries(works)) {
      const caught: unknown[] = [];
      site.work(name, async (session, body) => {
        await Promise.resolve(work(session, body)).catch((error: unknown) => caught.push(error));
      });
      expect((await socket.ask('run', { name })).event).toBe('answer');
      expect(caught).toEqual([expect.objectContaining({ code: 'SESSION_USAGE' })]);
    }
  });

  it('is good until its timeouts, as it was when the socket began: a message keeps nothing alive', async () => {
    const clock = fakeClock(site.app);
    await browser.post('/run/logout');
    clock.advance('20h');
    expect((await socket.ask('guarded')).data).toEqual({ passed: true });
    clock.advance('5h');
    expect(await socket.ask('guarded')).toMatchObject({
      event: 'exception',
      data: { code: 'SESSION_REQUIRED' },
    });
    clock.reset();
  });
});
