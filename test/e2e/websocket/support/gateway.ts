import { Inject, UseGuards } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AllowAnonymous,
  Flash,
  RequireLogin,
  RequireSession,
  Session,
  SessionGuard,
  SessionId,
  type SessionModuleOptions,
} from '../../../../lib/index.js';
import type { Client } from '../../../support/client.js';
import { type AnySession, type Backend, openSite, type Site } from '../../../support/site.js';
import type { Headers, TestSocket, Transport } from './sockets.js';

export type Body = Readonly<Record<string, unknown>>;

/** What the handler of a message does. */
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

/** An application with gateways, whose messages do what a test says. */
export interface SocketSite extends Site {
  work(name: string, work: Work): void;
  connect(client?: Client, headers?: Headers): Promise<TestSocket>;
}

export async function openSocketSite(
  transport: Transport,
  backend: Backend,
  options: Partial<SessionModuleOptions> = {},
  { gateways = [TestGateway, ClosedGateway], providers = [] as never[] } = {},
): Promise<SocketSite> {
  const works = new Map<string, Work>(Object.entries(USUAL));
  const site = await openSite(
    backend,
    options,
    (app) => app.useWebSocketAdapter(transport.adapter(app)),
    [],
    [{ provide: WORKS, useValue: works }, ...gateways, ...providers],
  );
  return {
    ...site,
    work: (name, work) => void works.set(name, work),
    connect: (client, headers = {}) =>
      transport.connect(site.base, { ...(client && { cookie: client.cookieHeader }), ...headers }),
  };
}

const USUAL: Record<string, Work> = {
  read: (session) => ({ ...session }),
  set: (session, { name: _, ...data }) => void Object.assign(session, data),
  increment: (session) => session.update((s) => ({ count: (s.count = ((s.count as number) ?? 0) + 1) })),
  logout: (session) => session.logout(),
  login: (session) => session.login('42'),
  rotate: (session) => session.rotate(),
  regenerate: (session) => session.regenerate(),
};
