import express, { type NextFunction, type Request, type Response } from 'express';
import expressSession from 'express-session';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExpressSessionStore } from '../../../../lib/express/index.js';
import { MemorySessionStore, type SessionModuleOptions } from '../../../../lib/index.js';
import { Client } from '../../../support/client.js';
import { openSite, SECRET, type Site } from '../../../support/site.js';

/** The name of the cookie on both sides. */
export const NAME = 'connect.sid';

/** An application with `SessionModule` over a store for express-session. */
export function openNew(
  store: ExpressSessionStore | SessionModuleOptions['store'],
  options: Partial<SessionModuleOptions> = {},
): Promise<Site> {
  const unused = { kind: 'unused', store: new MemorySessionStore(), close: () => Promise.resolve() };
  return openSite(unused, { name: NAME, store: store!, ...options });
}

interface OldSession extends Record<string, unknown> {
  destroy(callback: (error?: Error) => void): void;
  regenerate(callback: (error?: Error) => void): void;
  cookie: Record<string, unknown>;
}

export type OldRequest = Request & { session: OldSession; sessionID: string };

export interface OldSite {
  readonly base: string;
  /** What reached the error handler. */
  readonly errors: unknown[];
  handle(name: string, handler: (req: OldRequest) => unknown): void;
  client(): Client;
  close(): Promise<void>;
}

type Middleware = (req: Request, res: Response, next: NextFunction) => void;

/** An application with the real express-session over a store. Its paths are those of the new one. */
export async function openOld(store: ExpressSessionStore, options: object = {}): Promise<OldSite> {
  const errors: unknown[] = [];
  const handlers = new Map<string, (req: OldRequest) => unknown>(Object.entries(USUAL));
  const app = express();
  const settings = { secret: SECRET, store, resave: false, saveUninitialized: false, ...options };
  app.use(express.json());
  app.use((expressSession as (options: object) => Middleware)(settings));
  app.all('/run/:name', async (req, res) => {
    const answer = await handlers.get(req.params.name)!(req as unknown as OldRequest);
    res.json(answer ?? null);
  });
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
    errors.push(error);
    if (!res.headersSent) res.status(500).json({ error: error.message });
  });
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    base,
    errors,
    handle: (name, handler) => void handlers.set(name, handler),
    client: () => new Client(base),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const USUAL: Record<string, (req: OldRequest) => unknown> = {
  read: ({ session }) => withoutCookie(session),
  set: ({ session, body }) => void Object.assign(session, body),
  cookie: ({ session: { cookie } }) => ({ ...(cookie.data as object) }),
  facts: ({ sessionID }) => ({ id: sessionID }),
  logout: ({ session }) => called((done) => session.destroy(done)),
  login: async (req) => {
    await called((done) => req.session.regenerate(done));
    Object.assign(req.session, req.body);
  },
};

function withoutCookie({ cookie: _, ...data }: Record<string, unknown>): Record<string, unknown> {
  return data;
}

function called(run: (done: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}

/** The same browser, with the same jar of cookies, at another instance. */
export function at({ base }: { readonly base: string }, browser: Client): Client {
  return Object.assign(new Client(base), { cookies: browser.cookies });
}

/** The session id in a browser's cookie. */
export function idOf(browser: Client): string {
  const value = decodeURIComponent(browser.cookies.get(NAME) ?? '');
  return value.slice(2, value.lastIndexOf('.'));
}
