import { describe, expect, it } from '@jest/globals';
import express from 'express';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import session from '../../../lib/express/index.js';
import { ADAPTER_NAMES } from '../../support/adapters.js';
import { type RawAnswer, rawRequest } from '../../support/raw-request.js';
import { type AnyHandler, BACKENDS, deferred, SECRET, siteOn } from '../../support/site.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Closes a server while a response waits for the store, and lets the store go on only once the server has begun to close and
 * has looked at its connections.
 */
async function closeMeanwhile(
  server: Server,
  asking: Promise<RawAnswer>,
  close: () => Promise<unknown>,
  goOn: () => void,
): Promise<RawAnswer> {
  let isAnswered = false;
  const answered = asking.finally(() => (isAnswered = true));
  expect(server.listening).toBe(true);
  const closed = close();
  while (server.listening) await turn();
  for (let turns = 0; turns < 20; turns++) await turn();
  const seen = { isListening: server.listening, isAnswered };
  goOn();
  const answer = await answered;
  await closed;
  expect(seen).toEqual({ isListening: false, isAnswered: false });
  return answer;
}

/** A store whose writes wait from some moment on. */
function gatedStore() {
  const store = new session.MemoryStore();
  const reached = deferred();
  const gate = deferred();
  let isHeld = false;
  const set = store.set.bind(store);
  store.set = (id, data, done) => {
    if (!isHeld) return void set(id, data, done);
    reached.resolve();
    void gate.promise.then(() => set(id, data, done));
  };
  return { store, hold: () => void (isHeld = true), reached, gate };
}

type DropIn = ReturnType<typeof session>;
type Visited = IncomingMessage & {
  session: { seen?: boolean; regenerate(done: (error?: unknown) => void): unknown };
};

/** Servers with the drop-in. */
const DROP_INS: Record<string, (middleware: DropIn, handle: RequestListener) => RequestListener> = {
  'node:http': (middleware, handle) => (req, res) => middleware(req, res, () => void handle(req, res)),
  Express: (middleware, handle) => express().use(middleware).use(handle),
};

interface Moment<Handle> {
  /** Whether the visitor has a session before. */
  readonly isKnown: boolean;
  readonly cookies: number;
  readonly handle: (hold: () => void) => Handle;
  /** Whether the handler answers past Nest. */
  readonly isRaw?: boolean;
}

/** What a response may wait for at the drop-in. */
const OF_DROP_IN: Record<string, Moment<(req: Visited, res: ServerResponse) => void>> = {
  'a new session': {
    isKnown: false,
    cookies: 1,
    handle: (hold) => (req, res) => {
      hold();
      req.session.seen = true;
      res.end('the answer');
    },
  },
  'a change of a known session': {
    isKnown: true,
    cookies: 0,
    handle: (hold) => (req, res) => {
      hold();
      req.session.seen = true;
      res.end('the answer');
    },
  },
  'the new id of a login': {
    isKnown: true,
    cookies: 1,
    handle: (hold) => (req, res) => {
      req.session.regenerate(() => {
        hold();
        req.session.seen = true;
        res.end('the answer');
      });
    },
  },
  'the end of a stream': {
    isKnown: true,
    cookies: 0,
    handle: (hold) => (req, res) => {
      res.setHeader('content-length', 10);
      res.write('the ', () => {
        hold();
        req.session.seen = true;
        res.end('answer');
      });
    },
  },
};

const change =
  (hold: () => void): AnyHandler =>
  ({ session }) => {
    hold();
    session.seen = true;
    return 'the answer';
  };

/** What a response may wait for at the module. */
const OF_MODULE: Record<string, Moment<AnyHandler>> = {
  'a new session': { isKnown: false, cookies: 1, handle: change },
  'a new session, where the handler answers': {
    isKnown: false,
    cookies: 1,
    isRaw: true,
    handle: (hold) => (visit) => void visit.res.send(change(hold)(visit)),
  },
  'a change of a known session': { isKnown: true, cookies: 0, handle: change },
  'a login': {
    isKnown: true,
    cookies: 1,
    handle:
      (hold) =>
      async ({ session }) => {
        hold();
        await session.login('ann');
        return 'the answer';
      },
  },
  'the end of a stream': {
    isKnown: true,
    cookies: 0,
    isRaw: true,
    handle:
      (hold) =>
      ({ session, takeOver }) => {
        const res = takeOver();
        res.setHeader('content-length', 10);
        res.write('the ', () => {
          hold();
          session.seen = true;
          res.end('answer');
        });
      },
  },
};

const answerWith = (cookies: number): object => ({
  status: 200,
  body: 'the answer',
  setCookies: Array.from({ length: cookies }, () => expect.any(String)),
});

describe('a server that is closed while a response waits for the store', () => {
  const ON_DROP_INS = Object.entries(DROP_INS).flatMap(([host, serve]) =>
    Object.entries(OF_DROP_IN).map(([moment, what]) => ({ host, serve, moment, ...what })),
  );

  it.each(ON_DROP_INS)(
    'sends it: the drop-in on $host, for $moment',
    async ({ serve, isKnown, cookies, handle }) => {
      const { store, hold, reached, gate } = gatedStore();
      const middleware = session({ secret: SECRET, resave: false, saveUninitialized: false, store });
      const held = handle(hold);
      const server = createServer(
        serve(middleware, (req, res) => {
          if (req.url !== '/begin') return held(req as Visited, res);
          (req as Visited).session.seen = false;
          res.end('begun');
        }),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const begun = isKnown ? (await rawRequest(base, '/begin', [])).setCookies : [];
      const lines = begun.map((line) => `Cookie: ${line.split(';')[0]}`);
      const asking = rawRequest(base, '/', lines);
      await reached.promise;
      const close = (): Promise<unknown> => {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeIdleConnections();
        return closed;
      };
      expect(await closeMeanwhile(server, asking, close, () => gate.resolve())).toEqual(answerWith(cookies));
    },
  );

  const ON_MODULES = ADAPTER_NAMES.flatMap((adapter) =>
    Object.entries(OF_MODULE).map(([moment, what]) => ({ adapter, moment, ...what })),
  );

  it.each(ON_MODULES)(
    'sends it: app.close() on $adapter, for $moment',
    async ({ adapter, isKnown, cookies, handle, isRaw }) => {
      const backend = await BACKENDS.memory();
      const site = await siteOn(adapter)(backend);
      const gate = deferred();
      site.handle(
        'visit',
        handle(() => {
          site.spy.reset();
          site.spy.gate = gate.promise;
        }),
      );
      const client = site.client();
      if (isKnown) await client.post('/run/set', { seen: false });
      const lines = isKnown ? [`Cookie: ${client.cookieHeader}`] : [];
      const asking = rawRequest(site.base, `/${isRaw ? 'raw' : 'run'}/visit`, lines);
      while (site.spy.gate === undefined || site.spy.count() === 0) await turn();
      const server = site.app.getHttpServer() as Server;
      const answer = await closeMeanwhile(
        server,
        asking,
        () => site.close(),
        () => gate.resolve(),
      );
      expect(answer).toEqual(answerWith(cookies));
      await backend.close();
    },
  );
});
