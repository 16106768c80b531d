import { afterEach, describe, expect, it } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import session from '../../../lib/express/index.js';
import { ADAPTER_NAMES } from '../../support/adapters.js';
import { rawRequest } from '../../support/raw-request.js';
import { type AnySite, BACKENDS, SECRET, siteOn } from '../../support/site.js';

type Handler = RequestHandler;

/** What a handler may do once it has answered. */
const AFTERWARDS: Record<
  string,
  (req: IncomingMessage, res: ServerResponse, next: (error: unknown) => void) => void
> = {
  throws: () => {
    throw new Error('late');
  },
  'calls next(error)': (_req, _res, next) => next(new Error('late')),
  'ends the connection': (req) => void req.socket.end(),
  'destroys the connection': (req) => void req.socket.destroy(),
  'ends it, and destroys it': (req) => void req.socket.end().destroy(),
};

const ANSWER = { status: 200, body: 'the answer' };

describe.each<[string, () => Express]>([
  ['Express 5', () => express()],
  ['Express 4', () => (express4 as unknown as typeof express)()],
])('a handler of %s that has answered, and the drop-in', (_, create) => {
  let server: Server | undefined;
  afterEach(() => new Promise((resolve) => server?.close(resolve)));

  async function start(handler: Handler): Promise<string> {
    const app = create();
    app.set('env', 'test'); // says nothing of the errors
    app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
    app.use(handler);
    server = createServer(app);
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it.each(Object.entries(AFTERWARDS))('and then %s: the client gets the answer', async (_, afterwards) => {
    const base = await start((req, res, next) => {
      (req.session as { seen?: boolean }).seen = true;
      res.send('the answer');
      afterwards(req, res, next);
    });
    const answer = await rawRequest(base, '/', []);
    expect(answer).toMatchObject({ ...ANSWER, setCookies: [expect.stringContaining('connect.sid=')] });
  });

  it.each(Object.entries(AFTERWARDS))('and then %s, on a connection that is kept', async (_, afterwards) => {
    const base = await start((req, res, next) => {
      (req.session as { seen?: boolean }).seen = true;
      res.send('the answer');
      afterwards(req, res, next);
    });
    // As in Node, such a connection is closed with the answer.
    expect(await (await fetch(base)).text()).toBe('the answer');
    expect(await (await fetch(base)).text()).toBe('the answer');
  });

  it('is answered with the error where the session cannot be stored', async () => {
    const base = await start((req, res, next) => {
      (req.session as { bad?: unknown }).bad = 1n;
      res.send('lost');
      next(new Error('late'));
    });
    expect((await rawRequest(base, '/', [])).status).toBe(500);
  });
});

describe.each(ADAPTER_NAMES)('a handler of Nest on %s that has answered', (adapter) => {
  let site: AnySite;
  afterEach(() => site.close());

  it.each(Object.entries(AFTERWARDS).filter(([name]) => name !== 'calls next(error)'))(
    'and then %s: the client gets the answer',
    async (_, afterwards) => {
      site = await siteOn(adapter)(await BACKENDS.memory());
      site.handle('late', ({ session, res, takeOver }) => {
        session.seen = true;
        if (adapter === 'express') void res.send('the answer');
        const raw = takeOver();
        if (adapter === 'fastify') raw.end('the answer');
        afterwards(raw.req, raw, () => undefined);
      });
      const answer = await rawRequest(site.base, '/raw/late', []);
      expect(answer).toMatchObject({ ...ANSWER, setCookies: [expect.stringContaining('sid=')] });
    },
  );
});
