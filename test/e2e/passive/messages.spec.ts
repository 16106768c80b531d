import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UseGuards } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { PassiveSession, Session, SessionGuard } from '../../../lib/index.js';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { HOUR, MINUTE } from '../../support/clock.js';
import { type AnySession, type Backend, BACKENDS } from '../../support/site.js';
import { openSocketSite, type SocketSite } from '../websocket/support/gateway.js';
import { type TestSocket, TRANSPORTS } from '../websocket/support/sockets.js';

@UseGuards(SessionGuard)
@WebSocketGateway()
class PollingGateway {
  @PassiveSession()
  @SubscribeMessage('poll')
  poll(@Session('expiresAt') expiresAt: Date) {
    return { event: 'answer', data: { expiresAt } };
  }

  @PassiveSession()
  @SubscribeMessage('note')
  note(@Session() session: AnySession, @MessageBody() body: { note: string }) {
    session.note = body.note;
    return { event: 'answer', data: {} };
  }
}

const [, socketIo, ws] = TRANSPORTS;
const PLACES = [
  { transport: socketIo, kind: 'memory' },
  { transport: ws, kind: 'postgres' },
] as const;

describe.each(PLACES)('passive messages ($transport.name, $kind)', ({ transport, kind }) => {
  let backend: Backend;
  let site: SocketSite;
  let clock: FakeClock;
  let browser: Client;
  let socket: TestSocket;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
    const options = { idleTimeout: '1h', cookie: { maxAge: '1h' } };
    site = await openSocketSite(transport, backend, { options, providers: [PollingGateway] });
    clock = fakeClock(site.app);
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });
  beforeEach(async () => {
    browser = site.client();
    await browser.post('/run/login');
    socket = await site.connect(browser);
    site.spy.reset();
  });
  afterEach(() => {
    socket.close();
    clock.reset();
  });

  it('do not prolong the session, where another message does', async () => {
    clock.advance(15 * MINUTE);
    await socket.ask('poll');
    expect(site.spy.count('update')).toBe(0);
    await socket.ask('guarded');
    expect(site.spy.count('update')).toBe(1);
    clock.advance(HOUR - MINUTE);
    expect((await socket.ask('poll')).event).toBe('answer');
    clock.advance(MINUTE);
    expect((await socket.ask('poll')).data).toMatchObject({ code: 'SESSION_REQUIRED' });
  });

  it('store what they change, and leave the end of the session where it was', async () => {
    const before = (await socket.ask('poll')).data;
    clock.advance(15 * MINUTE);
    await socket.ask('note', { note: 'kept' });
    expect((await socket.ask('poll')).data).toEqual(before);
    expect((await browser.get('/run/read')).body).toMatchObject({ note: 'kept' });
  });
});
