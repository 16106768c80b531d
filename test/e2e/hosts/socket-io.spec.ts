import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Test } from '@nestjs/testing';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import session from '../../../lib/express/index.js';
import { MemorySessionStore, SESSION_MIDDLEWARE, SessionModule, type Session } from '../../../lib/index.js';
import { Client } from '../../support/client.js';
import { SECRET } from '../../support/site.js';

type Middleware = (req: IncomingMessage, res: never, next: (error?: unknown) => void) => void;
type Visited = IncomingMessage & { session: Session & { visits?: number } };

/** The middleware of the drop-in, and that of the module. */
const MIDDLEWARE: Record<string, () => Promise<{ use: Middleware; close?: () => Promise<void> }>> = {
  'the drop-in': () =>
    Promise.resolve({
      use: session({ secret: SECRET, resave: false, saveUninitialized: false }),
    }),
  'the drop-in, each visitor with a session': () =>
    Promise.resolve({
      use: session({
        secret: SECRET,
        resave: true,
        saveUninitialized: true,
        rolling: true,
      }),
    }),
  SESSION_MIDDLEWARE: async () => {
    const store = new MemorySessionStore();
    const imports = [SessionModule.forRoot({ secret: SECRET, store })];
    const app = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
    app.useLogger(false);
    await app.init();
    return { use: app.get<Middleware>(SESSION_MIDDLEWARE), close: () => app.close() };
  },
};

describe.each(Object.entries(MIDDLEWARE))('io.engine.use() of Socket.IO with %s', (_, make) => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
  });

  /** A server of HTTP that counts visits, and of sockets beside it. */
  async function start(): Promise<{
    client: Client;
    connect: (transports: string[], cookie?: string) => Socket;
  }> {
    const { use, close } = await make();
    if (close !== undefined) cleanups.push(close);
    const http: HttpServer = createServer((req, res) =>
      use(req, res as never, () => {
        const { session } = req as Visited;
        session.visits = (session.visits ?? 0) + 1;
        res.end(String(session.visits));
      }),
    );
    const sockets = new Server(http);
    sockets.engine.use(use);
    sockets.on('connection', (socket) => {
      const { session } = socket.request as Visited;
      socket.on('visits', (answer: (visits: unknown) => void) => answer(session?.visits ?? null));
      socket.on('visit', async (answer: (visits: unknown) => void) => {
        session.visits = (session.visits ?? 0) + 1;
        await session.save();
        answer(session.visits);
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => sockets.close());
    const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    return {
      client: new Client(base),
      connect(transports, cookie) {
        const socket = io(base, { transports, forceNew: true, ...(cookie && { extraHeaders: { cookie } }) });
        cleanups.push(() => socket.disconnect());
        return socket;
      },
    };
  }

  it.each([[['websocket']], [['polling']], [['polling', 'websocket']]])(
    'a client that connects by %s finds the session of its cookie, and what it saves is there over HTTP',
    async (transports) => {
      const { client, connect } = await start();
      expect((await client.get('/')).text).toBe('1');
      const socket = connect(transports, client.cookieHeader);
      expect(await socket.emitWithAck('visits')).toBe(1);
      expect(await socket.emitWithAck('visit')).toBe(2);
      expect((await client.get('/')).text).toBe('3');
    },
  );

  it.each([[['websocket']], [['polling']], [['polling', 'websocket']]])(
    'a visitor without a session is connected by %s, and so is the next one',
    async (transports) => {
      const { connect } = await start();
      for (const socket of [connect(transports), connect(transports)])
        expect(await socket.emitWithAck('visits')).toBeNull();
    },
  );
});
