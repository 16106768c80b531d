import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import expressSession from 'express-session';
import session from '../../../../lib/express/index.js';
import { Client } from '../../../support/client.js';
import { TRIES_PARITY } from '../../../support/scope.js';

export type SessionFunction = typeof session;
export type Options = NonNullable<Parameters<SessionFunction>[0]>;

export const EXPRESS_SESSION = expressSession as SessionFunction;
export const NEST_SESSION = session;

/**
 * The drop-in, and for the sake of parity the peer: what both do is then tried on both, so that no test holds a wrong belief
 * (`npm run test:express-parity`).
 */
export const PEERS: [name: string, session: SessionFunction][] = [
  ...(TRIES_PARITY ? ([['express-session', EXPRESS_SESSION]] as [string, SessionFunction][]) : []),
  ['nest-session/express', NEST_SESSION],
];

/* eslint-disable @typescript-eslint/no-explicit-any -- sessions and requests are looked at freely in these tests */
export type Req = IncomingMessage & {
  session: any;
  sessionID: string;
  sessionStore: any;
  [name: string]: any;
};
export type Handler = (req: Req, res: ServerResponse) => unknown;

export interface Served {
  readonly base: string;
  readonly server: Server;
  /** What was passed to `next(error)`. */
  readonly errors: unknown[];
  readonly client: () => Client;
}

const servers = new Set<Server>();

/**
 * A plain server with the session middleware before the handler. An error is answered with its message, status 500,
 * unless the response has begun; `before` runs first, as an earlier middleware does.
 */
export async function serve(
  session: SessionFunction,
  options: Options | undefined,
  handler: Handler,
  before?: (req: Req, res: ServerResponse) => void,
): Promise<Served> {
  const middleware = session(options);
  const errors: unknown[] = [];
  const server = createServer((raw, res) => {
    const req = raw as Req;
    const failed = (error: unknown): void => {
      errors.push(error);
      if (res.headersSent) return;
      res.statusCode = 500;
      res.end(error instanceof Error ? error.message : String(error));
    };
    try {
      before?.(req, res);
      middleware(req, res, (error?: unknown) => {
        if (error !== undefined && error !== null) return failed(error);
        Promise.resolve()
          .then(() => handler(req, res))
          .catch(failed);
      });
    } catch (error) {
      failed(error);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.add(server);
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}`;
  return { base, server, errors, client: () => new Client(base) };
}

/** Stops what {@link serve} started; for `afterEach`. */
export async function stopServers(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers.clear();
}
