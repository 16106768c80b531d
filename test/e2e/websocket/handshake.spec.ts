import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Inject } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import {
  AllowAnonymous,
  CsrfGuard,
  SessionEvents,
  SessionGuard,
  SessionService,
  SkipCsrf,
} from '../../../lib/index.js';
import { type FakeClock, fakeClock, openSession } from '../../../lib/testing/index.js';
import type { Client } from '../../support/client.js';
import { type AnySession, type Backend, BACKENDS, deferred } from '../../support/site.js';
import { openSocketSite, type SocketSite } from './support/gateway.js';
import { type TestSocket, type Transport, TRANSPORTS } from './support/sockets.js';

const TRANSPORT = Symbol('transport');

/** Closes sockets of visitors and of pages elsewhere, and those of a session when it ends. */
@WebSocketGateway()
class LiveGateway implements OnGatewayInit, OnGatewayConnection<object>, OnGatewayDisconnect<object> {
  readonly open = new Map<object, string>();

  constructor(
    @Inject(TRANSPORT) private readonly transport: Transport,
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(SessionEvents) private readonly events: SessionEvents,
    @Inject(CsrfGuard) private readonly csrf: CsrfGuard,
  ) {}

  afterInit(): void {
    this.events.on('destroyed').subscribe(({ handle }) => this.close(handle));
    this.events.on('rotated').subscribe(({ handle, reason }) => {
      if (reason !== 'scheduled') this.close(handle);
    });
  }

  async handleConnection(client: object): Promise<void> {
    if (!this.csrf.mayConnect(client)) return this.transport.disconnect(client as never);
    const { handle, isNew } = await this.sessions.load(client);
    if (isNew) return this.transport.disconnect(client as never);
    this.open.set(client, handle);
    if ((await this.sessions.load(client)).isNew) this.transport.disconnect(client as never);
  }

  handleDisconnect(client: object): void {
    this.open.delete(client);
  }

  @AllowAnonymous()
  @SubscribeMessage('handle')
  handle(): unknown {
    return { event: 'answer', data: [...this.open.values()] };
  }

  private close(handle: string): void {
    for (const [client, own] of this.open) if (own === handle) this.transport.disconnect(client as never);
  }
}

describe.each(TRANSPORTS)('handshakes: $name', (transport) => {
  let backend: Backend;
  let site: SocketSite;
  let clock: FakeClock;
  let browser: Client;
  let socket: TestSocket;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    site = await openSocketSite(transport, backend, {
      options: { csrf: { trustedOrigins: ['https://partner.example'] } },
      providers: [CsrfGuard, LiveGateway, { provide: TRANSPORT, useValue: transport }],
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
    socket = await site.connect(browser, { origin: site.base });
    // Whatever comes first, the gateway has looked at the handshake when it answers this.
    while ((await socket.ask('handle')).data.length === 0);
  });
  afterEach(async () => {
    socket.close();
    clock.reset();
    await site.sessions.revokeEverything();
  });

  it('a logout that comes while the handshake’s session is read closes the socket, too', async () => {
    const { store } = backend;
    const [read, answered] = [deferred(), deferred()];
    const spied = jest.spyOn(store, 'read').mockImplementationOnce(async (keys) => {
      spied.mockRestore();
      const records = await store.read(keys);
      read.resolve();
      await answered.promise;
      return records;
    });
    const other = await site.connect(browser, { origin: site.base });
    await read.promise;
    await browser.post('/run/logout');
    answered.resolve();
    await other.closed;
    other.close();
  });

  it('SessionService.load(client): the session that the socket was opened with', async () => {
    const [device] = await site.sessions.list('42');
    expect((await socket.ask('handle')).data).toContain(device!.handle);
  });

  it.each([
    ['logout', () => browser.post('/run/logout')],
    ['a new login', () => browser.post('/run/login')],
    ['rotate()', () => browser.post('/run/rotate')],
    ['revoked', () => site.sessions.revokeAll('42')],
  ])('a session that ends, or whose id is dead, closes its sockets: %s', async (_, end) => {
    const other = site.client();
    await other.post('/run/set', { other: true });
    const stays = await site.connect(other, { origin: site.base });
    await end();
    await socket.closed;
    expect((await stays.ask('plain')).data).toEqual({ plain: true });
    stays.close();
  });

  it('after a new login the browser connects anew, with the same handle', async () => {
    const [device] = await site.sessions.list('42');
    await browser.post('/run/login');
    await socket.closed;
    const anew = await site.connect(browser, { origin: site.base });
    expect((await anew.ask('guarded')).data).toEqual({ passed: true });
    expect((await anew.ask('handle')).data).toContain(device!.handle);
    anew.close();
  });

  it.each([
    ['a visitor', () => site.connect()],
    ['a page elsewhere', () => site.connect(browser, { origin: 'https://evil.example' })],
    ['a page in a sandbox', () => site.connect(browser, { origin: 'null' })],
  ])('%s may be sent away when it connects', async (_, connect) => {
    const other = await connect();
    await other.closed;
  });

  it('a page that is trusted, and a client that is no browser, may stay', async () => {
    for (const headers of [{ origin: 'https://partner.example' }, {}]) {
      const other = await site.connect(browser, headers);
      expect((await other.ask('guarded')).data).toEqual({ passed: true });
      other.close();
    }
  });
});

/** As an application that guards everything, with a door that is open. */
@SkipCsrf()
@WebSocketGateway()
class OpenGateway {
  @AllowAnonymous()
  @SubscribeMessage('anybody')
  anybody(): unknown {
    return { event: 'answer', data: 'anybody' };
  }
}

describe.each(TRANSPORTS)('guards of the whole application: $name', (transport) => {
  let backend: Backend;
  let site: SocketSite;
  let clock: FakeClock;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    site = await openSocketSite(transport, backend, {
      options: { rotateInterval: '1h', rotationGrace: '1m' },
      providers: [
        OpenGateway,
        { provide: APP_GUARD, useClass: CsrfGuard },
        { provide: APP_GUARD, useClass: SessionGuard },
      ],
    });
    clock = fakeClock(site.app);
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });

  async function signedIn(): Promise<Client> {
    const browser = site.client();
    const [name, value] = (await openSession(site.app, { count: 1 })).split('=');
    browser.cookies.set(name!, value!);
    return browser;
  }

  it('hold for messages, too', async () => {
    const socket = await site.connect(await signedIn());
    expect((await socket.ask('key')).data).toEqual({ count: 1 });
    const visitor = await site.connect();
    expect((await visitor.ask('key')).data).toMatchObject({ code: 'SESSION_REQUIRED' });
    expect((await visitor.ask('anybody')).data).toBe('anybody');
    const elsewhere = await site.connect(await signedIn(), { origin: 'https://evil.example' });
    expect((await elsewhere.ask('key')).data).toMatchObject({ statusCode: 403, code: 'CSRF_REFUSED' });
    expect((await elsewhere.ask('anybody')).data).toBe('anybody');
    for (const one of [socket, visitor, elsewhere]) one.close();
  });

  it('a socket follows an id that is renewed on schedule, beyond the grace period', async () => {
    const browser = await signedIn();
    const socket = await site.connect(browser);
    const before = (await socket.ask('id')).data as { id: string };
    const { handle } = (await socket.ask('run', { name: 'handle' })).data as { handle: string };
    clock.advance('61m');
    browser.headers['sec-fetch-site'] = 'same-origin';
    await browser.get('/run/read');
    expect(browser.sessionId).not.toBe(before.id);
    expect((await socket.ask('id')).data).toEqual({ id: browser.sessionId });
    clock.advance('2m');
    expect((await socket.ask('id')).data).toEqual({ id: browser.sessionId });
    expect((await socket.ask('run', { name: 'handle' })).data).toEqual({ handle });
    clock.reset();
    socket.close();
  });

  it('a socket does not follow a login: who opened it before has nothing of it', async () => {
    const browser = await signedIn();
    browser.headers['sec-fetch-site'] = 'same-origin';
    const socket = await site.connect(browser);
    expect((await socket.ask('guarded')).data).toEqual({ passed: true });
    await browser.post('/run/login');
    expect((await socket.ask('guarded')).data).toMatchObject({ code: 'SESSION_REQUIRED' });
    socket.close();
  });

  it('a socket that is silent for the whole grace period is without a session: it connects anew', async () => {
    const browser = await signedIn();
    const socket = await site.connect(browser);
    expect((await socket.ask('key')).data).toEqual({ count: 1 });
    clock.advance('61m');
    browser.headers['sec-fetch-site'] = 'same-origin';
    await browser.get('/run/read');
    clock.advance('2m');
    expect((await socket.ask('key')).data).toMatchObject({ code: 'SESSION_REQUIRED' });
    const anew = await site.connect(browser);
    expect((await anew.ask('key')).data).toEqual({ count: 1 });
    clock.reset();
    for (const one of [socket, anew]) one.close();
  });
});

describe('before a socket is connected', () => {
  it('a middleware of socket.io finds the session of the handshake', async () => {
    const backend = await BACKENDS.memory();
    const transport = TRANSPORTS[0];
    const seen: AnySession[] = [];

    @WebSocketGateway()
    class EarlyGateway {
      constructor(@Inject(SessionService) private readonly sessions: SessionService) {}
      afterInit(server: { use(middleware: (socket: object, next: () => void) => void): void }): void {
        server.use((socket, next) => {
          void this.sessions.load(socket).then((session) => {
            seen.push(session as AnySession);
            next();
          });
        });
      }
    }

    const site = await openSocketSite(transport, backend, { providers: [EarlyGateway] });
    const browser = site.client();
    await browser.post('/run/set', { count: 1 });
    const socket = await site.connect(browser);
    expect(seen.map((session) => ({ ...session }))).toEqual([{ count: 1 }]);
    socket.close();
    await site.close();
    await backend.close();
  });
});
