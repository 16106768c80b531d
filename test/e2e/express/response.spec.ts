import { afterEach, describe, expect, it } from '@jest/globals';
import compression from 'compression';
import express from 'express';
import express4 from 'express4';
import { createServer, request as httpRequest, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from '../../support/client.js';
import dropIn from '../../../lib/express/index.js';
import { PEERS, type SessionFunction, stopServers } from './support/peers.js';
import {
  as,
  serializingOnce,
  called,
  deferred,
  fakeStore,
  idsOf,
  OPTIONS,
  type Route,
  site,
  slowly,
  until,
  type Visit,
} from './support/store-helpers.js';

const servers: Server[] = [];

describe('response', () => {
  afterEach(async () => {
    await stopServers();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  /** What a route does to the response of a request whose session it has changed. */
  type Answer = (res: ServerResponse, req: Visit) => unknown;

  const changed = (answer: Answer): Route => {
    return async (req, res) => {
      req.session.color = 'green';
      await answer(res, req);
    };
  };
  const read: Route = (req) => ({ ...req.session, cookie: undefined });

  interface Whole {
    readonly status: number;
    readonly statusText: string;
    readonly headers: Headers;
    readonly text: string;
    readonly bytes: Buffer;
    readonly ids: string[];
  }

  async function fetchWhole(url: string, init: RequestInit = {}): Promise<Whole> {
    const response = await fetch(url, { redirect: 'manual', ...init });
    const bytes = Buffer.from(await response.arrayBuffer());
    const { status, statusText, headers } = response;
    return { status, statusText, headers, bytes, text: bytes.toString(), ids: idsOf(headers.getSetCookie()) };
  }

  /** The response to a new visitor whose session is changed, and the ids of the rows when all of it had arrived. */
  async function receive(
    session: SessionFunction,
    answer: Answer,
    init?: RequestInit,
    before?: (req: Visit, res: ServerResponse) => void,
  ): Promise<Whole & { readonly stored: string[] }> {
    const store = fakeStore(session, slowly);
    const { base, errors } = await site(session, { '/': changed(answer) }, { store }, before);
    const whole = await fetchWhole(`${base}/`, init);
    const stored = [...store.rows.keys()];
    expect(whole.ids).toHaveLength(1);
    await until(() => store.rows.size > 0);
    expect([...store.rows.keys()]).toEqual(whole.ids);
    expect(errors).toEqual([]);
    return { ...whole, stored };
  }

  /** The same, where the row has to be there by then, however slow the store. */
  async function respond(...args: Parameters<typeof receive>): Promise<Whole> {
    const { stored, ...whole } = await receive(...args);
    expect(stored).toEqual(whole.ids);
    return whole;
  }

  const empty: Answer = (res) => {
    res.setHeader('Content-Length', 0);
    res.end('');
  };
  const streamOfKnownLength: Answer = (res) => {
    res.setHeader('Content-Length', 9);
    Readable.from(['some ', 'text']).pipe(res);
  };

  describe.each(PEERS)('%s: the response', (_, session) => {
    describe('of res.end()', () => {
      it('without anything is empty', async () => {
        const { status, text } = await respond(session, (res) => void res.end());
        expect([status, text]).toEqual([200, '']);
      });

      it.each([null, undefined])('with %p is empty', async (chunk) => {
        expect((await respond(session, (res) => void res.end(chunk))).text).toBe('');
      });

      it('with an empty text is empty', async () => {
        expect((await respond(session, (res) => void res.end(''))).text).toBe('');
      });

      it('with text is the text', async () => {
        expect((await respond(session, (res) => void res.end('ünï☃'))).text).toBe('ünï☃');
      });

      it('with a Buffer is its bytes', async () => {
        const buffer = Buffer.from([0, 255, 128, 10]);
        expect((await respond(session, (res) => void res.end(buffer))).bytes).toEqual(buffer);
      });

      it('with a Uint8Array is its bytes', async () => {
        const array = new Uint8Array([1, 2, 3]);
        expect([...(await respond(session, (res) => void res.end(array))).bytes]).toEqual([1, 2, 3]);
      });

      it.each<[BufferEncoding, string, string]>([
        ['utf8', 'é', 'c3a9'],
        ['latin1', 'é', 'e9'],
        ['hex', 'c0ffee', 'c0ffee'],
        ['base64', 'wP/u', 'c0ffee'],
        ['utf16le', 'a', '6100'],
      ])('with text and the encoding %s is its bytes', async (encoding, text, hex) => {
        const { bytes } = await respond(session, (res) => void res.end(text, encoding));
        expect(bytes.toString('hex')).toBe(hex);
      });

      it('with text and an encoding is its bytes when the store answers at once, too', async () => {
        const store = fakeStore(session, serializingOnce);
        const { base } = await site(
          session,
          { '/': changed((res) => void res.end('c0ffee', 'hex')) },
          { store },
        );
        expect((await fetchWhole(`${base}/`)).bytes.toString('hex')).toBe('c0ffee');
      });

      it('with text, an encoding and Content-Length is its bytes', async () => {
        const { bytes, headers } = await respond(session, (res) => {
          res.setHeader('content-length', 3);
          res.end('c0ffee', 'hex');
        });
        expect([bytes.toString('hex'), headers.get('content-length')]).toEqual(['c0ffee', '3']);
      });

      it('called again is what it was at first', async () => {
        const { text } = await respond(session, (res) => {
          res.end('first');
          res.end('second');
        });
        expect(text).toBe('first');
      });

      it('called again later is what it was at first', async () => {
        const again = deferred();
        const { text } = await respond(session, (res) => {
          res.end('first');
          setTimeout(() => {
            res.end('second');
            again.resolve();
          }, 5);
        });
        await again.promise;
        expect(text).toBe('first');
      });

      it('stores once, however often it is called', async () => {
        const store = fakeStore(session);
        const { base } = await site(
          session,
          {
            '/': changed((res) => {
              for (let call = 0; call < 3; call++) res.end('text');
            }),
          },
          { store },
        );
        await fetchWhole(`${base}/`);
        expect(store.calls).toEqual(['set']);
      });

      it('in a later tick is sent then', async () => {
        const { text } = await respond(session, (res) => void setImmediate(() => res.end('later')));
        expect(text).toBe('later');
      });

      it('announces the end once it is stored', async () => {
        const seen: unknown[] = [];
        const store = fakeStore(session, slowly);
        const finished = deferred();
        const { base } = await site(
          session,
          {
            '/': changed((res) => {
              res.on('finish', () => {
                seen.push(store.rows.size);
                finished.resolve();
              });
              res.end('text');
            }),
          },
          { store },
        );
        await fetchWhole(`${base}/`);
        await finished.promise;
        expect(seen).toEqual([1]);
      });
    });

    describe('of res.write()', () => {
      it('and res.end() is all of it, in order', async () => {
        const { text } = await respond(session, (res) => {
          res.write('one ');
          res.write(Buffer.from('two '));
          res.write('three ');
          res.end('four');
        });
        expect(text).toBe('one two three four');
      });

      it('over several ticks is all of it', async () => {
        const { text } = await respond(session, async (res) => {
          for (const word of ['one ', 'two ']) {
            res.write(word);
            await new Promise((resolve) => setImmediate(resolve));
          }
          res.end();
        });
        expect(text).toBe('one two ');
      });

      it('with an encoding is its bytes', async () => {
        const { bytes } = await respond(session, (res) => {
          res.write('c0ff', 'hex');
          res.write('é', 'latin1');
          res.end('ee', 'hex');
        });
        expect(bytes.toString('hex')).toBe('c0ffe9ee');
      });

      it('with a callback calls it', async () => {
        const written = deferred();
        await respond(session, async (res) => {
          res.write('text', () => written.resolve());
          await Promise.race([written.promise, new Promise((resolve) => setTimeout(resolve, 5))]);
          res.end();
        });
        await written.promise;
      });

      it('and the session changed before res.end(): the change is stored', async () => {
        const store = fakeStore(session, slowly);
        const { client } = await site(
          session,
          {
            '/set': changed((res) => void res.end()),
            '/late': async (req, res) => {
              req.session.color = 'red';
              res.write('some ');
              await new Promise((resolve) => setTimeout(resolve, 5));
              req.session.size = 2;
              res.end('text');
            },
          },
          { store },
        );
        const visitor = client();
        await visitor.get('/set');
        expect((await visitor.get('/late')).text).toBe('some text');
        expect(store.data).toEqual([{ color: 'red', size: 2 }]);
      });

      it('and the session first changed afterwards: the change of a known visitor is stored', async () => {
        const store = fakeStore(session);
        const { client } = await site(
          session,
          {
            '/set': changed((res) => void res.end()),
            '/late': (req, res) => {
              res.write('some ');
              req.session.size = 2;
              res.end('text');
            },
          },
          { store },
        );
        const visitor = client();
        await visitor.get('/set');
        await visitor.get('/late');
        expect(store.data).toEqual([{ color: 'green', size: 2 }]);
      });
    });

    describe('with Content-Length set by the handler', () => {
      it.each([
        ['text', 'plain text', 10],
        ['text of more bytes than letters', 'ünï☃', 8],
        ['a Buffer', Buffer.from('bytes'), 5],
        ['one byte', 'x', 1],
      ])('is %s', async (_name, chunk, length) => {
        const { bytes, headers } = await respond(session, (res) => {
          res.setHeader('Content-Length', length);
          res.end(chunk);
        });
        expect(bytes).toEqual(Buffer.from(chunk));
        expect(headers.get('content-length')).toBe(String(length));
      });

      it('is nothing', async () => {
        const { text, headers } = await receive(session, empty);
        expect([text, headers.get('content-length')]).toEqual(['', '0']);
      });

      it('is all of a stream', async () => {
        const { text, headers } = await receive(session, streamOfKnownLength);
        expect([text, headers.get('content-length')]).toEqual(['some text', '9']);
      });

      it('is all of what was written and ended', async () => {
        const { text, headers } = await respond(session, (res) => {
          res.setHeader('content-length', '8');
          res.write('some');
          res.end('text');
        });
        expect([text, headers.get('content-length')]).toEqual(['sometext', '8']);
      });
    });

    describe('to HEAD', () => {
      const send = (answer: Answer): Promise<Whole> => respond(session, answer, { method: 'HEAD' });

      it('has the headers and no body', async () => {
        const { text, headers, status } = await send((res) => {
          res.setHeader('content-length', 100);
          res.setHeader('x-test', 'yes');
          res.end();
        });
        expect([status, text, headers.get('content-length'), headers.get('x-test')]).toEqual([
          200,
          '',
          '100',
          'yes',
        ]);
      });

      it('has no body though the handler gives one', async () => {
        expect((await send((res) => void res.end('text'))).text).toBe('');
      });
    });

    it.each([204, 304])('of status %d has no body, and the cookie', async (code) => {
      const { status, text } = await respond(session, (res) => {
        res.statusCode = code;
        res.end();
      });
      expect([status, text]).toEqual([code, '']);
    });

    it('that redirects has its location', async () => {
      const { status, headers } = await respond(session, (res) => {
        res.statusCode = 302;
        res.setHeader('Location', '/elsewhere');
        res.end();
      });
      expect([status, headers.get('location')]).toEqual([302, '/elsewhere']);
    });

    it('has the status text of the handler', async () => {
      const { status, statusText } = await respond(session, (res) => {
        res.statusCode = 418;
        res.statusMessage = 'Short and stout';
        res.end();
      });
      expect([status, statusText]).toEqual([418, 'Short and stout']);
    });

    it('keeps cookies that the handler sets', async () => {
      const { headers } = await respond(session, (res) => {
        res.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2']);
        res.end();
      });
      expect(headers.getSetCookie().slice(0, 2)).toEqual(['a=1; Path=/', 'b=2']);
      expect(headers.getSetCookie()).toHaveLength(3);
    });

    it('keeps one cookie that the handler sets as a text', async () => {
      const { headers } = await respond(session, (res) => {
        res.setHeader('Set-Cookie', 'a=1');
        res.end();
      });
      expect(headers.getSetCookie()).toEqual(['a=1', expect.stringMatching(/^connect\.sid=/)]);
    });

    describe('of res.writeHead()', () => {
      it.each<[string, (res: ServerResponse) => unknown]>([
        ['an object', (res) => res.writeHead(201, { 'x-one': '1', 'X-Two': '2' })],
        ['a list', (res) => res.writeHead(201, ['x-one', '1', 'X-Two', '2'])],
        [
          'a list of pairs',
          (res) =>
            res.writeHead(
              201,
              as<string[]>([
                ['x-one', '1'],
                ['X-Two', '2'],
              ]),
            ),
        ],
        ['a status text and an object', (res) => res.writeHead(201, 'Made', { 'x-one': '1', 'X-Two': '2' })],
      ])('has the headers of %s', async (_name, write) => {
        const { status, headers, text } = await respond(session, (res) => {
          write(res);
          res.end('text');
        });
        expect([status, headers.get('x-one'), headers.get('x-two'), text]).toEqual([201, '1', '2', 'text']);
      });

      it('has its status text', async () => {
        const { statusText } = await respond(session, (res) => void res.writeHead(201, 'Made').end());
        expect(statusText).toBe('Made');
      });

      it.each<[string, (res: ServerResponse) => unknown, string[]]>([
        ['an object with a text', (res) => res.writeHead(200, { 'set-cookie': 'a=1' }), ['a=1']],
        [
          'an object with a list',
          (res) => res.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'] }),
          ['a=1', 'b=2'],
        ],
        ['a list', (res) => res.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']), ['a=1', 'b=2']],
      ])('keeps the cookies of %s', async (_name, write, cookies) => {
        const { headers } = await respond(session, (res) => {
          write(res);
          res.end();
        });
        expect(headers.getSetCookie().slice(0, -1)).toEqual(cookies);
      });

      it('keeps headers that were set before', async () => {
        const { headers } = await respond(session, (res) => {
          res.setHeader('x-one', '1');
          res.setHeader('x-two', 'not this');
          res.writeHead(200, { 'x-two': '2' });
          res.end();
        });
        expect([headers.get('x-one'), headers.get('x-two')]).toEqual(['1', '2']);
      });

      it('may be followed by writes', async () => {
        const { text } = await respond(session, (res) => {
          res.writeHead(200, { 'content-type': 'text/plain' });
          res.write('some ');
          res.end('text');
        });
        expect(text).toBe('some text');
      });
    });

    it('of res.flushHeaders() has the cookie, and what follows', async () => {
      const { text, headers } = await respond(session, async (res) => {
        res.setHeader('x-test', 'yes');
        res.flushHeaders();
        await new Promise((resolve) => setImmediate(resolve));
        res.end('text');
      });
      expect([text, headers.get('x-test')]).toEqual(['text', 'yes']);
    });

    describe('of a stream', () => {
      it('that is piped is all of it', async () => {
        const { text } = await respond(
          session,
          (res) => void Readable.from(['one ', 'two ', 'three']).pipe(res),
        );
        expect(text).toBe('one two three');
      });

      it('in a pipeline is all of it', async () => {
        const { text } = await respond(session, (res) => pipeline(Readable.from(['one ', 'two']), res));
        expect(text).toBe('one two');
      });

      it('that is larger than any buffer is all of it', async () => {
        const chunk = Buffer.alloc(256 * 1024, 'x');
        const { bytes } = await respond(session, (res) =>
          pipeline(Readable.from(Array.from({ length: 20 }, () => chunk)), res),
        );
        expect(bytes.length).toBe(20 * chunk.length);
        expect(bytes.every((byte) => byte === chunk[0])).toBe(true);
      });

      it('that is empty is empty', async () => {
        expect((await respond(session, (res) => void Readable.from([]).pipe(res))).text).toBe('');
      });
    });

    describe('whose methods are patched', () => {
      it('before the middleware: the patch sees all that is sent', async () => {
        const seen: string[] = [];
        const { text } = await respond(
          session,
          (res) => {
            res.write('some ');
            res.end('text');
          },
          {},
          (_req, res) => {
            const end = as<(...args: unknown[]) => ServerResponse>(res.end.bind(res));
            const write = as<(...args: unknown[]) => boolean>(res.write.bind(res));
            res.write = (chunk: unknown, ...rest: unknown[]) => {
              seen.push(String(chunk));
              return write(chunk, ...rest);
            };
            res.end = (...args: unknown[]) => {
              if (args[0]) seen.push(as<string | Buffer>(args[0]).toString());
              return end(...args);
            };
          },
        );
        expect(text).toBe('some text');
        expect(seen.join('')).toBe('some text');
      });

      it('after the middleware: the patch changes what is sent', async () => {
        const { text } = await respond(session, (res) => {
          const end = res.end.bind(res);
          res.end = (chunk?: unknown) => end(as<string>(chunk).toUpperCase());
          res.end('text');
        });
        expect(text).toBe('TEXT');
      });

      it('after the middleware: the patch may end it later', async () => {
        const { text } = await respond(session, (res) => {
          const end = res.end.bind(res);
          res.end = (chunk?: unknown) => {
            setImmediate(() => end(chunk));
            return res;
          };
          res.end('text');
        });
        expect(text).toBe('text');
      });

      const late = (_req: Visit, res: ServerResponse): void => {
        const writeHead = as<(...args: unknown[]) => ServerResponse>(res.writeHead.bind(res));
        res.writeHead = (...args: unknown[]) => {
          res.setHeader('x-late', 'yes');
          return writeHead(...args);
        };
      };

      it('before the middleware: a header set when the headers are written is there', async () => {
        const { headers } = await respond(session, (res) => void res.end('text'), {}, late);
        expect(headers.get('x-late')).toBe('yes');
      });

      it('after the middleware: a header set when the headers are written is there', async () => {
        const { headers } = await respond(session, (res, req) => {
          late(req, res);
          res.end('text');
        });
        expect(headers.get('x-late')).toBe('yes');
      });
    });

    describe('with compression', () => {
      const compress = compression({ threshold: 0 });
      const BODIES: [string, string][] = [
        ['small', 'text'],
        ['large', 'text '.repeat(100_000)],
      ];
      const before = (req: Visit, res: ServerResponse): void =>
        void compress(as<express.Request>(req), as<express.Response>(res), () => undefined);

      it.each(BODIES)('before the middleware is compressed: %s', async (_name, body) => {
        const { text, headers } = await respond(
          session,
          (res) => {
            res.setHeader('content-type', 'text/plain');
            res.end(body);
          },
          {},
          before,
        );
        expect(headers.get('content-encoding')).toMatch(/gzip|br|deflate/);
        expect(text).toBe(body);
      });

      it.each(BODIES)(
        'before the middleware is compressed when it is written in parts: %s',
        async (_name, body) => {
          const { text, headers } = await respond(
            session,
            (res) => {
              res.setHeader('content-type', 'text/plain');
              res.write('begin ');
              res.write(body);
              res.end(' end');
            },
            {},
            before,
          );
          expect(headers.get('content-encoding')).toMatch(/gzip|br|deflate/);
          expect(text).toBe(`begin ${body} end`);
        },
      );

      it.each(BODIES)('after the middleware is compressed: %s', async (_name, body) => {
        const { text, headers } = await respond(session, (res, req) => {
          before(req, res);
          res.setHeader('content-type', 'text/plain');
          res.end(body);
        });
        expect(headers.get('content-encoding')).toMatch(/gzip|br|deflate/);
        expect(text).toBe(body);
      });
    });

    it('to an error of the handler is the error, and the session is stored', async () => {
      const store = fakeStore(session);
      const { client } = await site(
        session,
        {
          '/': changed(() => {
            throw new Error('wrong');
          }),
        },
        { store },
      );
      const { status, text, setCookies } = await client().get('/');
      expect([status, text]).toEqual([500, 'wrong']);
      expect([...store.rows.keys()]).toEqual(idsOf(setCookies));
      expect(store.rows.size).toBe(1);
    });

    it('that nobody waits for any more: the session is stored nevertheless', async () => {
      const store = fakeStore(session);
      const reached = deferred();
      const { base } = await site(
        session,
        {
          '/': changed(async (res) => {
            const closed = new Promise((resolve) => res.once('close', resolve));
            reached.resolve();
            await closed;
            res.end('too late');
          }),
        },
        { store },
      );
      const gone = httpRequest(`${base}/`);
      gone.on('error', () => undefined);
      gone.end();
      await reached.promise;
      gone.destroy();
      await until(() => store.rows.size === 1);
      expect(store.data).toEqual([{ color: 'green' }]);
    });

    it('one after another over one connection all have their own', async () => {
      const { client } = await site(session, {
        '/set': changed((res) => void res.end('text')),
        '/read': read,
      });
      for (let visit = 0; visit < 3; visit++) {
        const visitor = client();
        expect((await visitor.get('/set')).text).toBe('text');
        expect((await visitor.get('/read')).body).toEqual({ color: 'green' });
        expect((await client().get('/read')).body).toEqual({});
      }
    });
  });

  const EXPRESS: [string, typeof express][] = [
    ['Express 5', express],
    ['Express 4', as<typeof express>(express4)],
  ];

  describe.each(PEERS)('%s: in an application', (_, session) => {
    describe.each(EXPRESS)('of %s', (_name, framework) => {
      /** An application whose session store is slow; each route has changed its session. */
      async function open(route: (req: express.Request, res: express.Response) => unknown): Promise<{
        readonly base: string;
        readonly stored: () => string[];
      }> {
        const store = fakeStore(session, slowly);
        const app = framework();
        app.use(as<(options: unknown) => express.RequestHandler>(session)({ ...OPTIONS, store }));
        app.get('/', (req, res) => {
          as<Visit>(req).session.color = 'green';
          route(req, res);
        });
        const server = createServer(as<() => void>(app));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        servers.push(server);
        const { port } = server.address() as AddressInfo;
        return { base: `http://127.0.0.1:${port}`, stored: () => [...store.rows.keys()] };
      }

      it.each<[string, (res: express.Response) => unknown, number, string]>([
        ['res.send() of text', (res) => res.send('<p>ünï</p>'), 200, '<p>ünï</p>'],
        ['res.send() of a Buffer', (res) => res.send(Buffer.from('bytes')), 200, 'bytes'],
        ['res.json()', (res) => res.status(201).json({ a: 1 }), 201, '{"a":1}'],
        ['res.redirect()', (res) => res.redirect('/elsewhere'), 302, 'Found. Redirecting to /elsewhere'],
        ['res.sendStatus()', (res) => res.sendStatus(404), 404, 'Not Found'],
        ['res.end()', (res) => res.end(), 200, ''],
      ])('%s has the cookie, and the row is there', async (_what, answer, status, text) => {
        const { base, stored } = await open((_req, res) => answer(res));
        const whole = await fetchWhole(`${base}/`);
        expect([whole.status, whole.text]).toEqual([status, text]);
        expect(whole.ids).toHaveLength(1);
        expect(stored()).toEqual(whole.ids);
      });

      it('res.sendFile() sends the file', async () => {
        const { base, stored } = await open((_req, res) => res.sendFile('package.json', { root: '.' }));
        const whole = await fetchWhole(`${base}/`);
        expect(JSON.parse(whole.text)).toMatchObject({ name: 'nest-session' });
        await until(() => stored().length > 0);
        expect(stored()).toEqual(whole.ids);
      });

      it('res.cookie() is kept beside the session’s cookie', async () => {
        const { base } = await open((_req, res) => res.cookie('a', '1').send('text'));
        const { headers } = await fetchWhole(`${base}/`);
        expect(headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(['a', 'connect.sid']);
      });

      it('a page that has not changed is answered 304', async () => {
        const { base } = await open((_req, res) => res.send('text'));
        const etag = (await fetchWhole(`${base}/`)).headers.get('etag')!;
        const again = await fetchWhole(`${base}/`, {
          headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' },
        });
        expect([again.status, again.text]).toEqual([304, '']);
      });

      it('HEAD of a page has its length and no body', async () => {
        const { base } = await open((_req, res) => res.send('text'));
        const { headers, text, ids } = await fetchWhole(`${base}/`, { method: 'HEAD' });
        expect([headers.get('content-length'), text]).toEqual(['4', '']);
        expect(ids).toHaveLength(1);
      });

      it('remembers from one request to the next', async () => {
        const { base } = await open((req, res) => {
          const { session: value } = as<Visit>(req);
          value.views = as<number>(value.views ?? 0) + 1;
          res.json({ views: value.views });
        });
        const visitor = new Client(base);
        for (const views of [1, 2, 3]) expect((await visitor.get('/')).body).toEqual({ views });
      });
    });
  });

  describe('chosen differences: nest-session/express', () => {
    const visitor = async (answer: Answer, path = '/'): Promise<Headers> => {
      const { client } = await site(dropIn, {
        '/set': changed((res) => void res.end()),
        '/': async (req, res) => {
          await answer(res, req);
        },
      });
      const known = client();
      if (path !== '/') return (await known.get(path)).headers;
      await known.get('/set');
      return (await known.get('/')).headers;
    };

    describe('Cache-Control', () => {
      it('is no-store where the cookie is set', async () => {
        const { headers } = await respond(dropIn, (res) => void res.end('text'));
        expect(headers.get('cache-control')).toBe('no-store');
      });

      it('is what the handler says, if it says anything', async () => {
        const { headers } = await respond(dropIn, (res) => {
          res.setHeader('Cache-Control', 'private, max-age=60');
          res.end('text');
        });
        expect(headers.get('cache-control')).toBe('private, max-age=60');
      });

      it('is what writeHead() says, if it says anything', async () => {
        const { headers } = await respond(dropIn, (res) => {
          res.writeHead(200, { 'cache-control': 'private' });
          res.end('text');
        });
        expect(headers.get('cache-control')).toBe('private');
      });

      it('is left alone where no cookie is set', async () => {
        const headers = await visitor((res, req) => {
          void req.session.color;
          res.end('text');
        });
        expect(headers.get('set-cookie')).toBeNull();
        expect(headers.get('cache-control')).toBeNull();
      });
    });

    describe('Vary', () => {
      it('names Cookie where the handler has looked at the session', async () => {
        const headers = await visitor((res, req) => void res.end(as<string>(req.session.color)));
        expect(headers.get('vary')).toBe('Cookie');
      });

      it('names Cookie where the handler has changed the session', async () => {
        const { headers } = await respond(dropIn, (res) => void res.end('text'));
        expect(headers.get('vary')).toBe('Cookie');
      });

      it('names Cookie beside what the handler says', async () => {
        const headers = await visitor((res, req) => {
          res.setHeader('Vary', 'Accept-Encoding');
          res.end(as<string>(req.session.color));
        });
        expect(headers.get('vary')).toBe('Accept-Encoding, Cookie');
      });

      it('names Cookie once', async () => {
        const headers = await visitor((res, req) => {
          res.setHeader('Vary', 'cookie, Origin');
          res.end(as<string>(req.session.color));
        });
        expect(headers.get('vary')).toBe('cookie, Origin');
      });

      it('is left alone where the handler has not looked', async () => {
        const headers = await visitor((res) => void res.end('text'));
        expect(headers.get('vary')).toBeNull();
      });
    });

    it.each<[string, (res: ServerResponse, done: () => void) => unknown]>([
      ['res.end(callback)', (res, done) => res.end(done)],
      ['res.end(chunk, callback)', (res, done) => res.end('text', done)],
      ['res.end(chunk, encoding, callback)', (res, done) => res.end('text', 'utf8', done)],
    ])('%s calls back', async (_, end) => {
      const ended = deferred();
      const { text } = await respond(dropIn, (res) => void end(res, () => ended.resolve()));
      await ended.promise;
      expect(['', 'text']).toContain(text);
    });

    it.each<[string, Answer]>([
      ['Content-Length: 0', empty],
      ['a stream of a known length', streamOfKnownLength],
    ])('%s: the session is stored by the time the client has it all', async (_, answer) => {
      const { stored, ids } = await receive(dropIn, answer);
      expect(stored).toEqual(ids);
    });

    it('a redirect is not sent before the session is stored', async () => {
      const store = fakeStore(dropIn, slowly);
      const { base } = await site(
        dropIn,
        {
          '/': changed((res) => {
            res.writeHead(302, { location: '/elsewhere' });
            res.end('Redirecting');
          }),
        },
        { store },
      );
      const rows = await new Promise<number>((resolve, reject) => {
        httpRequest(`${base}/`, (response) => {
          resolve(store.rows.size); // the headers are there, the body may be under way
          response.resume();
        })
          .on('error', reject)
          .end();
      });
      expect(rows).toBe(1);
    });

    it('save() in a handler that has begun to write is stored too', async () => {
      const store = fakeStore(dropIn);
      const { client } = await site(
        dropIn,
        {
          '/': async (req, res) => {
            req.session.color = 'green';
            res.write('some ');
            req.session.size = 2;
            await called((done) => req.session.save(done));
            res.end('text');
          },
        },
        { store },
      );
      expect((await client().get('/')).text).toBe('some text');
      expect(store.data).toEqual([{ color: 'green', size: 2 }]);
    });
  });
});
