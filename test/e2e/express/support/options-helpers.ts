import { createServer, IncomingMessage, request as send, type Server, ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { jest } from '@jest/globals';
import { sign, unsign } from 'cookie-signature';
import { Client } from '../../../support/client.js';
import { NEST_SESSION, PEERS, type Req, serve, type Served, type SessionFunction } from './peers.js';

export const SECRET = 'keyboard cat';

/** Nothing is stored and no cookie is sent unless a test asks for it. */
export const QUIET = { secret: SECRET, resave: false, saveUninitialized: false };

/** The drop-in alone, for what it does better than its peer on purpose. */
export const DROP_IN = PEERS.filter(([, session]) => session === NEST_SESSION);

export type Middleware = (req: unknown, res: unknown, next: (error?: unknown) => void) => void;
type Callback = (error?: unknown, value?: unknown) => void;

export interface Row {
  cookie: Record<string, unknown>;
  [name: string]: unknown;
}

export interface Store {
  get(id: string, callback: Callback): void;
  set(id: string, session: unknown, callback?: Callback): void;
  touch?(id: string, session: unknown, callback?: Callback): void;
  destroy(id: string, callback?: Callback): void;
  all?(callback: Callback): void;
}

/** The session function as one that takes whatever is tried on it. */
export function middleware(session: SessionFunction, options?: unknown): Middleware {
  return (session as unknown as (options: unknown) => Middleware)(options);
}

export function memoryStore(session: SessionFunction): Store {
  const { MemoryStore } = session as unknown as { MemoryStore: new () => Store };
  return new MemoryStore();
}

/** A store over rows of JSON that outlive it, as a database is for several processes. */
export function databaseStore(session: SessionFunction, rows: Map<string, string>): Store {
  const { Store: Base } = session as unknown as { Store: new () => object };
  const row = (id: string): unknown => (rows.has(id) ? JSON.parse(rows.get(id)!) : null);
  const methods: Omit<Required<Store>, 'all'> = {
    get: (id, callback) => void setImmediate(() => callback(null, row(id))),
    set: (id, data, callback) => {
      rows.set(id, JSON.stringify(data));
      setImmediate(() => callback?.());
    },
    touch: (id, { cookie }: Row, callback) => {
      if (rows.has(id)) rows.set(id, JSON.stringify({ ...(row(id) as Row), cookie }));
      setImmediate(() => callback?.());
    },
    destroy: (id, callback) => {
      rows.delete(id);
      setImmediate(() => callback?.());
    },
  };
  return Object.assign(new Base(), methods);
}

export interface Calls {
  set: number;
  touch: number;
  destroy: number;
}

/** Counts the calls of a store from here on. */
export function count(store: Store): Calls {
  const calls: Calls = { set: 0, touch: 0, destroy: 0 };
  for (const name of ['set', 'touch', 'destroy'] as const) {
    const method = store[name]?.bind(store) as ((...args: unknown[]) => void) | undefined;
    if (!method) continue;
    store[name] = (...args: unknown[]): void => {
      calls[name]++;
      method(...args);
    };
  }
  return calls;
}

export type Routes = Record<string, (req: Req, res: ServerResponse) => unknown>;

const ROUTES: Routes = {
  change: (req) => {
    req.session.n = (req.session.n ?? 0) + 1;
  },
};

export interface Site extends Served {
  readonly client: () => Client;
  readonly store: Store;
  readonly calls: Calls;
  /** What the store holds, by id, as the JSON that it is. */
  readonly rows: () => Promise<Record<string, Row>>;
  /** A browser whose session has `n: 1`, after which the calls are counted from 0. */
  readonly visitor: () => Promise<Client>;
}

/**
 * A server whose last path segment chooses what its handler does with the session: `change` adds to `n`, a name in
 * `routes` does that, any other one looks on. It answers with the id and the data, unless the route has answered.
 */
export async function site(
  session: SessionFunction,
  options: object = {},
  routes: Routes = {},
  before?: (req: Req, res: ServerResponse) => void,
): Promise<Site> {
  const { store }: { store: Store } = { store: memoryStore(session), ...options };
  const calls = count(store);
  const all: Routes = { ...ROUTES, ...routes };
  const merged: object = { ...QUIET, store, ...options };
  const served = await serve(
    session,
    merged,
    async (req, res) => {
      const { pathname } = new URL(req.url ?? '/', 'http://site');
      await all[pathname.slice(pathname.lastIndexOf('/') + 1)]?.(req, res);
      if (!res.writableEnded) res.end(answerOf(req));
    },
    before,
  );
  return {
    ...served,
    client: () => new Client(served.base),
    store,
    calls,
    rows: () =>
      new Promise((resolve, reject) => {
        store.all!((error, rows) => {
          if (error instanceof Error) reject(error);
          else resolve(JSON.parse(JSON.stringify(rows)) as Record<string, Row>);
        });
      }),
    async visitor() {
      const client = new Client(served.base);
      await client.get('/change');
      Object.assign(calls, { set: 0, touch: 0, destroy: 0 });
      return client;
    },
  };
}

/** What a handler can tell of its session, as JSON. */
export function answerOf(req: Req): string {
  return JSON.stringify({ id: req.sessionID, data: req.session ?? null });
}

/** Calls a method of the session with a callback. */
export function call(req: Req, method: 'save' | 'reload' | 'regenerate' | 'destroy'): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = req.session as Record<typeof method, (callback: (error?: Error) => void) => unknown>;
    session[method]((error) => (error ? reject(error) : resolve()));
  });
}

/** For `before`: a request with the header `x-tls` came over an encrypted connection. */
export function tls(req: Req): void {
  Object.assign(req.socket, { encrypted: req.headers['x-tls'] === '1' });
}

/** The attributes of a Set-Cookie header, without name and value. */
export function attributes(line: string | undefined): string[] {
  return (line ?? '').split('; ').slice(1);
}

/** The signed value of a Set-Cookie header or of a cookie, decoded. */
export function signed(line: string): string {
  const [pair = ''] = line.split(';');
  return decodeURIComponent(pair.slice(pair.indexOf('=') + 1));
}

/** The id in a Set-Cookie header, `false` where it is not signed with the secret. */
export function idIn(line: string, secret: string | Buffer = SECRET): string | false {
  return unsign(signed(line).slice(2), secret);
}

/** A cookie as a browser would send it, signed. */
export function cookieFor(id: string, secret = SECRET, name = 'connect.sid'): string {
  return `${name}=${encodeURIComponent(`s:${sign(id, secret)}`)}`;
}

/** Stops the time that `Date` tells; timers go on. To be undone with `jest.useRealTimers()`. */
export function freeze(time: string): void {
  jest.useFakeTimers({
    now: Date.parse(time),
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}

/** Waits for what comes right after a response. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !condition(); turn++) await new Promise(setImmediate);
}

/** A promise and the function that fulfils it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** What a middleware throws or passes to `next` for a request that nobody answers. */
export function failureOf(run: Middleware): Promise<unknown> {
  const req = new IncomingMessage(new Socket());
  req.url = '/';
  return new Promise((resolve) => {
    try {
      run(req, new ServerResponse(req), resolve);
    } catch (error) {
      resolve(error);
    }
  });
}

export interface RawAnswer {
  status: number | undefined;
  setCookies: string[];
  text: string;
}

/** A request exactly as it is told, where `fetch` would tidy it up. */
export function raw(
  base: string,
  path: string,
  headers: Record<string, string | string[]> = {},
  method = 'GET',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    const request = send({ hostname, port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, setCookies: response.headers['set-cookie'] ?? [], text });
      });
    });
    request.on('error', reject).end();
  });
}

const servers = new Set<Server>();

/** Serves an Express application. */
export async function listen(app: unknown): Promise<{ base: string; client: () => Client }> {
  const server = createServer(app as () => void);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.add(server);
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { base, client: () => new Client(base) };
}

/** Stops what {@link listen} started; for `afterEach`. */
export async function stopListening(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers.clear();
}
