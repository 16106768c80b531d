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
import type { ServerResponse } from 'node:http';
import {
  Session,
  type SessionEvent,
  SessionEvents,
  type SessionKey,
  SessionModule,
  type SessionModuleOptions,
  SessionService,
} from '../../lib/index.js';
import {
  ADAPTER_NAMES,
  type AdapterName,
  ADAPTERS,
  type AnyRequest,
  type AnyResponse,
  type ServerSettings,
  takeOver,
} from './adapters.js';
import { type Backend, KINDS_ON } from './backends.js';
import { Client, listen } from './client.js';
import { spyOnStore, type StoreSpy } from './spy-store.js';
import { fetchInsecurely } from './tls-fetch.js';

export { type Backend, BACKENDS, IN_COOKIES, KINDS } from './backends.js';

/** So long that no busy machine is taken for a store that does not answer, in milliseconds. */
const PATIENCE = 30_000;

export const SECRET = 'a secret of more than thirty-two bytes';

/** The session as these tests write to it. */
export type AnySession = Session & Record<string, unknown>;

/** What a handler is given; without further words on Express. */
export interface Visit<Req = Request, Res = Response> {
  readonly session: AnySession;
  readonly req: Req & { session: AnySession };
  readonly res: Res;
  readonly body: Record<string, unknown>;
  /** Answers past the framework, with the response of Node.js. */
  readonly takeOver: () => ServerResponse;
}

export type Handler = (visit: Visit) => unknown;

/** A handler that uses only what both frameworks have. */
export type AnyHandler = (visit: AnyVisit) => unknown;

type AnyVisit = Visit<AnyRequest, AnyResponse>;

const HANDLERS = Symbol('handlers');

/** Runs the handler that a test has put under the name in the path. */
@Controller()
class HandlerController {
  constructor(@Inject(HANDLERS) private readonly handlers: Map<string, AnyHandler>) {}

  /** With the session as a parameter; what the handler returns is the response. */
  @All('run/:name')
  run(
    @Param('name') name: string,
    @Session() session: AnySession,
    @Req() req: AnyVisit['req'],
    @Res({ passthrough: true }) res: AnyResponse,
    @Body() body?: Record<string, unknown>,
  ): unknown {
    return this.handle(name, session, req, res, body);
  }

  /** With the session as a parameter; the handler answers by itself. */
  @All('raw/:name')
  async raw(
    @Param('name') name: string,
    @Session() session: AnySession,
    @Req() req: AnyVisit['req'],
    @Res() res: AnyResponse,
    @Body() body?: Record<string, unknown>,
  ): Promise<void> {
    await this.handle(name, session, req, res, body);
  }

  /** A route that asks for no session. */
  @All('plain/:name')
  plain(
    @Param('name') name: string,
    @Req() req: AnyVisit['req'],
    @Res({ passthrough: true }) res: AnyResponse,
  ): unknown {
    return this.handle(name, undefined as never, req, res);
  }

  private handle(
    name: string,
    session: AnySession,
    req: AnyVisit['req'],
    res: AnyResponse,
    body?: Record<string, unknown> | null,
  ): unknown {
    return this.handlers.get(name)!({ session, req, res, body: body ?? {}, takeOver: () => takeOver(res) });
  }
}

/** A running application with sessions, whose routes are what the test says. */
export interface Site<H = Handler> {
  readonly app: INestApplication;
  readonly base: string;
  readonly spy: StoreSpy;
  readonly events: SessionEvent[];
  readonly sessions: SessionService;
  handle(name: string, handler: H): void;
  client(): Client;
  close(): Promise<void>;
}

/** A site on either framework. */
export type AnySite = Site<AnyHandler>;

/** Opens a site. */
type OpenSite<App, H> = (
  backend: Backend,
  options?: Partial<SessionModuleOptions>,
  setUp?: (app: App) => unknown,
  controllers?: Type[],
) => Promise<Site<H>>;

/** Opens sites on a framework. */
export function siteOn(
  adapter: AdapterName,
  settings: ServerSettings = {},
): OpenSite<INestApplication, AnyHandler> {
  return async (backend, options = {}, setUp = () => undefined, controllers = []) => {
    const handlers = new Map<string, AnyHandler>(Object.entries(USUAL));
    const spy = spyOnStore(backend.store);
    const moduleRef = await Test.createTestingModule({
      imports: [
        SessionModule.forRoot({ secret: SECRET, store: spy.store, storeTimeout: PATIENCE, ...options }),
      ],
      controllers: [HandlerController, ...controllers],
      providers: [{ provide: HANDLERS, useValue: handlers }],
    }).compile();
    const app = await ADAPTERS[adapter](moduleRef, settings);
    if (!process.env.TEST_LOG) app.useLogger(false);
    await setUp(app);
    const events: SessionEvent[] = [];
    app.get(SessionEvents).all.subscribe((event) => events.push(event));
    const base = await listen(app, settings.https && 'https');
    return {
      app,
      base,
      spy,
      events,
      sessions: app.get(SessionService),
      handle: (name, handler) => void handlers.set(name, handler),
      client: () => new Client(base, settings.https && fetchInsecurely),
      close: () => app.close(),
    };
  };
}

/** Every framework, with the stores it is tried on. */
export const FRAMEWORKS = ADAPTER_NAMES.map((adapter) => ({
  adapter,
  openSite: siteOn(adapter),
  kinds: KINDS_ON[adapter],
}));

/** Every framework on each of its stores. */
export const STAGES = FRAMEWORKS.flatMap((framework) =>
  framework.kinds.map((kind) => ({ ...framework, kind, stage: `${kind}, ${framework.adapter}` })),
);

/** Opens a site on Express, for what is tried there alone. */
export const openSite = siteOn('express') as OpenSite<NestExpressApplication, Handler>;

/** What most tests need. */
const USUAL: Record<string, AnyHandler> = {
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
    session.login(body.userId as string, body.keep ? { keep: body.keep as SessionKey[] } : {}),
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
