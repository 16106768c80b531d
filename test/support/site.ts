import {
  All,
  Body,
  Controller,
  Inject,
  type INestApplication,
  Param,
  Req,
  Res,
  type Type,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { Request, Response } from 'express';
import { DataSource } from 'typeorm';
import {
  MemorySessionStore,
  Session,
  type SessionEvent,
  SessionEvents,
  SessionModule,
  type SessionModuleOptions,
  SessionService,
  type SessionStore,
} from '../../lib/index.js';
import { CookieSessionStore } from '../../lib/stores/cookie/index.js';
import { RedisSessionStore } from '../../lib/stores/redis/index.js';
import { SessionEntity, TypeOrmSessionStore } from '../../lib/stores/typeorm/index.js';
import { Client, listen } from './client.js';
import { createDatabase } from './database.js';
import { openRedisSpace, REDIS_URL } from './redis.js';
import { spyOnStore, type StoreSpy } from './spy-store.js';

export const SECRET = 'a secret of more than thirty-two bytes';

/** The session as these tests write to it. */
export type AnySession = Session & Record<string, unknown>;

export interface Visit {
  readonly session: AnySession;
  readonly req: Request & { session: AnySession };
  readonly res: Response;
  readonly body: Record<string, unknown>;
}

export type Handler = (visit: Visit) => unknown;

const HANDLERS = Symbol('handlers');

/** Runs the handler that a test has put under the name in the path. */
@Controller()
class HandlerController {
  constructor(@Inject(HANDLERS) private readonly handlers: Map<string, Handler>) {}

  /** With the session as a parameter; what the handler returns is the response. */
  @All('run/:name')
  run(
    @Param('name') name: string,
    @Session() session: AnySession,
    @Req() req: Visit['req'],
    @Res({ passthrough: true }) res: Response,
    @Body() body: Record<string, unknown> = {},
  ): unknown {
    return this.handlers.get(name)!({ session, req, res, body });
  }

  /** With the session as a parameter; the handler answers by itself. */
  @All('raw/:name')
  async raw(
    @Param('name') name: string,
    @Session() session: AnySession,
    @Req() req: Visit['req'],
    @Res() res: Response,
    @Body() body: Record<string, unknown> = {},
  ): Promise<void> {
    await this.handlers.get(name)!({ session, req, res, body });
  }

  /** A route that asks for no session. */
  @All('plain/:name')
  plain(
    @Param('name') name: string,
    @Req() req: Visit['req'],
    @Res({ passthrough: true }) res: Response,
  ): unknown {
    return this.handlers.get(name)!({ session: undefined as never, req, res, body: {} });
  }
}

/** Where the sessions of a test live; outlives the application, so that a test can restart it. */
export interface Backend {
  readonly kind: string;
  readonly store: SessionStore;
  close(): Promise<void>;
}

async function redis(): Promise<Backend> {
  const space = await openRedisSpace();
  const store = new RedisSessionStore({ client: space.client, prefix: space.prefix });
  return { kind: 'redis', store, close: () => space.close() };
}

/** Those that are not everywhere: global-teardown.ts tells of what is missing. */
const found: Record<string, () => Promise<Backend>> = REDIS_URL ? { redis } : {};

export const BACKENDS: Record<'memory' | 'postgres', () => Promise<Backend>> = {
  memory() {
    const store = new MemorySessionStore();
    return Promise.resolve({ kind: 'memory', store, close: () => Promise.resolve(store.close()) });
  },
  async postgres() {
    const database = await createDatabase();
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [SessionEntity],
      synchronize: true,
    }).initialize();
    return {
      kind: 'postgres',
      store: new TypeOrmSessionStore(dataSource, { pruneInterval: false }),
      async close() {
        await dataSource.destroy();
        await database.drop();
      },
    };
  },
  ...found,
};

export const KINDS = Object.keys(BACKENDS) as (keyof typeof BACKENDS)[];

/** Those that keep nothing: for what does not ask whether a session is kept on the server. */
export const IN_COOKIES: Record<'cookie', () => Promise<Backend>> = {
  cookie: () =>
    Promise.resolve({ kind: 'cookie', store: new CookieSessionStore(), close: () => Promise.resolve() }),
};

/** A running application with sessions, whose routes are what the test says. */
export interface Site {
  readonly app: INestApplication;
  readonly base: string;
  readonly spy: StoreSpy;
  readonly events: SessionEvent[];
  readonly sessions: SessionService;
  handle(name: string, handler: Handler): void;
  client(): Client;
  close(): Promise<void>;
}

export async function openSite(
  backend: Backend,
  options: Partial<SessionModuleOptions> = {},
  setUp: (app: NestExpressApplication) => void = () => undefined,
  controllers: Type[] = [],
): Promise<Site> {
  const handlers = new Map<string, Handler>(Object.entries(USUAL));
  const spy = spyOnStore(backend.store);
  const moduleRef = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET, store: spy.store, ...options })],
    controllers: [HandlerController, ...controllers],
    providers: [{ provide: HANDLERS, useValue: handlers }],
  }).compile();
  const app = moduleRef.createNestApplication<NestExpressApplication>();
  if (!process.env.TEST_LOG) app.useLogger(false);
  setUp(app);
  const events: SessionEvent[] = [];
  app.get(SessionEvents).all.subscribe((event) => events.push(event));
  const base = await listen(app);
  return {
    app,
    base,
    spy,
    events,
    sessions: app.get(SessionService),
    handle: (name, handler) => void handlers.set(name, handler),
    client: () => new Client(base),
    close: () => app.close(),
  };
}

/** What most tests need. */
const USUAL: Record<string, Handler> = {
  read: ({ session }) => ({ ...session }),
  set: ({ session, body }) => void Object.assign(session, body),
  facts: ({ session }) => ({
    isNew: session.isNew,
    handle: session.handle,
    createdAt: session.createdAt,
    lastSeenAt: session.lastSeenAt,
    expiresAt: session.expiresAt,
    authenticatedAt: session.authenticatedAt ?? null,
  }),
  increment: ({ session }) =>
    session.update((s) => ({ count: (s.count = ((s.count as number | undefined) ?? 0) + 1) })),
  login: ({ session, body }) =>
    session.login(body.userId as string, body.keep ? { keep: body.keep as string[] } : {}),
  logout: ({ session }) => session.logout(),
  rotate: ({ session }) => session.rotate(),
  regenerate: ({ session }) => session.regenerate(),
  destroy: ({ session }) => session.destroy(),
  nothing: () => ({ nothing: true }),
};

/** A promise that a test settles when it wants. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
