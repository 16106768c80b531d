import { All, Body as HttpBody, Controller, Inject, Param, type Provider, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AllowAnonymous,
  Flash,
  RequireLogin,
  RequireSession,
  Session,
  SessionGuard,
  SessionId,
  SessionModule,
  type SessionModuleOptions,
  SessionService,
} from '../../../../lib/index.js';
import { Client, listen } from '../../../support/client.js';
import { type AnySession, type Backend, SECRET } from '../../../support/site.js';
import { spyOnStore, type StoreSpy } from '../../../support/spy-store.js';
import type { Headers, TestSocket, Transport } from './sockets.js';

export type Body = Readonly<Record<string, unknown>>;

/** What the handler of a message, or of a request, does. */
export type Work = (session: AnySession, body: Body) => unknown;

export const WORKS = Symbol('works');

interface Answer {
  readonly event: 'answer';
  readonly data: unknown;
}

const answer = (data: unknown): Answer => ({ event: 'answer', data: data ?? null });

/** Open to everybody but where a guard stands. */
@WebSocketGateway()
export class TestGateway {
  constructor(@Inject(WORKS) private readonly works: Map<string, Work>) {}

  /** What a test has put under the name in the message. */
  @SubscribeMessage('run')
  async run(@Session() session: AnySession, @MessageBody() body: Body): Promise<unknown> {
    return answer(await this.works.get(body.name as string)!(session, body));
  }

  /** The same, but what it returns is the answer. */
  @SubscribeMessage('raw')
  raw(@Session() session: AnySession, @MessageBody() body: Body): unknown {
    return this.works.get(body.name as string)!(session, body);
  }

  @SubscribeMessage('key')
  key(@Session('count') count: number | undefined): Answer {
    return answer({ count: count ?? null });
  }

  @SubscribeMessage('id')
  id(@SessionId() id: string): Answer {
    return answer({ id });
  }

  @SubscribeMessage('flash')
  flash(@Flash('notice') notices: string[]): Answer {
    return answer({ notices });
  }

  @SubscribeMessage('plain')
  plain(): Answer {
    return answer({ plain: true });
  }

  @UseGuards(SessionGuard)
  @SubscribeMessage('guarded')
  guarded(): Answer {
    return answer({ passed: true });
  }

  @UseGuards(SessionGuard)
  @RequireLogin()
  @SubscribeMessage('login')
  login(@Session('userId') userId: string): Answer {
    return answer({ userId });
  }

  @UseGuards(SessionGuard)
  @RequireLogin({ within: '5m' })
  @SubscribeMessage('fresh')
  fresh(): Answer {
    return answer({ passed: true });
  }

  @UseGuards(SessionGuard)
  @RequireSession((session) => (session as AnySession).role === 'admin')
  @SubscribeMessage('admin')
  admin(): Answer {
    return answer({ passed: true });
  }
}

/** Closed to everybody without a session but where it says otherwise. */
@UseGuards(SessionGuard)
@WebSocketGateway()
export class ClosedGateway {
  @SubscribeMessage('closed')
  closed(): Answer {
    return answer({ passed: true });
  }

  @AllowAnonymous()
  @SubscribeMessage('open')
  open(): Answer {
    return answer({ passed: true });
  }
}

/** The same over HTTP. */
@Controller()
class HttpController {
  constructor(@Inject(WORKS) private readonly works: Map<string, Work>) {}

  @All('run/:name')
  async run(
    @Param('name') name: string,
    @Session() session: AnySession,
    @HttpBody() body: Body = {},
  ): Promise<unknown> {
    return (await this.works.get(name)!(session, body)) ?? null;
  }
}

/** An application with gateways, whose messages and requests do what a test says. */
export interface SocketSite {
  readonly app: NestExpressApplication;
  readonly base: string;
  readonly spy: StoreSpy;
  readonly sessions: SessionService;
  work(name: string, work: Work): void;
  client(): Client;
  /** A socket of a browser. */
  connect(client?: Client, headers?: Headers): Promise<TestSocket>;
  close(): Promise<void>;
}

/** What of an application is not the usual. */
interface Parts {
  readonly options?: Partial<SessionModuleOptions>;
  /** Gateways and what they need. */
  readonly providers?: readonly Provider[];
  readonly setUp?: (app: NestExpressApplication) => void;
}

export async function openSocketSite(
  transport: Transport,
  backend: Backend,
  { options = {}, providers = [], setUp = () => undefined }: Parts = {},
): Promise<SocketSite> {
  const works = new Map<string, Work>(Object.entries(USUAL));
  const spy = spyOnStore(backend.store);
  const module = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET, store: spy.store, ...options })],
    controllers: [HttpController],
    providers: [{ provide: WORKS, useValue: works }, TestGateway, ...providers],
  }).compile();
  const app = module.createNestApplication<NestExpressApplication>();
  if (!process.env.TEST_LOG) app.useLogger(false);
  app.useWebSocketAdapter(transport.adapter(app));
  setUp(app);
  const base = await listen(app);
  return {
    app,
    base,
    spy,
    sessions: app.get(SessionService),
    work: (name, work) => void works.set(name, work),
    client: () => new Client(base),
    connect: (client, headers = {}) =>
      transport.connect(base, { ...(client && { cookie: client.cookieHeader }), ...headers }),
    close: () => app.close(),
  };
}

const USUAL: Record<string, Work> = {
  read: (session) => ({ ...session }),
  handle: ({ handle }) => ({ handle }),
  set: (session, { name: _, ...data }) => void Object.assign(session, data),
  increment: (session) => session.update((s) => ({ count: (s.count = ((s.count as number) ?? 0) + 1) })),
  notify: (session) => session.flash('notice', 'saved'),
  logout: (session) => session.logout(),
  destroy: (session) => session.destroy(),
  login: (session) => session.login('42'),
  rotate: (session) => session.rotate(),
};
