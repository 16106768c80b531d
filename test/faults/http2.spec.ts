import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import {
  connect,
  constants,
  createSecureServer,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { SESSION_MIDDLEWARE, SessionModule } from '../../lib/index.js';
import type { SessionMiddleware } from '../../lib/http/session.middleware.js';
import type { SessionRequest } from '../../lib/http/request-session.js';
import { type FailingStore, failingStore } from '../../lib/testing/index.js';
import { type AnySession, deferred, SECRET } from '../support/site.js';
import { selfSigned } from './support/certificate.js';

type Handler = (session: AnySession, res: Http2ServerResponse, req: Http2ServerRequest) => unknown;

interface Reply {
  readonly headers: IncomingHttpHeaders & { ':status'?: number };
  readonly body: string;
}

/** The plain middleware on the compatibility API of `node:http2`, with nothing in between. */
describe.each(['cleartext', 'secure'] as const)('HTTP/2 (%s)', (kind) => {
  let module: TestingModule;
  let store: FailingStore;
  let server: Http2Server;
  let browser: ClientHttp2Session;
  let handler: Handler;
  let cookie: string;
  let complaints: unknown[];

  const note = (complaint: unknown): void => void complaints.push(complaint);

  beforeEach(async () => {
    store = failingStore();
    module = await Test.createTestingModule({
      imports: [
        SessionModule.forRoot({
          secret: SECRET,
          store,
          ...(kind === 'secure' && { cookie: { secure: true } }),
        }),
      ],
    }).compile();
    const middleware = module.get<SessionMiddleware>(SESSION_MIDDLEWARE);
    const listener = (req: Http2ServerRequest, res: Http2ServerResponse): void => {
      const answer = (error?: unknown): void => {
        if (error === undefined) {
          void Promise.resolve(handler((req as unknown as { session: AnySession }).session, res, req)).catch(
            answer,
          );
          return;
        }
        res.statusCode = (error as { statusCode?: number }).statusCode ?? 500;
        res.end((error as Error).name);
      };
      middleware(req as unknown as SessionRequest, res as unknown as ServerResponse, answer);
    };
    server = kind === 'secure' ? createSecureServer(selfSigned(), listener) : createServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    browser = connect(`${kind === 'secure' ? 'https' : 'http'}://127.0.0.1:${port}`, {
      rejectUnauthorized: false,
    });
    cookie = '';
    complaints = [];
    process.on('unhandledRejection', note);
    process.on('warning', note);
  });
  afterEach(async () => {
    await new Promise<void>((resolve) => browser.close(resolve));
    await new Promise((resolve) => server.close(resolve));
    await module.close();
    process.off('unhandledRejection', note);
    process.off('warning', note);
    jest.restoreAllMocks();
    expect(complaints).toEqual([]);
  });

  function begin(headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = browser.request({ ...(cookie && { cookie }), ...headers });
    stream.end();
    return stream;
  }

  async function replyOf(stream: ClientHttp2Stream): Promise<Reply> {
    const [headers] = (await once(stream, 'response')) as [Reply['headers']];
    let body = '';
    for await (const chunk of stream) body += String(chunk);
    const [line] = headers['set-cookie'] ?? [];
    if (line !== undefined) cookie = line.split(';')[0]!;
    return { headers, body };
  }

  const ask = (headers?: OutgoingHttpHeaders): Promise<Reply> => replyOf(begin(headers));

  async function stored(): Promise<unknown> {
    handler = (session, res) => res.end(JSON.stringify(session));
    return JSON.parse((await ask()).body);
  }

  it('keeps a session, and its cookie fits the connection', async () => {
    handler = (session, res) => {
      session.start = true;
      res.setHeader('content-type', 'text/plain');
      res.end('hello');
    };
    const { headers, body } = await ask();
    expect(body).toBe('hello');
    expect(headers).toMatchObject({
      ':status': 200,
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      vary: 'Cookie',
    });
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(kind === 'secure' ? /^__Host-sid=.*; Secure/ : /^sid=(?!.*; Secure)/),
    ]);
    expect(await stored()).toEqual({ start: true });
  });

  it('stores before the first byte, however that is sent', async () => {
    const ways: Record<string, Handler> = {
      writeHead: (_, res) => void res.writeHead(201, { 'x-way': 'writeHead' }).end('sent'),
      write: (_, res) => {
        res.write('se');
        res.end('nt');
      },
      flushHeaders: (_, res) => {
        (res as unknown as ServerResponse).flushHeaders(); // missing in the types of Node
        res.end('sent');
      },
    };
    for (const [way, send] of Object.entries(ways)) {
      store.hang({ only: ['create', 'update'] });
      handler = (session, res, req) => {
        session[way] = true;
        return send(session, res, req);
      };
      const stream = begin();
      let isAnswered = false;
      stream.on('response', () => (isAnswered = true));
      const reply = replyOf(stream);
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      expect(isAnswered).toBe(false);
      store.recover();
      expect(await reply).toMatchObject({
        body: 'sent',
        headers: way === 'writeHead' ? { ':status': 201, 'x-way': way } : { ':status': 200 },
      });
      expect(await stored()).toMatchObject({ [way]: true });
    }
  });

  it('answers 503 with Retry-After where the store fails, when it loads and when it stores', async () => {
    handler = (session, res) => res.end(String((session.start = 'now')));
    await ask();
    for (const only of [['read'], ['update']] as const) {
      handler = (session, res) => {
        session.later = only;
        res.setHeader('etag', '"lost"');
        res.end('lost');
      };
      store.fail({ only });
      const { headers, body } = await ask();
      expect(body).toBe('SessionStoreError');
      expect(headers).toMatchObject({ ':status': 503, 'retry-after': '1' });
      expect(headers.etag).toBeUndefined();
      store.recover();
    }
    expect(await stored()).toEqual({ start: 'now' });
  });

  it('reads a cookie that comes in crumbs (RFC 9113, section 8.2.3), and many requests at once on one connection', async () => {
    handler = (session, res) => res.end(String((session.start = 'now')));
    await ask();
    handler = async (session, res) => {
      const count = await session.update((s) => (s.count = ((s.count as number | undefined) ?? 0) + 1));
      res.end(String(count));
    };
    const crumbs = { cookie: ['one=1', cookie, 'two=2'] } as unknown as OutgoingHttpHeaders;
    const replies = await Promise.all(Array.from({ length: 30 }, () => ask(crumbs)));
    const counts = replies.map(({ body }) => Number(body)).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(await stored()).toEqual({ start: 'now', count: 30 });
  });

  it('gives HEAD the head alone, with its cookie', async () => {
    handler = (session, res) => res.end(String((session.start = 'now')));
    const { headers, body } = await ask({ ':method': 'HEAD' });
    expect(body).toBe('');
    expect(headers['set-cookie']).toHaveLength(1);
    expect(await stored()).toEqual({ start: 'now' });
  });

  it('stores what a request changes whose stream is reset, and goes on with the connection', async () => {
    handler = (session, res) => res.end(String((session.start = 'now')));
    await ask();
    const [reached, go] = [deferred(), deferred()];
    handler = async (session, res) => {
      reached.resolve();
      await go.promise;
      session.late = 1;
      res.end('late');
    };
    const stream = begin();
    stream.on('error', () => undefined); // what a reset shows as
    await reached.promise;
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, 'close');
    go.resolve();
    while (!Object.hasOwn((await stored()) as object, 'late'));
    expect(await stored()).toEqual({ start: 'now', late: 1 });
  });

  it('streams to a slow reader, and stores what changes until the end', async () => {
    const chunk = 'x'.repeat(256 * 1024);
    handler = async (session, res) => {
      session.before = 1;
      for (let index = 0; index < 20; index++) if (!res.write(chunk)) await once(res, 'drain');
      session.after = 1;
      res.end('end');
    };
    const stream = begin();
    const [headers] = (await once(stream, 'response')) as [Reply['headers']];
    cookie = headers['set-cookie']![0]!.split(';')[0]!;
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    let length = 0;
    for await (const part of stream) length += (part as Buffer).length;
    expect(length).toBe(20 * chunk.length + 3);
    expect(await stored()).toEqual({ before: 1, after: 1 });
  });

  it('is cut off where what changed after the first byte cannot be stored', async () => {
    handler = (session, res) => res.end(String((session.start = 'now')));
    await ask();
    handler = async (session, res) => {
      await new Promise((resolve) => res.write('first', resolve));
      session.after = 1;
      store.fail({ only: ['update'] });
      res.end('last');
    };
    const stream = begin();
    stream.resume();
    const [error] = (await once(stream, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_HTTP2_STREAM_ERROR');
    store.recover();
    expect(await stored()).toEqual({ start: 'now' });
  });
});
