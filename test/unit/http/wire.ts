import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  ServerResponse,
} from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { types } from 'node:util';
import type { ResponseGate } from '../../../lib/http/response-hold.js';

export interface Deferred<T = void> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

export function defer<T = void>(): Deferred<T> {
  const deferred = {} as Deferred<T>;
  deferred.promise = new Promise<T>((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  deferred.promise.catch(() => undefined); // a test may not get to wait for it
  return deferred;
}

/** Lets everything that is ready run, without waiting for time to pass. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

const servers = new Set<Server>();

/** The prototype of the responses of a server; undefined for Node's own. */
type Prototypes = () => object | undefined;

/** Responses as frameworks make them of Node's. */
export const RESPONSES: Record<string, Prototypes> = {
  "of Node's own prototype": () => undefined,
  'of a prototype as Express gives them': () => Object.create(express) as object,
  'of an application mounted in another': () => Object.create(Object.create(express) as object) as object,
};

/** As all Express applications share it. */
const express = Object.create(ServerResponse.prototype) as object;

let prototypes: Prototypes = () => undefined;

/** What responses of the servers to come are like. */
export function respondWith(kind: Prototypes): void {
  prototypes = kind;
}

/** Listens on a free port of the loopback interface until {@link closeServers}. */
export async function serve(handler: Handler, options: ServerOptions = {}): Promise<number> {
  const prototype = prototypes();
  const server = createServer(options, (req, res) => {
    if (prototype !== undefined) Object.setPrototypeOf(res, prototype);
    handler(req, res);
  });
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function closeServers(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers.clear();
}

/** A client that shows the bytes. */
export class Wire {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  private bytes = '';
  private onData: (() => void) | undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (data) => {
      this.bytes += data.toString('latin1');
      this.onData?.();
    });
    // A reset is one of the ways in which a destroyed response shows.
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  get received(): string {
    return this.bytes;
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Resolves once the text was received. */
  async until(text: string): Promise<string> {
    while (!this.bytes.includes(text)) {
      await Promise.race([
        new Promise<void>((resolve) => (this.onData = resolve)),
        this.closed.then(() => {
          if (!this.bytes.includes(text)) throw new Error(`Closed before ${text}: ${this.bytes}`);
        }),
      ]);
    }
    return this.bytes;
  }
}

/** Sends one request and returns the bytes of the whole answer. */
export async function ask(port: number, { method = 'GET', path = '/', headers = '', version = '1.1' } = {}) {
  const wire = new Wire(port);
  wire.send(`${method} ${path} HTTP/${version}\r\nHost: test\r\nConnection: close\r\n${headers}\r\n`);
  await wire.closed;
  return parse(wire.received);
}

export interface Answer {
  status: string;
  /** The header lines but Date, sorted: only the order of those with the same name has a meaning. */
  headers: string[];
  body: string;
}

export function parse(bytes: string): Answer {
  const end = bytes.indexOf('\r\n\r\n');
  const [status = '', ...lines] = bytes.slice(0, end < 0 ? 0 : end).split('\r\n');
  const name = (line: string) => line.slice(0, line.indexOf(':')).toLowerCase();
  const headers = lines.filter((line) => name(line) !== 'date');
  headers.sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  return { status, headers, body: bytes.slice(end < 0 ? 0 : end + 4) };
}

/** A gate that notes what it is asked, and by default has nothing to wait for. */
export class TestGate implements ResponseGate {
  constructor(
    private readonly log: string[],
    private readonly overrides: Partial<ResponseGate>,
  ) {}

  commit(headersSent: boolean): Promise<void> | undefined {
    this.log.push(`commit(${String(headersSent)})`);
    return this.overrides.commit?.(headersSent);
  }

  beforeHead(): void {
    this.log.push('beforeHead');
    this.overrides.beforeHead?.();
  }

  fail(error: unknown): void {
    this.log.push(`fail(${types.isNativeError(error) ? error.message : String(error)})`);
    this.overrides.fail?.(error);
  }
}
