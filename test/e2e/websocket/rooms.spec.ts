import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { CsrfGuard, SessionEvents, SessionService } from '../../../lib/index.js';
import { type FakeClock, fakeClock } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { type Backend, BACKENDS } from '../../support/site.js';
import { openSocketSite, type SocketSite } from './support/gateway.js';
import { type TestSocket, TRANSPORTS } from './support/sockets.js';

/** As README.md shows it: a room of socket.io for each session, by its handle. */
@WebSocketGateway()
class RoomsGateway implements OnGatewayInit<Server>, OnGatewayConnection<Socket> {
  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(SessionEvents) private readonly events: SessionEvents,
    @Inject(CsrfGuard) private readonly csrf: CsrfGuard,
  ) {}

  afterInit(server: Server): void {
    const close = (handle: string): void => void server.in(handle).disconnectSockets(true);
    this.events.on('destroyed').subscribe(({ handle }) => close(handle));
    this.events.on('rotated').subscribe(({ handle, reason }) => {
      if (reason !== 'scheduled') close(handle);
    });
  }

  async handleConnection(client: Socket): Promise<unknown> {
    const session = this.csrf.mayConnect(client) ? await this.sessions.load(client) : undefined;
    if (session === undefined || session.isNew) return client.disconnect(true);
    await client.join(session.handle);
    client.emit('joined', session.handle);
    if ((await this.sessions.load(client)).isNew) client.disconnect(true);
    return undefined;
  }
}

describe('a room of socket.io for each session', () => {
  let backend: Backend;
  let site: SocketSite;
  let clock: FakeClock;
  let browser: Client;
  let socket: TestSocket;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    site = await openSocketSite(TRANSPORTS[1], backend, {
      options: { rotateInterval: '1h', rotationGrace: '1m' },
      providers: [CsrfGuard, RoomsGateway],
    });
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
  });
  afterEach(async () => {
    socket.close();
    clock.reset();
    await site.sessions.revokeEverything();
  });

  it.each([
    ['logout', () => browser.post('/run/logout')],
    ['a new login', () => browser.post('/run/login')],
    ['rotate()', () => browser.post('/run/rotate')],
    ['revoked', () => site.sessions.revokeAll('42')],
  ])('is closed when its session ends or gets another id: %s', async (_, end) => {
    const other = site.client();
    await other.post('/run/set', { other: true });
    const stays = await site.connect(other);
    await Promise.all([socket.next(), stays.next()]);
    await end();
    await socket.closed;
    expect((await stays.ask('plain')).data).toEqual({ plain: true });
    stays.close();
  });

  it('stays through a scheduled renewal, and is closed by the logout after it', async () => {
    const { data: handle } = await socket.next();
    clock.advance('61m');
    const { sessionId } = browser;
    await browser.get('/run/read');
    expect(browser.sessionId).not.toBe(sessionId);
    expect((await socket.ask('run', { name: 'handle' })).data).toEqual({ handle });
    await browser.post('/run/logout');
    await socket.closed;
  });

  it('has the same name after a login, when the browser connects again', async () => {
    const { data: handle } = await socket.next();
    await browser.post('/run/login');
    await socket.closed;
    const again = await site.connect(browser);
    expect((await again.next()).data).toBe(handle);
    again.close();
  });

  it.each([
    ['a visitor', () => site.connect()],
    ['a page elsewhere', () => site.connect(browser, { origin: 'https://evil.example' })],
  ])('lets nobody in without a session: %s', async (_, connect) => {
    await (
      await connect()
    ).closed;
  });
});
