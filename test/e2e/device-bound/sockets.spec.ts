import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import { MINUTE } from '../../support/clock.js';
import { type Backend, BACKENDS } from '../../support/site.js';
import { openSocketSite, type SocketSite } from '../websocket/support/gateway.js';
import { TRANSPORTS } from '../websocket/support/sockets.js';
import { DeviceBrowser, offerIn } from './support/device-browser.js';

describe.each(TRANSPORTS)('WebSockets of a session that is bound to a device ($name)', (transport) => {
  let backend: Backend;
  let site: SocketSite;
  let clock: FakeClock;
  let browser: DeviceBrowser;

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    site = await openSocketSite(transport, backend, {
      options: { proxy: true, deviceBound: true, rotateInterval: '5m' },
    });
    clock = fakeClock(site.app);
    browser = new DeviceBrowser(site.client());
    browser.client.headers['x-forwarded-proto'] = 'https';
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  it('count as proved by their handshake, for as long as they are open', async () => {
    await browser.register(offerIn(await browser.client.post('/run/login'))!);
    const socket = await site.connect(browser.client);
    expect((await socket.ask('login')).data).toEqual({ userId: '42' });
    for (let round = 0; round < 3; round++) {
      clock.advance(6 * MINUTE);
      await browser.refresh();
      await browser.client.get('/run/read'); // renews the id
      expect((await socket.ask('login')).data).toEqual({ userId: '42' });
    }
    socket.close();
  });

  it('count as proved if they were opened before the key was registered', async () => {
    const offer = offerIn(await browser.client.post('/run/login'))!;
    const socket = await site.connect(browser.client);
    await browser.register(offer);
    clock.advance(11 * MINUTE);
    expect((await socket.ask('login')).data).toEqual({ userId: '42' });
    socket.close();
  });

  it('are as without a session if their handshake brings no proof', async () => {
    await browser.register(offerIn(await browser.client.post('/run/login'))!);
    const thief = browser.robbedOf('sid').client;
    const socket = await site.connect(thief);
    for (const message of ['login', 'guarded'])
      expect(await socket.ask(message)).toMatchObject({
        event: 'exception',
        data: { code: 'DEVICE_PROOF_REQUIRED', statusCode: 401 },
      });
    expect((await socket.ask('run', { name: 'read' })).data).toEqual({});
    socket.close();
  });

  it('end with their session', async () => {
    await browser.register(offerIn(await browser.client.post('/run/login'))!);
    const socket = await site.connect(browser.client);
    await browser.client.post('/run/logout');
    expect(await socket.ask('login')).toMatchObject({ event: 'exception', data: { code: 'LOGIN_REQUIRED' } });
    socket.close();
  });
});
