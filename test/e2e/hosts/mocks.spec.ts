import { describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import httpMocks from 'node-mocks-http';
import session from '../../../lib/express/index.js';
import { MemorySessionStore, SESSION_MIDDLEWARE, SessionModule, type Session } from '../../../lib/index.js';
import { SECRET } from '../../support/site.js';
import { Test } from '@nestjs/testing';

type Middleware = (req: object, res: object, next: (error?: unknown) => void) => void;
interface Visited {
  session: Session & { visits?: number };
}

async function moduleMiddleware(load: 'eager' | 'lazy'): Promise<Middleware> {
  const imports = [SessionModule.forRoot({ secret: SECRET, store: new MemorySessionStore(), load })];
  return (await Test.createTestingModule({ imports }).compile()).get<Middleware>(SESSION_MIDDLEWARE);
}

const MIDDLEWARE: Record<string, () => Promise<Middleware>> = {
  'the drop-in': () =>
    Promise.resolve(
      session({ secret: SECRET, resave: false, saveUninitialized: false }) as unknown as Middleware,
    ),
  SESSION_MIDDLEWARE: () => moduleMiddleware('eager'),
  'SESSION_MIDDLEWARE, lazy': () => moduleMiddleware('lazy'),
};

/** What tests and handshakes pass as a response. */
const RESPONSES: Record<string, () => object> = {
  'an empty object': () => ({}),
  'an emitter': () => new EventEmitter(),
  'a frozen object': () => Object.freeze({ headersSent: false }),
  'a response of node-mocks-http': () => httpMocks.createResponse(),
  'one that emits': () => httpMocks.createResponse({ eventEmitter: EventEmitter }),
  'functions without meaning': () =>
    Object.fromEntries(
      ['on', 'once', 'writeHead', 'write', 'end', 'setHeader'].map((name) => [name, () => undefined]),
    ),
};

const REQUESTS: Record<string, () => object> = {
  'an empty object': () => ({}),
  'headers alone': () => ({ headers: { cookie: 'sid=s%3Aforged.signature' } }),
  'a request of node-mocks-http': () => httpMocks.createRequest({ headers: { cookie: 'sid=x' } }),
};

/** Runs a middleware as a test does, until it goes on. */
const run = (use: Middleware, req: object, res: object): Promise<unknown> =>
  new Promise((resolve) => use(req, res, resolve));

describe.each(Object.entries(MIDDLEWARE))('%s and what is no response of a server', (name, make) => {
  for (const [request, reqOf] of Object.entries(REQUESTS)) {
    for (const [response, resOf] of Object.entries(RESPONSES)) {
      it(`goes on with ${request} and ${response}`, async () => {
        const use = await make();
        const [req, res] = [reqOf(), resOf()];
        expect(await run(use, req, res)).toBeUndefined();
        if (name.includes('lazy')) return;
        const { session } = req as Visited;
        session.visits = 1;
        expect(session.visits).toBe(1);
        await session.save();
        await session.regenerate();
      });
    }
  }
});

describe('a response of node-mocks-http that emits', () => {
  it.each(Object.entries(MIDDLEWARE).slice(0, 2))(
    'is ended with a cookie once the session is stored: %s',
    async (_, make) => {
      const use = await make();
      const visit = async (cookie?: string) => {
        const req = httpMocks.createRequest(cookie ? { headers: { cookie } } : {});
        const res = httpMocks.createResponse({ eventEmitter: EventEmitter });
        await run(use, req, res);
        const { session } = req as unknown as Visited;
        session.visits = (session.visits ?? 0) + 1;
        const finished = once(res, 'finish');
        res.status(201).json({ visits: session.visits });
        expect([res.headersSent, res.writableEnded]).toEqual([true, true]);
        await finished;
        expect([res.statusCode, res._isEndCalled()]).toEqual([201, true]);
        return {
          body: res._getJSONData() as unknown,
          cookie: String(res.getHeader('Set-Cookie')).split(';')[0],
        };
      };
      const { cookie, body } = await visit();
      expect(body).toEqual({ visits: 1 });
      expect((await visit(cookie)).body).toEqual({ visits: 2 });
    },
  );
});
