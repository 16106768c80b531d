import { describe, expect, it } from '@jest/globals';
import { type DynamicModule, Module, type Type, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RequireLogin, Session, SessionGuard, SessionModule, SessionService } from '../../../lib/index.js';
import { signIn } from '../../../lib/testing/index.js';
import { listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';
import { type TestSocket, TRANSPORTS } from './support/sockets.js';

interface Answer {
  readonly event: 'answer';
  readonly data: unknown;
}

/** A gateway whose messages begin with the name of its feature. */
function gatewayOf(name: string, sessions: DynamicModule): Type {
  @WebSocketGateway()
  class FeatureGateway {
    constructor(private readonly sessions: SessionService) {}

    @UseGuards(SessionGuard)
    @RequireLogin()
    @SubscribeMessage(`${name} count`)
    async count(@Session() session: Session, @ConnectedSocket() client: object): Promise<Answer> {
      const { visits } = await session
        .update((s) => void (s.visits = (s.visits ?? 0) + 1))
        .then(() => session);
      const { userId } = await this.sessions.load(client);
      return { event: 'answer', data: { userId, visits } };
    }
  }

  @Module({ imports: [sessions], providers: [FeatureGateway] })
  class FeatureModule {}
  return FeatureModule;
}

function sessionsOf(name: string): DynamicModule {
  const secret = `${name}: ${SECRET}`;
  return SessionModule.forRoot({ secret, name, isGlobal: false, forRoutes: [`${name}/{*path}`] });
}

describe.each(TRANSPORTS)('gateways of several feature modules ($name)', (transport) => {
  it('each finds the session of its own SessionModule in the handshake that they share', async () => {
    const [shop, office] = [sessionsOf('shop'), sessionsOf('office')];
    const module = await Test.createTestingModule({
      imports: [gatewayOf('shop', shop), gatewayOf('office', office)],
    }).compile();
    const app = module.createNestApplication();
    app.useLogger(false);
    app.useWebSocketAdapter(transport.adapter(app));
    const base = await listen(app);
    const inShop = await signIn(app.select(shop), { userId: 'ada' });
    const inOffice = await signIn(app.select(office), { userId: 'eve' });

    const sockets: TestSocket[] = [];
    const connect = async (cookie: string): Promise<TestSocket> => {
      const socket = await transport.connect(base, { cookie });
      sockets.push(socket);
      return socket;
    };
    const both = await connect(`${inShop}; ${inOffice}`);
    expect((await both.ask('shop count', {})).data).toEqual({ userId: 'ada', visits: 1 });
    expect((await both.ask('office count', {})).data).toEqual({ userId: 'eve', visits: 1 });
    expect((await both.ask('shop count', {})).data).toEqual({ userId: 'ada', visits: 2 });
    const one = await connect(inOffice);
    expect((await one.ask('office count', {})).data).toEqual({ userId: 'eve', visits: 2 });
    expect(await one.ask('shop count', {})).toMatchObject({
      event: 'exception',
      data: { code: 'LOGIN_REQUIRED' },
    });

    for (const socket of sockets) socket.close();
    await Promise.all(sockets.map(({ closed }) => closed));
    await app.close();
  });
});
