import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Inject,
  Injectable,
  type NestInterceptor,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { concatMap, from, type Observable } from 'rxjs';
import { Session } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { type AnySession, type Backend, BACKENDS, deferred } from '../../support/site.js';
import { type Body, openSocketSite, type SocketSite } from './support/gateway.js';
import { type TestSocket, TRANSPORTS } from './support/sockets.js';

class PassOn implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@UseInterceptors(PassOn)
@WebSocketGateway()
class InterceptedGateway {
  @SubscribeMessage('intercepted')
  set(@Session() session: AnySession, @MessageBody() body: Body): unknown {
    Object.assign(session, body);
    return { event: 'answer', data: null };
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  readonly made = true;
}

@WebSocketGateway()
class ScopedGateway {
  constructor(@Inject(PerRequest) private readonly own: PerRequest) {}

  @SubscribeMessage('scoped')
  set(@Session() session: AnySession): unknown {
    session.scoped = this.own.made;
    return { event: 'answer', data: null };
  }
}

describe.each(TRANSPORTS)('$name', (transport) => {
  let backend: Backend;
  let site: SocketSite;
  let browser: Client;
  let socket: TestSocket;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
    const providers = [InterceptedGateway, ScopedGateway, PerRequest];
    site = await openSocketSite(transport, backend, { providers });
  });
  afterAll(async () => {
    await site.close();
    await backend.close();
  });
  beforeEach(async () => {
    browser = site.client();
    await browser.post('/run/set', { count: 0 });
    socket = await site.connect(browser);
  });

  const count = async (): Promise<unknown> => ((await browser.get('/run/read')).body as Body).count;

  it('what a handler changed before each value it streams is stored when the value arrives', async () => {
    const told = [1, 2, 3].map(() => deferred());
    site.work('stream', (session) =>
      from([1, 2, 3]).pipe(
        concatMap(async (value) => {
          if (value > 1) await told[value - 2]!.promise;
          session.count = value;
          return { event: 'answer', data: value };
        }),
      ),
    );
    expect((await socket.ask('raw', { name: 'stream' })).data).toBe(1);
    for (const value of [1, 2, 3]) {
      expect(await count()).toBe(value);
      const next = value < 3 ? socket.next() : undefined;
      told[value - 1]!.resolve();
      if (next) expect((await next).data).toBe(value + 1);
    }
  });

  it('a session that ends meanwhile does not break the stream', async () => {
    const gate = deferred();
    site.work('long', (session) =>
      from([1, 2]).pipe(
        concatMap(async (value) => {
          if (value === 2) await gate.promise;
          session.count = value;
          return { event: 'answer', data: value };
        }),
      ),
    );
    expect((await socket.ask('raw', { name: 'long' })).data).toBe(1);
    await browser.post('/run/logout');
    const second = socket.next();
    gate.resolve();
    expect((await second).data).toBe(2);
    expect((await socket.ask('guarded')).data).toMatchObject({ code: 'SESSION_REQUIRED' });
  });

  it('a handler behind an interceptor: stored before the answer', async () => {
    expect((await socket.ask('intercepted', { count: 7 })).event).toBe('answer');
    expect(await count()).toBe(7);
  });

  it('a gateway that is made for each message', async () => {
    expect((await socket.ask('scoped')).event).toBe('answer');
    expect((await browser.get('/run/read')).body).toMatchObject({ scoped: true });
  });
});
