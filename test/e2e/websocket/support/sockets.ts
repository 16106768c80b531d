import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { once } from 'node:events';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

/** What a client is told: the answer to a message, or an exception. */
export interface Reply {
  readonly event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a server answers is looked at freely in tests
  readonly data: any;
}

/** A browser's end of a WebSocket. */
export interface TestSocket {
  /** Sends a message and waits for what comes next. */
  ask(event: string, data?: object): Promise<Reply>;
  /** What comes next. */
  next(): Promise<Reply>;
  /** Settles when the server has closed it. */
  readonly closed: Promise<unknown>;
  close(): void;
}

export type Headers = Record<string, string>;

/** A way to speak over WebSockets: an adapter of Nest, and a client for it. */
export interface Transport {
  readonly name: string;
  adapter(app: INestApplication): IoAdapter | WsAdapter;
  connect(base: string, headers: Headers): Promise<TestSocket>;
  /** Closes a client, as the gateway has it. */
  disconnect(client: never): void;
}

class Inbox {
  readonly #waiting: ((reply: Reply) => void)[] = [];
  readonly #come: Reply[] = [];

  add(reply: Reply): void {
    const first = this.#waiting.shift();
    if (first) first(reply);
    else this.#come.push(reply);
  }

  next(): Promise<Reply> {
    const first = this.#come.shift();
    return first ? Promise.resolve(first) : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

async function connectIo(base: string, headers: Headers, transports: string[]): Promise<TestSocket> {
  const socket = io(base, { extraHeaders: headers, transports, reconnection: false, forceNew: true });
  const inbox = new Inbox();
  socket.onAny((event: string, data: unknown) => inbox.add({ event, data }));
  const closed = new Promise((resolve) => socket.once('disconnect', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    ask(event, data) {
      const reply = inbox.next();
      socket.emit(event, data);
      return reply;
    },
    next: () => inbox.next(),
    closed,
    close: () => void socket.disconnect(),
  };
}

async function connectWs(base: string, headers: Headers): Promise<TestSocket> {
  const socket = new WebSocket(base.replace('http', 'ws'), { headers });
  const inbox = new Inbox();
  socket.on('message', (text: Buffer) => inbox.add(JSON.parse(text.toString()) as Reply));
  const closed = once(socket, 'close');
  await once(socket, 'open');
  return {
    ask(event, data) {
      const reply = inbox.next();
      socket.send(JSON.stringify({ event, data }));
      return reply;
    },
    next: () => inbox.next(),
    closed,
    close: () => socket.close(),
  };
}

type IoServer = ReturnType<IoAdapter['createIOServer']>;

/** Where a client begins with requests and asks no more, socket.io would hold the process for half a minute. */
class PromptIoAdapter extends IoAdapter {
  override createIOServer(...args: Parameters<IoAdapter['createIOServer']>): IoServer {
    const server = super.createIOServer(...args);
    server.engine.on('connection', ({ transport }: { transport: { closeTimeout?: number } }) => {
      if (transport.closeTimeout !== undefined) transport.closeTimeout = 100;
    });
    return server;
  }
}

const socketIo = {
  adapter: (app: INestApplication) => new PromptIoAdapter(app),
  disconnect: (client: { disconnect(close: boolean): void }) => client.disconnect(true),
};

export const TRANSPORTS: readonly [Transport, Transport, Transport] = [
  {
    name: 'socket.io, beginning with requests',
    ...socketIo,
    connect: (base, headers) => connectIo(base, headers, ['polling', 'websocket']),
  },
  {
    name: 'socket.io, WebSocket alone',
    ...socketIo,
    connect: (base, headers) => connectIo(base, headers, ['websocket']),
  },
  {
    name: 'ws',
    adapter: (app) => new WsAdapter(app),
    connect: connectWs,
    disconnect: (client: WebSocket) => client.close(),
  },
];
