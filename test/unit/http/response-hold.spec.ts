import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import compression from 'compression';
import express, { type NextFunction, type Request, type Response } from 'express';
import fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ServerOptions, ServerResponse } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import request from 'supertest';
import { holdResponse } from '../../../lib/http/response-hold.js';
import {
  type Answer,
  ask,
  closeServers,
  RESPONSES,
  respondWith,
  defer,
  type Deferred,
  parse,
  serve,
  TestGate,
  turns,
  Wire,
} from './wire.js';
import { runs } from '../../support/property.js';

const GET = 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';

const VIEWS = [
  'headersSent',
  'writableEnded',
  'writableFinished',
  'writableLength',
  'writableNeedDrain',
  'setHeader',
];

const afterwards: (() => unknown)[] = [];

interface Setup {
  handler: (res: ServerResponse, port: number) => void;
  /** What to wait for: before the head, at an end after it, or nothing. */
  commit?: (headersSent: boolean, before: Deferred, atEnd: Deferred) => Promise<void> | undefined;
  beforeHead?: (res: ServerResponse) => void;
  fail?: (res: ServerResponse, error: unknown) => void;
  options?: ServerOptions;
}

/** A server that holds its responses until the test has decided. */
async function start({ handler, commit, beforeHead, fail, options }: Setup) {
  const before = defer();
  const atEnd = defer();
  const response = defer<ServerResponse>();
  const log: string[] = [];
  const port = await serve((_req, res) => {
    const gate = new TestGate(log, {
      commit: (headersSent) =>
        commit ? commit(headersSent, before, atEnd) : headersSent ? undefined : before.promise,
      beforeHead: () => beforeHead?.(res),
      fail: (error) => {
        if (fail) fail(res, error);
        else res.writeHead(500, { 'Content-Type': 'text/plain' }).end('the error');
      },
    });
    holdResponse(res, gate);
    handler(res, port);
    response.resolve(res);
  }, options);
  return { port, before, atEnd, log, response: response.promise };
}

const nothing = () => undefined;

/** The bytes of a response whose handler has run, and nothing of which has left yet. */
async function heldWire(port: number, response: Promise<unknown>): Promise<Wire> {
  const wire = new Wire(port).send(GET);
  await response;
  await turns();
  expect(wire.received).toBe('');
  return wire;
}

/** A property of a response, for comparison only: its methods do not work unbound. */
function property(res: ServerResponse, name: string): unknown {
  return (res as unknown as Record<string, unknown>)[name];
}

/** The content of a chunked response: how Node cuts it is another question in each version. */
function dechunked(bytes: string): string {
  let rest = parse(bytes).body;
  let content = '';
  for (;;) {
    const [size = ''] = rest.split('\r\n', 1);
    const length = parseInt(size, 16);
    content += rest.slice(size.length + 2, size.length + 2 + length);
    rest = rest.slice(size.length + length + 4);
    if (!(length > 0)) return content;
  }
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
  return 'no error';
}

// ---------------------------------------------------------------------------------------------------------
// The same calls against a plain response and against a held one.

type Step = [name: string, ...args: unknown[]];

const CALLBACK = 'callback!';

interface Run {
  answer: Answer;
  notes: string[];
  callbacks: string[];
}

type Mode = 'plain' | 'straight' | 'waiting' | 'waiting twice';

function runSteps(res: ServerResponse, steps: Step[], run: Run): void {
  const state = () =>
    [res.headersSent, res.writableEnded, res.statusCode, res.headersSent && res.statusMessage].join(' ');
  res.on('error', (error: NodeJS.ErrnoException) => run.callbacks.push(`error event ${String(error.code)}`));
  for (const [index, [name, ...args]] of steps.entries()) {
    const given = args.map((arg) =>
      arg === CALLBACK
        ? (error?: NodeJS.ErrnoException) => run.callbacks.push(`${index} ${error?.code ?? 'done'}`)
        : Array.isArray(arg)
          ? [...(arg as unknown[])] // appendHeader() changes the array it is given
          : arg,
    );
    try {
      if (name === 'status') {
        res.statusCode = given[0] as number;
        continue;
      }
      const method = (res as unknown as Record<string, (...a: unknown[]) => unknown>)[name];
      const result = method?.apply(res, given);
      run.notes.push(`${name}: ${result === res ? 'itself' : String(result)} ${state()}`);
    } catch (error) {
      run.notes.push(`${name} threw ${String((error as NodeJS.ErrnoException).code)} ${state()}`);
    }
  }
}

async function play(mode: Mode, steps: Step[], { method = 'GET', version = '1.1' } = {}): Promise<Run> {
  const run: Run = { answer: { status: '', headers: [], body: '' }, notes: [], callbacks: [] };
  const finished = defer();
  const port = await serve((_req, res) => {
    const commits = defer();
    const waiting = (headersSent: boolean) =>
      headersSent && mode !== 'waiting twice' ? undefined : commits.promise;
    if (mode !== 'plain') {
      holdResponse(res, new TestGate([], { commit: mode === 'straight' ? () => undefined : waiting }));
    }
    res.on('close', () => finished.resolve());
    runSteps(res, [...steps, ['end']], run);
    setImmediate(() => commits.resolve());
  });
  run.answer = await ask(port, { method, version });
  await finished.promise;
  run.callbacks.sort();
  return run;
}

async function expectSame(steps: Step[], options: { method?: string; version?: string } = {}): Promise<Run> {
  const plain = await play('plain', steps, options);
  for (const mode of ['straight', 'waiting', 'waiting twice'] as const) {
    expect({ mode, ...(await play(mode, steps, options)) }).toEqual({ mode, ...plain });
  }
  return plain;
}

describe.each(Object.entries(RESPONSES))('holdResponse, %s', (_kind, prototypes) => {
  afterEach(async () => {
    for (const clean of afterwards.splice(0)) await clean();
    await closeServers();
  });

  beforeEach(() => respondWith(prototypes));

  describe('beside plain Node', () => {
    const bytes = Uint8Array.from([0, 200, 255]);
    const scripts: Record<string, Step[]> = {
      'an empty end': [],
      'end with a string, which gets a Content-Length': [['end', 'hello']],
      'end with a callback only': [['end', CALLBACK]],
      'end with a chunk and a callback': [['end', 'hello', CALLBACK]],
      'end with an encoding': [['end', '68656c6c6f', 'hex', CALLBACK]],
      'end with undefined and null arguments': [['end', undefined, undefined, CALLBACK]],
      'end with null': [['end', null]],
      'end with an empty string': [['end', '']],
      'end with bytes': [['end', bytes]],
      'a status without a head': [
        ['status', 404],
        ['end', 'nothing here'],
      ],
      'writes in every form': [
        ['write', 'a'],
        ['write', 'b', CALLBACK],
        ['write', 'YQ==', 'base64'],
        ['write', 'YQ==', 'base64', CALLBACK],
        ['write', bytes, CALLBACK],
        ['write', Buffer.from('b'), undefined, CALLBACK],
        ['write', Buffer.from('c'), 'buffer'],
        ['write', 'é', 'latin1'],
        ['write', 'é'],
        ['end', 'f', CALLBACK],
      ],
      'writes of nothing': [
        ['write', ''],
        ['write', Buffer.alloc(0), CALLBACK],
      ],
      'an explicit head and a body, which is chunked': [
        ['writeHead', 200, { 'Content-Type': 'text/plain' }],
        ['end', 'hello'],
      ],
      'an explicit Content-Length': [
        ['writeHead', 200, { 'content-length': 5 }],
        ['write', 'he'],
        ['end', 'llo'],
      ],
      'a reason': [['writeHead', 299, 'Mostly Fine'], ['end']],
      'a reason and headers': [
        ['writeHead', 200, 'Fine', { 'X-A': ['1', '2'], 'X-B': 3 }],
        ['end', 'x'],
      ],
      'a flat array with a repeated name': [
        ['writeHead', 200, ['X-A', '1', 'X-A', '2', 'X-B', '3', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']],
        ['end', 'x'],
      ],
      'an array of pairs with a repeated name': [
        [
          'writeHead',
          201,
          [
            ['X-A', '1'],
            ['X-B', '3'],
            ['X-A', '2'],
          ],
        ],
        ['end', 'x'],
      ],
      'headers of writeHead over those set before': [
        ['setHeader', 'X-A', 'old'],
        ['setHeader', 'Set-Cookie', ['a=1', 'b=2']],
        ['appendHeader', 'X-B', '1'],
        ['writeHead', 200, { 'x-a': 'new', 'Set-Cookie': 'c=3' }],
        ['end', 'x'],
      ],
      'no headers at all in writeHead': [['writeHead', 200, undefined], ['end']],
      'an empty array of headers': [['writeHead', 200, []], ['end']],
      flushHeaders: [
        ['flushHeaders'],
        ['flushHeaders'],
        ['write', 'x'],
        ['setHeader', 'X-Late', '1'],
        ['end'],
      ],
      'header calls after the head': [
        ['write', 'x'],
        ['setHeader', 'X-A', '1'],
        ['appendHeader', 'X-A', '1'],
        ['removeHeader', 'X-A'],
        ['setHeaders', new Map([['X-A', '1']])],
        ['writeHead', 200],
        ['getHeader', 'X-A'],
      ],
      'header calls after the end': [
        ['end', 'x'],
        ['setHeader', 'X-A', '1'],
        ['writeHead', 500],
        ['flushHeaders'],
      ],
      'a status after the head, which is too late': [
        ['write', 'x'],
        ['status', 500],
        ['end', 'y'],
      ],
      'a second writeHead': [['writeHead', 201], ['writeHead', 202], ['end']],
      'a second end': [['end', 'x'], ['end', CALLBACK], ['end'], ['end', '', CALLBACK]],
      'a second end with a chunk': [
        ['end', 'x'],
        ['end', 'y', CALLBACK],
      ],
      'a write after the end': [
        ['end', 'x'],
        ['write', 'y', CALLBACK],
        ['write', 'z'],
        ['write', null],
        ['write', 5],
      ],
      'chunks of a wrong type, and a good one after them': [
        ['write', null],
        ['write', undefined],
        ['write', 5],
        ['write', {}],
        ['end', 5],
        ['end', {}],
        ['end', 'good'],
      ],
      'chunks of a wrong type after a write': [
        ['write', 'x'],
        ['write', null],
        ['write', 5],
        ['end', true],
        ['end'],
      ],
      'a bad status': [
        ['writeHead', 99],
        ['writeHead', 1000],
        ['writeHead', 'nonsense'],
        ['end', 'x'],
      ],
      'a status as text': [['writeHead', '404'], ['end']],
      'a bad header': [
        ['setHeader', 'X-A', '1'],
        ['writeHead', 200, { 'X-A': 'a\r\nb' }],
        ['writeHead', 200, { 'a b': '1' }],
        ['writeHead', 200, { 'X-B': undefined }],
      ],
      'a header without a name': [
        ['setHeader', 'X-A', '1'],
        ['writeHead', 200, { '': '1', 'X-B': '2' }],
      ],
      'an odd array': [
        ['setHeader', 'X-A', '1'],
        ['writeHead', 200, ['X-B', '1', 'X-C']],
        ['end', 'x'],
      ],
      'no content': [
        ['writeHead', 204],
        ['write', 'ignored', CALLBACK],
        ['end', 'ignored'],
      ],
      'not modified': [
        ['setHeader', 'ETag', '"1"'],
        ['status', 304],
        ['end', 'ignored'],
      ],
      'no Content-Length by request': [
        ['removeHeader', 'Content-Length'],
        ['end', 'x'],
      ],
      'neither length nor chunks by request': [
        ['removeHeader', 'Content-Length'],
        ['removeHeader', 'Transfer-Encoding'],
        ['end', 'x'],
      ],
    };

    for (const [name, steps] of Object.entries(scripts)) {
      for (const method of ['GET', 'HEAD']) {
        it(`answers ${method} the same with ${name}`, async () => {
          const { answer } = await expectSame(steps, { method });
          expect(answer.status).toMatch(/^HTTP\/1\.1 \d{3} /);
        });
      }
      it(`answers HTTP/1.0 the same with ${name}`, () => expectSame(steps, { version: '1.0' }));
    }

    it('answers the same with trailers', () =>
      expectSame([
        ['setHeader', 'Trailer', 'X-T'],
        ['write', 'x'],
        ['addTrailers', { 'X-T': '1' }],
        ['end', 'y'],
      ]));

    it('answers any script of calls the same', async () => {
      const name = fc.constantFrom(
        'X-A',
        'x-b',
        'Content-Type',
        'Set-Cookie',
        'Vary',
        'ETag',
        'Content-Length',
      );
      const value = fc.oneof(fc.constantFrom('1', '2', '30'), fc.constant(['4', '5']), fc.constant(6));
      const status = fc.constantFrom(200, 201, 204, 301, 304, 404, 500, 42);
      const callback = fc.constantFrom<unknown[]>([], [CALLBACK]);
      const chunk = fc.oneof(
        fc.tuple(
          fc.constantFrom<unknown>('', 'text', 'ünï', Buffer.from('buffer'), Uint8Array.of(1, 2), null, 7),
        ),
        fc.constant(['616263', 'hex']),
      );
      const headers = fc.dictionary(name, value, { maxKeys: 3 });
      const step: fc.Arbitrary<Step> = fc.oneof(
        fc.tuple(fc.constantFrom('setHeader', 'appendHeader'), name, value),
        fc.tuple(fc.constant('removeHeader'), name),
        fc.tuple(fc.constant('status'), fc.constantFrom(200, 204, 304, 404)),
        fc.tuple(fc.constant('flushHeaders')),
        fc.tuple(fc.constant('writeHead'), status),
        fc.tuple(fc.constant('writeHead'), status, headers),
        fc.tuple(fc.constant('writeHead'), status, fc.constant('Because'), headers),
        fc.tuple(
          fc.constant('writeHead'),
          status,
          headers.map((object) => Object.entries(object).flat()),
        ),
        fc.tuple(chunk, callback).map(([args, last]): Step => ['write', ...args, ...last]),
        fc.tuple(chunk, callback).map(([args, last]): Step => ['write', ...args, ...last]),
        fc.tuple(chunk, callback).map(([args, last]): Step => ['end', ...args, ...last]),
        callback.map((last): Step => ['end', ...last]),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 7 }),
          fc.constantFrom('GET', 'HEAD'),
          fc.constantFrom('1.1', '1.0'),
          async (steps, method, version) => {
            await expectSame(steps, { method, version });
            await closeServers();
          },
        ),
        runs(250),
      );
    });
  });

  describe('with nothing to wait for', () => {
    it('sends in the same tick, with no view of its own on the response', async () => {
      const seen: unknown[] = [];
      const { port, log } = await start({
        commit: nothing,
        handler: (res) => {
          res.end('hello');
          seen.push(
            res.headersSent,
            res.writableEnded,
            VIEWS.filter((name) => Object.hasOwn(res, name)),
          );
        },
      });
      expect((await ask(port)).body).toBe('hello');
      expect(seen).toEqual([true, true, []]);
      expect(log).toEqual(['commit(false)', 'beforeHead']);
    });

    it.each(['writeHead', 'write', 'flushHeaders'] as const)(
      'asks once before %s and once at the end',
      async (name) => {
        const { port, log } = await start({
          commit: nothing,
          handler: (res) => {
            if (name === 'writeHead') res.writeHead(200);
            else if (name === 'write') res.write('x');
            else res.flushHeaders();
            log.push('sent');
            res.write('y');
            res.end('z');
            res.end();
          },
        });
        await ask(port);
        expect(log).toEqual(['commit(false)', 'beforeHead', 'sent', 'commit(true)']);
      },
    );

    it('asks only for the end when the head left before', async () => {
      const log: string[] = [];
      const port = await serve((_req, res) => {
        res.writeHead(200);
        holdResponse(res, new TestGate(log, { commit: nothing }));
        expect(codeOf(() => res.writeHead(404))).toBe('ERR_HTTP_HEADERS_SENT');
        expect(res.statusCode).toBe(200);
        res.end('x');
      });
      await ask(port);
      expect(log).toEqual(['commit(true)']);
    });

    it('does not ask again for the end of a response whose head could not leave', async () => {
      const { port, log } = await start({
        commit: nothing,
        handler: (res) => {
          res.statusCode = 42;
          expect(codeOf(() => res.write('x'))).toBe('ERR_HTTP_INVALID_STATUS_CODE');
          res.statusCode = 500;
          res.end('the error');
        },
      });
      expect((await ask(port)).body).toBe('the error');
      expect(log).toEqual(['commit(false)', 'beforeHead']);
    });

    it('does not ask for a call that is refused', async () => {
      const { port, log } = await start({
        handler: (res) => {
          expect(codeOf(() => res.writeHead(10))).toBe('ERR_HTTP_INVALID_STATUS_CODE');
          expect(codeOf(() => res.writeHead(200, 'a\nb'))).toBe('ERR_INVALID_CHAR');
          expect(codeOf(() => res.writeHead(200, { 'X-A': '\n' }))).toBe('ERR_INVALID_CHAR');
          expect(codeOf(() => res.writeHead(200, ['X-A']))).toBe('ERR_INVALID_ARG_VALUE');
          expect(codeOf(() => res.write(null))).toBe('ERR_STREAM_NULL_VALUES');
          expect(codeOf(() => res.write(1))).toBe('ERR_INVALID_ARG_TYPE');
          expect(codeOf(() => res.write('x', 'nonsense' as BufferEncoding))).toBe('ERR_UNKNOWN_ENCODING');
          expect(codeOf(() => res.end({}))).toBe('ERR_INVALID_ARG_TYPE');
          expect(log).toEqual([]);
          res.end('fine');
        },
        commit: nothing,
      });
      const answer = await ask(port);
      expect(answer).toMatchObject({ status: 'HTTP/1.1 200 OK', body: 'fine' });
      expect(log).toEqual(['commit(false)', 'beforeHead']);
    });
  });

  describe('before the head leaves', () => {
    const forms: Record<string, (res: ServerResponse) => unknown> = {
      'an object': (res) => res.writeHead(201, { 'X-A': ['1', '2'], 'Set-Cookie': 'app=1' }),
      'a reason and an object': (res) =>
        res.writeHead(201, 'OK', { 'X-A': ['1', '2'], 'Set-Cookie': 'app=1' }),
      'a flat array': (res) => res.writeHead(201, ['X-A', '1', 'X-A', '2', 'Set-Cookie', 'app=1']),
      'an array of pairs': (res) =>
        res.writeHead(201, [
          ['X-A', '1'],
          ['X-A', '2'],
          ['Set-Cookie', 'app=1'],
        ] as unknown as string[]),
      'a reason and pairs': (res) =>
        res.writeHead(201, 'OK', [
          ['X-A', '1'],
          ['X-A', '2'],
          ['Set-Cookie', 'app=1'],
        ] as unknown as string[]),
      'an object with two spellings': (res) =>
        res.writeHead(201, { 'X-A': '1', 'x-A': '2', 'Set-Cookie': 'app=1' }),
    };
    for (const [form, writeHead] of Object.entries(forms)) {
      it.each([true, false])(`shows the headers of writeHead as ${form} (waiting: %s)`, async (waiting) => {
        let seen: unknown;
        const { port } = await start({
          commit: (headersSent) => (waiting && !headersSent ? Promise.resolve() : undefined),
          beforeHead: (res) => {
            seen = [
              res.statusCode,
              res.headersSent,
              res.getHeader('x-a'),
              [res.getHeader('set-cookie')].flat(),
            ];
            res.appendHeader('Set-Cookie', 'sid=2');
            res.setHeader('Cache-Control', 'private');
          },
          handler: (res) => {
            res.setHeader('X-A', 'replaced'); // Node drops repeated names of an array over set headers
            res.setHeader('X-Before', '1');
            writeHead(res);
            res.end('x');
          },
        });
        const { status, headers, body } = await ask(port);
        expect(seen).toEqual([201, false, ['1', '2'], ['app=1']]);
        expect(status).toMatch(/^HTTP\/1\.1 201 /);
        expect(headers.map((line) => line.replace(/^x-a/i, 'X-A'))).toEqual([
          'Cache-Control: private',
          'Connection: close',
          'Set-Cookie: app=1',
          'Set-Cookie: sid=2',
          'Transfer-Encoding: chunked',
          'X-A: 1',
          'X-A: 2',
          'X-Before: 1',
        ]);
        expect(body).toBe('1\r\nx\r\n0\r\n\r\n');
      });
    }

    it('never adds to an array given to writeHead', async () => {
      const shared = ['app=1', 'app=2'];
      const { port } = await start({
        commit: nothing,
        beforeHead: (res) => res.appendHeader('Set-Cookie', 'sid=secret').appendHeader('Vary', 'Cookie'),
        handler: (res) => res.writeHead(200, { 'Set-Cookie': shared, Vary: shared }).end(),
      });
      expect((await ask(port)).headers).toContain('Set-Cookie: sid=secret');
      expect((await ask(port)).headers.filter((line) => line.includes('sid='))).toHaveLength(1);
      expect(shared).toEqual(['app=1', 'app=2']);
    });

    it('never adds to an array that writeHead got for a repeated name', async () => {
      const shared = ['1', '2'];
      const { port } = await start({
        commit: nothing,
        handler: (res) =>
          res
            .writeHead(200, [
              ['X-A', shared],
              ['X-A', '3'],
            ] as unknown as string[])
            .end(),
      });
      expect((await ask(port)).headers).toEqual(expect.arrayContaining(['X-A: 1', 'X-A: 2', 'X-A: 3']));
      expect(shared).toEqual(['1', '2']);
    });

    it('runs after the commit and sees what was set last', async () => {
      const { port, log, before, response } = await start({
        beforeHead: (res) => log.push(String(res.getHeader('X-A'))),
        handler: (res) => {
          res.setHeader('X-A', 'last');
          res.end('x');
        },
      });
      const wire = await heldWire(port, response);
      expect(log).toEqual(['commit(false)']);
      before.resolve();
      await wire.closed;
      expect(log).toEqual(['commit(false)', 'beforeHead', 'last']);
      expect(parse(wire.received).headers).toContain('X-A: last');
    });
  });

  describe('while it waits', () => {
    it('sends nothing, and sends all in order once the commit is done', async () => {
      const order: string[] = [];
      const { port, before, response } = await start({
        handler: (res) => {
          res.on('finish', () => order.push('finish'));
          res.write('a', () => order.push('a'));
          res.write('b', 'utf8', () => order.push('b'));
          res.end('c', () => order.push('end'));
        },
      });
      const wire = await heldWire(port, response);
      expect(order).toEqual([]);
      before.resolve();
      await wire.closed;
      expect(dechunked(wire.received)).toBe('abc');
      expect(order.slice(0, 2)).toEqual(['a', 'b']);
      expect(order.slice(2).sort()).toEqual(['end', 'finish']);
    });

    it('sends all that was written meanwhile, also where the end comes later', async () => {
      const { port, before, response } = await start({
        handler: (res) => void ['one ', 'two ', 'three'].forEach((text) => res.write(text)),
      });
      const wire = await heldWire(port, response);
      before.resolve();
      await wire.until('three');
      (await response).end('!');
      await wire.closed;
      expect(dechunked(wire.received)).toBe('one two three!');
    });

    it('looks like a response whose calls were made', async () => {
      const seen: unknown[] = [];
      const { port, before, response } = await start({
        handler: (res) => {
          res.write('12345');
          seen.push([
            res.headersSent,
            res.writableEnded,
            res.finished,
            res.writableFinished,
            res.writableLength,
          ]);
          expect(codeOf(() => res.setHeader('X-A', '1'))).toBe('ERR_HTTP_HEADERS_SENT');
          expect(codeOf(() => res.appendHeader('X-A', '1'))).toBe('ERR_HTTP_HEADERS_SENT');
          expect(codeOf(() => res.removeHeader('X-A'))).toBe('ERR_HTTP_HEADERS_SENT');
          expect(codeOf(() => res.setHeaders(new Map()))).toBe('ERR_HTTP_HEADERS_SENT');
          expect(codeOf(() => res.writeHead(200))).toBe('ERR_HTTP_HEADERS_SENT');
          expect(res.end('6')).toBe(res);
          seen.push([
            res.headersSent,
            res.writableEnded,
            res.finished,
            res.writableFinished,
            res.writableLength,
          ]);
        },
      });
      const wire = await heldWire(port, response);
      const res = await response;
      // `finished` is what closing servers and serverless hosts go by: it stays false until the response has ended.
      expect(seen).toEqual([
        [true, false, false, false, 5],
        [true, true, false, false, 6],
      ]);
      before.resolve();
      await wire.closed;
      await turns();
      expect([res.headersSent, res.writableEnded, res.finished, res.writableFinished]).toEqual([
        true,
        true,
        true,
        true,
      ]);
      const { prototype } = ServerResponse;
      const getters = VIEWS.filter((name) => name !== 'setHeader');
      for (const name of getters) expect(property(res, name)).toEqual(Reflect.get(prototype, name, res));
      expect(Object.getOwnPropertyDescriptor(res, 'finished')).toMatchObject({ value: true, writable: true });
    });

    it.each(['head', 'body'])('keeps the status that was decided by the first call (%s)', async (first) => {
      const { port } = await start({
        commit: (headersSent) => (headersSent ? undefined : Promise.resolve()),
        handler: (res) => {
          res.statusCode = 202;
          if (first === 'head') {
            expect(res.writeHead(203, 'Mine')).toBe(res);
            expect([res.statusCode, res.statusMessage]).toEqual([203, 'Mine']);
          } else {
            res.write('');
            expect([res.statusCode, res.statusMessage]).toEqual([202, 'Accepted']);
          }
          res.statusCode = 500;
          res.statusMessage = 'Too Late';
          res.end();
        },
      });
      const { status } = await ask(port);
      expect(status).toBe(first === 'head' ? 'HTTP/1.1 203 Mine' : 'HTTP/1.1 202 Accepted');
    });

    it('lets a framework that checks headersSent see a started response', async () => {
      const seen: unknown[] = [];
      const { port, before, response } = await start({
        handler: (res) => {
          try {
            res.write('first');
            throw new Error('too late');
          } catch {
            seen.push(
              res.headersSent,
              codeOf(() => res.writeHead(500)),
            );
            res.destroy();
          }
        },
      });
      const wire = new Wire(port).send(GET);
      await response;
      before.resolve();
      await wire.closed;
      expect(seen).toEqual([true, 'ERR_HTTP_HEADERS_SENT']);
      expect(wire.received).toBe('');
    });

    it('restores a patch of a header method that was there before, and keeps one that came meanwhile', async () => {
      const patched: string[] = [];
      const port = await serve((_req, res) => {
        const { setHeader, appendHeader } = Object.getPrototypeOf(res) as Record<
          string,
          (...a: unknown[]) => unknown
        >;
        const earlier = (...args: unknown[]) => (patched.push('earlier'), setHeader?.apply(res, args));
        Object.assign(res, { setHeader: earlier });
        const before = defer();
        holdResponse(
          res,
          new TestGate([], {
            commit: () => before.promise,
            fail: () => {
              expect(property(res, 'setHeader')).toBe(earlier);
              res.setHeader('X-A', '1');
              res.appendHeader('X-A', '2');
              res.end(patched.join());
            },
          }),
        );
        res.write('x');
        const meanwhile = res.appendHeader.bind(res);
        Object.assign(res, {
          appendHeader: (...args: [string, string]) => (patched.push('later'), meanwhile(...args)),
        });
        expect(property(res, 'appendHeader')).not.toBe(appendHeader);
        before.reject(new Error('no'));
      });
      const { body, headers } = await ask(port);
      expect(body).toBe('earlier,later');
      expect(headers).toEqual(expect.arrayContaining(['X-A: 1', 'X-A: 2']));
    });

    it('asks for a pause at the high-water mark, and for more once it was sent', async () => {
      const seen: unknown[] = [];
      const drained = defer();
      const { port, before, response } = await start({
        options: { highWaterMark: 1000 },
        handler: (res) => {
          expect(res.writableHighWaterMark).toBe(1000);
          const listeners = res.listenerCount('close');
          seen.push(res.write('x'.repeat(998)), res.writableNeedDrain);
          seen.push(res.write('é', 'utf8'), res.writableNeedDrain, res.writableLength);
          res.once('drain', () => {
            seen.push('drain', res.writableNeedDrain, res.listenerCount('close') - listeners);
            res.end('end');
            drained.resolve();
          });
        },
      });
      const wire = await heldWire(port, response);
      expect(seen).toEqual([true, false, false, true, 1000]);
      before.resolve();
      await drained.promise;
      await wire.closed;
      expect(seen.slice(5)).toEqual(['drain', false, 0]); // and no listener stays
      expect(wire.received).toContain('end\r\n0\r\n\r\n');
    });

    it('promises a drain that Node itself would not give, and gives it', async () => {
      // A HEAD response takes every write at once.
      const { port, before, response } = await start({
        options: { highWaterMark: 10 },
        handler: (res) => {
          expect(res.write('x'.repeat(20))).toBe(false);
          res.once('drain', () => res.end());
        },
      });
      const wire = new Wire(port).send(GET.replace('GET', 'HEAD'));
      await response;
      before.resolve();
      await wire.closed;
      expect(wire.received).toMatch(/^HTTP\/1\.1 200 OK/);
    });

    it('does not ask to go on once it was ended', async () => {
      const drained = jest.fn();
      const { port, before, response } = await start({
        options: { highWaterMark: 10 },
        handler: (res) => {
          res.on('drain', drained);
          res.write('x'.repeat(20));
          res.end();
          expect(res.writableNeedDrain).toBe(false);
        },
      });
      const wire = new Wire(port).send(GET.replace('GET', 'HEAD'));
      await response;
      before.resolve();
      await wire.closed;
      expect(drained).not.toHaveBeenCalled();
    });

    it('raises the error of a write after the end, as Node does', async () => {
      const raised = defer<NodeJS.ErrnoException>();
      const called = defer<NodeJS.ErrnoException>();
      const { port, before } = await start({
        handler: (res) => {
          res.end('x');
          res.on('error', raised.resolve);
          expect(res.write('y', (error) => called.resolve(error!))).toBe(false);
        },
      });
      const wire = new Wire(port).send(GET);
      expect((await raised.promise).code).toBe('ERR_STREAM_WRITE_AFTER_END');
      expect(await called.promise).toBe(await raised.promise);
      before.resolve();
      await wire.closed;
      expect(parse(wire.received).body).toBe('x');
    });

    it('raises no error on a response that was destroyed', async () => {
      const raised = jest.fn();
      const { port } = await start({
        handler: (res) => {
          res.on('error', raised);
          res.end('x');
          res.write('y');
          res.destroy();
        },
      });
      await new Wire(port).send(GET).closed;
      await turns();
      expect(raised).not.toHaveBeenCalled();
    });

    const inform = (res: ServerResponse) => {
      res.writeEarlyHints({ link: '</a.css>; rel=preload' });
      res.writeProcessing();
    };

    it('lets informational responses pass', async () => {
      const { port, before } = await start({
        handler: (res) => {
          inform(res);
          res.end('x');
        },
      });
      const wire = new Wire(port).send(GET);
      await wire.until('HTTP/1.1 102 Processing');
      expect(wire.received).toMatch(/^HTTP\/1\.1 103 Early Hints/);
      expect(wire.received).not.toContain('200 OK');
      before.resolve();
      await wire.closed;
      expect(wire.received).toMatch(/HTTP\/1\.1 200 OK[^]*\r\n\r\nx$/);
    });

    it('answers informational responses after the end as Node does, which refuses them since version 24', async () => {
      const seen: string[] = [];
      const handler = (res: ServerResponse) => {
        res.end('x');
        seen.push(codeOf(() => inform(res)));
      };
      await ask(await serve((_req, res) => handler(res)));
      const { port, before } = await start({ handler });
      before.resolve();
      expect((await ask(port)).body).toMatch(/x$/);
      expect(seen[1]).toBe(seen[0]);
    });
  });

  describe('when the commit fails before anything was sent', () => {
    const lost = (res: ServerResponse) => {
      res.setHeader('Content-Security-Policy', "default-src 'self'");
      res.setHeader('Access-Control-Allow-Origin', '*');
      res.setHeader('X-Request-Id', '1');
      res.setHeader('Set-Cookie', 'theme=dark');
      for (const name of [
        'ETag',
        'Last-Modified',
        'Location',
        'Expires',
        'Cache-Control',
        'Content-Language',
      ]) {
        res.setHeader(name, 'lost');
      }
      res.writeHead(201, 'Lost', {
        'Content-Type': 'lost/lost',
        'Content-Length': 4,
        'Content-Encoding': 'lost',
        'Content-Disposition': 'lost',
        'Content-Location': 'lost',
        'Content-Range': 'lost',
        'Accept-Ranges': 'lost',
      });
      res.end('lost');
    };

    it.each<[string, NonNullable<Setup['commit']>]>([
      ['rejects', (_, before) => before.promise],
      [
        'throws',
        () => {
          throw new Error('no database');
        },
      ],
    ])('answers with the error alone when it %s', async (_, commit) => {
      let seen: unknown;
      const { port, before, log } = await start({
        handler: lost,
        commit,
        fail: (res) => {
          seen = [
            res.headersSent,
            res.statusCode,
            res.statusMessage,
            res.writableEnded,
            res.getHeaderNames().sort(),
          ];
          res.statusCode = 503;
          res.end('the error');
        },
      });
      before.reject(new Error('no database'));
      const { status, headers, body } = await ask(port);
      expect(seen).toEqual([
        false,
        200,
        '',
        false,
        ['access-control-allow-origin', 'content-security-policy', 'set-cookie', 'x-request-id'],
      ]);
      expect(status).toBe('HTTP/1.1 503 Service Unavailable');
      expect(headers).toEqual([
        'Access-Control-Allow-Origin: *',
        'Connection: close',
        "Content-Security-Policy: default-src 'self'",
        'Set-Cookie: theme=dark',
        'Transfer-Encoding: chunked',
        'X-Request-Id: 1',
      ]);
      expect(body).toBe('9\r\nthe error\r\n0\r\n\r\n');
      expect(log).toEqual(['commit(false)', 'fail(no database)']);
    });

    it('gives the error its automatic length when none was set before', async () => {
      const { port, before } = await start({
        handler: (res) => res.end('lost'),
        fail: (res) => res.end('the error'),
      });
      before.reject(new Error('no'));
      expect((await ask(port)).headers).toContain('Content-Length: 9');
    });

    it('tells the callbacks of what was dropped', async () => {
      const error = new Error('no database');
      const told: unknown[] = [];
      const { port, before } = await start({
        handler: (res) => {
          res.write('a', (e) => told.push(e));
          res.write('b', 'utf8', (e) => told.push(e));
          res.end('c', ((e?: Error) => told.push(e)) as () => void);
        },
      });
      before.reject(error);
      expect((await ask(port)).status).toBe('HTTP/1.1 500 Internal Server Error');
      expect(told).toEqual([error, error, error]);
    });

    it('drops what the handler writes in the tick of a commit that throws', async () => {
      const { port, log } = await start({
        handler: (res) => {
          res.write('lost');
          expect(res.headersSent).toBe(true);
          res.end('lost');
        },
        commit: () => {
          throw new Error('no');
        },
        fail: (res) => setImmediate(() => res.writeHead(500).end('later')),
      });
      const { status, body } = await ask(port);
      expect(status).toMatch('500');
      expect(body).toBe('5\r\nlater\r\n0\r\n\r\n');
      expect(log).toEqual(['commit(false)', 'fail(no)']);
    });

    it.each([true, false])('fails in the same way when beforeHead throws (waiting: %s)', async (waiting) => {
      const { port, log } = await start({
        handler: (res) => res.end('lost'),
        commit: () => (waiting ? Promise.resolve() : undefined),
        beforeHead: () => {
          throw new Error('bad cookie');
        },
      });
      const { status, body } = await ask(port);
      expect([status, body]).toEqual(['HTTP/1.1 500 Internal Server Error', '9\r\nthe error\r\n0\r\n\r\n']);
      expect(log).toEqual(['commit(false)', 'beforeHead', 'fail(bad cookie)']);
    });

    it('passes on what Node throws at the release', async () => {
      const told: unknown[] = [];
      const { port, log, before } = await start({
        handler: (res) => {
          res.statusCode = 42;
          res.write('lost', (error) => told.push(error));
          res.end('lost');
        },
      });
      before.resolve();
      const { status, body } = await ask(port);
      expect([status, body]).toEqual(['HTTP/1.1 500 Internal Server Error', '9\r\nthe error\r\n0\r\n\r\n']);
      expect(log).toEqual(['commit(false)', 'beforeHead', 'fail(Invalid status code: 42)']);
      expect(told).toEqual([expect.objectContaining({ code: 'ERR_HTTP_INVALID_STATUS_CODE' })]);
    });

    it('cuts a response off for what Node throws after its head', async () => {
      const { port, log, before, response } = await start({
        handler: (res) => {
          res.strictContentLength = true;
          res.writeHead(200, { 'Content-Length': 3 });
          res.write('four');
        },
      });
      const wire = new Wire(port).send(GET);
      const res = await response;
      before.resolve();
      await wire.closed;
      expect(log).toEqual(['commit(false)', 'beforeHead']);
      expect(res.errored).toMatchObject({ code: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH' });
    });

    it('cuts the response off when nobody answers because fail throws', async () => {
      const { port, before, response } = await start({
        handler: (res) => res.end('lost'),
        fail: () => {
          throw new Error('worse');
        },
      });
      const wire = new Wire(port).send(GET);
      before.reject('a string');
      await wire.closed;
      expect(wire.received).toBe('');
      expect((await response).errored).toMatchObject({ message: 'worse' });
    });

    it('refuses what the handler still writes after the error, without an error event', async () => {
      const error = new Error('no');
      const raised = jest.fn();
      const told: unknown[] = [];
      const late = defer();
      const { port, before } = await start({
        handler: (res) => {
          res.on('error', raised);
          res.write('lost', () => {
            told.push(res.write('more', (e) => told.push(e)));
            res.end('more', ((e?: Error) => (told.push(e), late.resolve())) as () => void);
          });
        },
      });
      before.reject(error);
      const { body } = await ask(port);
      await late.promise;
      await turns();
      expect(body).toBe('9\r\nthe error\r\n0\r\n\r\n');
      expect(told).toEqual([false, error, error]);
      expect(raised).not.toHaveBeenCalled();
    });

    it('takes a piped stream off, whose bytes must not come into the error', async () => {
      const source = new Readable({ read: () => undefined });
      const { port, before, response } = await start({
        handler: (res) => source.pipe(res),
        fail: (res) => {
          res.statusCode = 500;
          source.push('more that is lost');
          source.push(null);
          setImmediate(() => res.end('the error'));
        },
      });
      const wire = new Wire(port).send(GET);
      await response;
      source.push('lost');
      await turns();
      before.reject(new Error('no'));
      await wire.closed;
      expect(parse(wire.received)).toMatchObject({
        status: 'HTTP/1.1 500 Internal Server Error',
        body: 'the error',
      });
    });

    it('does not hold or ask again for the error', async () => {
      const { port, before, log } = await start({
        handler: (res) => res.end('lost'),
        fail: (res) => {
          res.writeHead(500, ['X-A', '1']);
          res.flushHeaders();
          res.write('the ');
          setImmediate(() => res.end('error'));
        },
      });
      before.reject(new Error('no'));
      expect(await ask(port)).toMatchObject({
        headers: expect.arrayContaining(['X-A: 1']) as unknown,
        body: '4\r\nthe \r\n5\r\nerror\r\n0\r\n\r\n',
      });
      expect(log).toEqual(['commit(false)', 'fail(no)']);
    });
  });

  describe('at an end after the head', () => {
    const waitAtEnd = (headersSent: boolean, _: Deferred, atEnd: Deferred) =>
      headersSent ? atEnd.promise : undefined;

    it('keeps the end until the session was saved again', async () => {
      const seen: unknown[] = [];
      const { port, atEnd, log, response } = await start({
        commit: waitAtEnd,
        handler: (res) => {
          res.write('first');
          res.end('last', () => seen.push('end'));
          seen.push(res.writableEnded, res.finished, res.writableFinished);
          res.end(() => seen.push('second end'));
        },
      });
      const wire = new Wire(port).send(GET);
      await wire.until('first\r\n');
      await response;
      await turns();
      expect(wire.received).not.toContain('last');
      expect(seen).toEqual([true, false, false]);
      atEnd.resolve();
      await wire.closed;
      expect(parse(wire.received).body).toBe('5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\n');
      expect(log).toEqual(['commit(false)', 'beforeHead', 'commit(true)']);
      // Which of them is first is another question in each version of Node.js.
      expect(seen.slice(3).sort()).toEqual(['end', 'second end']);
    });

    it('asks when calls that waited are sent, but not when the end asked first', async () => {
      const setup = await start({
        commit: (headersSent, before, atEnd) => (headersSent ? atEnd : before).promise,
        handler: (res) => {
          res.write('first');
          res.end('last');
        },
      });
      const wire = new Wire(setup.port).send(GET);
      setup.before.resolve();
      await wire.until('first\r\n');
      expect(wire.received).not.toContain('last');
      expect((await setup.response).writableEnded).toBe(true);
      expect(setup.log).toEqual(['commit(false)', 'beforeHead', 'commit(true)']);
      setup.atEnd.resolve();
      await wire.closed;
      expect(wire.received).toContain('4\r\nlast\r\n0\r\n\r\n');

      const other = await start({ handler: (res) => res.end('all') });
      other.before.resolve();
      expect((await ask(other.port)).body).toBe('all');
      expect(other.log).toEqual(['commit(false)', 'beforeHead']);
    });

    it.each<[string, (atEnd: Deferred) => Promise<void>]>([
      ['rejects', (atEnd) => atEnd.promise],
      [
        'throws',
        () => {
          throw new Error('no');
        },
      ],
    ])('cuts the response off when the commit %s', async (_, commit) => {
      const told = defer<unknown>();
      const { port, atEnd, log, response } = await start({
        commit: (headersSent, _before, end) => (headersSent ? commit(end) : undefined),
        handler: (res) => {
          res.write('first');
          void response.then(() => res.end('last', told.resolve as () => void));
        },
      });
      const wire = new Wire(port).send(GET);
      await wire.until('first\r\n');
      await turns();
      atEnd.reject(new Error('no'));
      await wire.closed;
      expect(wire.received).not.toContain('last');
      expect(wire.received).not.toContain('0\r\n\r\n');
      expect((await response).destroyed).toBe(true);
      expect(await told.promise).toMatchObject({ message: 'no' });
      expect(log).toEqual(['commit(false)', 'beforeHead', 'commit(true)']);
    });
  });

  describe('when the client is gone', () => {
    it('drops what it kept, and is quiet when the commit succeeds', async () => {
      const told: unknown[] = [];
      const raised = jest.fn();
      const { port, before, log, response } = await start({
        handler: (res) => {
          res.on('error', raised);
          res.write('a'.repeat(5000), (error) => told.push(error));
        },
      });
      const wire = new Wire(port).send(GET);
      const res = await response;
      expect(res.writableLength).toBe(5000);
      const closed = once(res, 'close');
      wire.socket.destroy();
      await closed;
      await turns();
      expect(told).toEqual([expect.objectContaining({ code: 'ERR_STREAM_DESTROYED' })]);
      expect(res.writableLength).toBe(0);
      expect(res.write('b', (error) => told.push(error))).toBe(false);
      expect(res.end('c')).toBe(res);
      expect([res.headersSent, res.writableEnded, res.writableLength]).toEqual([true, true, 0]);
      before.resolve();
      await turns();
      expect(told).toHaveLength(2);
      expect(log).toEqual(['commit(false)']);
      expect(raised).not.toHaveBeenCalled();
    });

    it('still tells of a commit that fails', async () => {
      const { port, before, log, response } = await start({ handler: (res) => res.end('lost') });
      const wire = new Wire(port).send(GET);
      const res = await response;
      wire.socket.destroy();
      await once(res, 'close');
      before.reject(new Error('no'));
      await turns();
      expect(log).toEqual(['commit(false)', 'fail(no)']);
    });

    it('commits for an application that goes on', async () => {
      const started = defer<ServerResponse>();
      const { port, before, log } = await start({ handler: (res) => started.resolve(res) });
      const wire = new Wire(port).send(GET);
      const res = await started.promise;
      wire.socket.destroy();
      await once(res, 'close');
      expect(res.write('x')).toBe(false);
      res.end();
      before.resolve();
      await turns();
      expect(log).toEqual(['commit(false)']);
    });

    it('survives a response that was destroyed by the application', async () => {
      const { port, before, log, response } = await start({
        handler: (res) => {
          res.write('x');
          res.destroy();
          before.resolve();
        },
      });
      const wire = new Wire(port).send(GET);
      await wire.closed;
      await turns();
      expect(wire.received).toBe('');
      expect(log).toEqual(['commit(false)']);
      expect((await response).destroyed).toBe(true);
    });
  });

  describe('on a connection', () => {
    it('answers pipelined requests in order, whichever commit comes first', async () => {
      const commits = new Map<string, Deferred>();
      const arrived = defer();
      const port = await serve((req, res) => {
        const commit = defer();
        commits.set(req.url ?? '', commit);
        holdResponse(
          res,
          new TestGate([], { commit: (headersSent) => (headersSent ? undefined : commit.promise) }),
        );
        if (req.url === '/2') res.write(req.url);
        res.end(`body of ${String(req.url)}`);
        if (req.url === '/3') arrived.resolve();
      });
      const wire = new Wire(port);
      wire.send(
        [1, 2, 3]
          .map(
            (n) =>
              `GET /${n} HTTP/1.1\r\nHost: test\r\nConnection: ${n < 3 ? 'keep-alive' : 'close'}\r\n\r\n`,
          )
          .join(''),
      );
      await arrived.promise;
      commits.get('/3')?.resolve();
      await turns();
      commits.get('/1')?.resolve();
      await wire.until('body of /1');
      await turns();
      expect(wire.received).not.toContain('/2');
      expect(wire.received).not.toContain('/3');
      commits.get('/2')?.resolve();
      await wire.closed;
      expect(wire.received.match(/body of \/\d/g)).toEqual(['body of /1', 'body of /2', 'body of /3']);
      expect(wire.received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    });

    it('answers requests one after another on a kept connection', async () => {
      const port = await serve((req, res) => {
        holdResponse(res, new TestGate([], { commit: () => Promise.resolve() }));
        if (req.url === '/2') res.writeHead(204).end();
        else res.end(`body of ${String(req.url)}`);
      });
      const wire = new Wire(port);
      wire.send('GET /1 HTTP/1.1\r\nHost: test\r\n\r\n');
      await wire.until('body of /1');
      wire.send('GET /2 HTTP/1.1\r\nHost: test\r\n\r\n');
      await wire.until('204 No Content');
      wire.send('GET /3 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
      await wire.closed;
      expect(wire.received).toContain('body of /3');
    });

    it.each([false, true])(
      'pipes 5 MB to a slow reader within bounds (pipeline: %s)',
      async (viaPipeline) => {
        const body = randomBytes(5 * 1024 * 1024);
        let position = 0;
        let most = 0;
        const { port, before, response } = await start({
          handler: (res) => {
            const source = new Readable({
              read(size) {
                most = Math.max(most, res.writableLength);
                this.push(position < body.length ? body.subarray(position, (position += size)) : null);
              },
            });
            res.setHeader('Content-Length', body.length);
            if (viaPipeline) void pipeline(source, res);
            else source.pipe(res);
          },
        });
        const wire = new Wire(port).send(GET);
        wire.socket.pause();
        const res = await response;
        await turns();
        expect(position).toBeLessThanOrEqual(4 * res.writableHighWaterMark);
        expect(res.writableNeedDrain).toBe(true);
        before.resolve();
        await turns();
        const hash = createHash('sha256');
        let received = 0;
        wire.socket.removeAllListeners('data');
        let head = true;
        for await (const data of wire.socket) {
          let bytes = data as Buffer;
          if (head) bytes = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
          head = false;
          hash.update(bytes);
          received += bytes.length;
          await turns(1);
        }
        expect(received).toBe(body.length);
        expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
        expect(most).toBeLessThanOrEqual(4 * 65536);
      },
    );
  });

  describe('beside other libraries', () => {
    const text = 'compressible '.repeat(1000);

    /** An Express application with the hold among its middleware. */
    function app(
      middleware: (hold: express.RequestHandler) => express.RequestHandler[],
      handler: express.RequestHandler,
      commit: () => Promise<void> | undefined = () => Promise.resolve(),
    ): express.Express {
      const hold: express.RequestHandler = (_req, res, next) => {
        holdResponse(
          res,
          new TestGate([], {
            commit: (headersSent) => (headersSent ? undefined : commit()),
            beforeHead: () => res.appendHeader('Set-Cookie', 'sid=1'),
            fail: next,
          }),
        );
        next();
      };
      const application = express();
      application.use(...middleware(hold));
      application.use(handler);
      application.use((error: Error, _req: Request, res: Response, next: NextFunction) => {
        if (res.headersSent) next(error);
        else res.status(500).json({ failed: error.message });
      });
      return application;
    }

    const orders: Record<string, (hold: express.RequestHandler) => express.RequestHandler[]> = {
      before: (hold) => [compression(), hold],
      after: (hold) => [hold, compression()],
    };
    const handlers: Record<string, express.RequestHandler> = {
      'res.send': (_req, res) => void res.send(text),
      'writeHead and end': (_req, res) => void res.writeHead(200, { 'Content-Type': 'text/plain' }).end(text),
      'a flat array': (_req, res) => void res.writeHead(200, ['Content-Type', 'text/plain']).end(text),
      writes: (_req, res) => {
        res.type('text');
        res.write(text.slice(0, 7000));
        res.end(text.slice(7000));
      },
      'a piped stream': (_req, res) => {
        res.type('text');
        Readable.from([text.slice(0, 9000), text.slice(9000)]).pipe(res);
      },
    };
    for (const [order, middleware] of Object.entries(orders)) {
      for (const [name, handler] of Object.entries(handlers)) {
        it.each([true, false])(
          `works with compression ${order} it and ${name} (waiting: %s)`,
          async (waiting) => {
            const commit = () => (waiting ? Promise.resolve() : undefined);
            const answer = await request(app(middleware, handler, commit))
              .get('/')
              .set('Accept-Encoding', 'gzip');
            expect(answer.status).toBe(200);
            expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', 'set-cookie': ['sid=1'] });
            expect(answer.text).toBe(text);
          },
        );

        it(`sends the error with compression ${order} it and ${name}`, async () => {
          const commit = () => Promise.reject(new Error('no database'));
          const answer = await request(app(middleware, handler, commit))
            .get('/')
            .set('Accept-Encoding', 'gzip');
          expect(answer.status).toBe(500);
          expect(answer.body).toEqual({ failed: 'no database' });
          expect(answer.headers).not.toHaveProperty('content-encoding');
          expect(answer.headers).not.toHaveProperty('set-cookie');
        });
      }

      it(`pipes a long stream through compression ${order} it`, async () => {
        const long = randomBytes(1024 * 1024).toString('hex');
        const handler: express.RequestHandler = (_req, res) => {
          res.type('text');
          Readable.from(long.match(/.{1,50000}/g) ?? []).pipe(res);
        };
        const answer = await request(app(middleware, handler)).get('/').set('Accept-Encoding', 'gzip');
        expect(answer.headers).toHaveProperty('content-encoding', 'gzip');
        expect(answer.text === long).toBe(true);
      });

      it(`sends what compression ${order} it lets through`, async () => {
        const answer = await request(app(middleware, (_req, res) => void res.send('short'))).get('/');
        expect(answer.headers).not.toHaveProperty('content-encoding');
        expect(answer.text).toBe('short');
      });
    }

    it('goes through a wrapper that was there before and one that came after, and leaves both', async () => {
      const calls: string[] = [];
      const wrap = (who: string) => (_req: Request, res: Response, next: NextFunction) => {
        const methods = res as unknown as Record<string, (...args: unknown[]) => unknown>;
        for (const name of ['writeHead', 'write', 'end']) {
          const previous = methods[name];
          methods[name] = (...args) => {
            calls.push(`${who} ${name}`);
            return previous?.apply(res, args);
          };
        }
        next();
      };
      let own: unknown;
      let later: unknown;
      const application = app(
        (hold) => [
          wrap('before'),
          hold,
          (_req, res, next) => ((own = property(res, 'end')), next()),
          wrap('after'),
        ],
        (_req, res) => {
          later = property(res, 'end');
          res.on('finish', () => expect(property(res, 'end')).toBe(later));
          res.write('x');
          calls.push('waiting');
          res.end('y');
        },
      );
      const answer = await request(application).get('/');
      expect(answer.text).toBe('xy');
      expect(later).not.toBe(own);
      expect(calls).toEqual([
        'after write',
        'waiting',
        'after end',
        'before write',
        'after writeHead',
        'before writeHead',
        'before end',
      ]);
    });

    it('passes the reason on to a wrapper that was there before', async () => {
      let seen: unknown[] = [];
      const port = await serve((_req, res) => {
        const previous = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
        res.writeHead = (...args: unknown[]) => previous(...(seen = args));
        holdResponse(res, new TestGate([], { commit: nothing }));
        res.writeHead(203, 'Mine', { 'X-A': '1' }).end();
      });
      expect((await ask(port)).status).toBe('HTTP/1.1 203 Mine');
      expect(seen).toEqual([203, 'Mine']);
    });

    it('keeps what a body wrapper still has of the lost response out of the error', async () => {
      const error = new Error('no');
      const raised = jest.fn();
      const told: unknown[] = [];
      const late = defer();
      const { port, before } = await start({
        handler: (res) => {
          const mine = {
            write: res.write.bind(res) as (...args: unknown[]) => boolean,
            end: res.end.bind(res) as (...args: unknown[]) => ServerResponse,
            writeHead: res.writeHead.bind(res),
            flushHeaders: res.flushHeaders.bind(res),
          };
          let ended = false;
          res.end = () => {
            if (ended) return res;
            ended = true;
            mine.write('lost', () => {
              expect(mine.write('more', (e: unknown) => told.push(e))).toBe(false);
              mine.flushHeaders();
              expect(codeOf(() => mine.writeHead(200))).toBe('ERR_HTTP_HEADERS_SENT');
              expect(mine.end('more', (e: unknown) => told.push(e))).toBe(res);
            });
            return res;
          };
          res.on('error', raised);
          res.end();
        },
        fail: (res) => {
          setImmediate(() => {
            res.writeHead(500).end('the error');
            res.write('too late', (e) => {
              told.push(e);
              late.resolve();
            });
          });
        },
      });
      before.reject(error);
      const { status, body } = await ask(port);
      expect([status, body]).toEqual(['HTTP/1.1 500 Internal Server Error', '9\r\nthe error\r\n0\r\n\r\n']);
      await late.promise;
      await turns();
      expect(told).toEqual([error, error, error]);
      expect(raised).not.toHaveBeenCalled();
    });

    it('asks no more after an end that a wrapper before it makes asynchronous', async () => {
      const log: string[] = [];
      const application = express();
      application.use(compression(), (_req, res) => {
        holdResponse(res, new TestGate(log, { commit: nothing }));
        res.type('text').end(text);
        res.end();
      });
      const answer = await request(application).get('/').set('Accept-Encoding', 'gzip');
      expect(answer.text).toBe(text);
      expect(log).toEqual(['commit(false)', 'beforeHead']);
    });

    it('leaves a wrapper of writeHead in place for the error', async () => {
      let later: unknown;
      const application = app(
        (hold) => [
          hold,
          (_req, res, next) => {
            const previous = res.writeHead.bind(res) as (...args: unknown[]) => Response;
            later = res.writeHead = ((...args: unknown[]) => {
              res.setHeader('X-Wrapped', '1');
              return previous(...args);
            }) as Response['writeHead'];
            next();
          },
        ],
        (_req, res) => void res.send('lost'),
        () => Promise.reject(new Error('no')),
      );
      const answer = await request(application).get('/');
      expect(answer.status).toBe(500);
      expect(answer.headers).toHaveProperty('x-wrapped', '1');
      expect(later).toBeDefined();
    });

    it('sends files, redirects, JSON and not modified answers of Express', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'hold-'));
      afterwards.push(() => rm(folder, { recursive: true }));
      const content = randomBytes(300_000);
      await writeFile(join(folder, 'file.bin'), content);
      const router = express.Router();
      router.get('/file', (_req, res) => res.sendFile(join(folder, 'file.bin')));
      router.get('/redirect', (_req, res) => res.redirect('/elsewhere'));
      router.get('/json', (_req, res) => void res.json({ a: 1 }));
      const application = app((hold) => [hold], router);

      const file = await request(application).get('/file');
      expect(content.equals(file.body as Buffer)).toBe(true);
      expect(file.headers).toMatchObject({ 'content-length': '300000', 'set-cookie': ['sid=1'] });
      const part = await request(application).get('/file').set('Range', 'bytes=10-19');
      expect([part.status, content.subarray(10, 20).equals(part.body as Buffer)]).toEqual([206, true]);
      const redirect = await request(application).get('/redirect');
      expect([redirect.status, redirect.headers.location]).toEqual([302, '/elsewhere']);
      const json = await request(application).get('/json');
      expect(json.body).toEqual({ a: 1 });
      const fresh = await request(application).get('/json').set('If-None-Match', String(json.headers.etag));
      expect([fresh.status, fresh.text]).toEqual([304, '']);
      const head = await request(application).head('/json');
      expect([head.status, head.headers['content-length']]).toEqual([200, '7']);
      const missing = await request(application).get('/missing');
      expect(missing.status).toBe(404);
    });

    it('answers a file or a redirect that was lost with the error', async () => {
      const router = express.Router();
      router.get('/file', (_req, res) => res.sendFile(import.meta.filename));
      router.get('/redirect', (_req, res) => res.redirect('/elsewhere'));
      const application = app(
        (hold) => [hold],
        router,
        () => Promise.reject(new Error('no')),
      );
      for (const path of ['/file', '/redirect']) {
        const answer = await request(application).get(path);
        expect(answer.status).toBe(500);
        expect(answer.body).toEqual({ failed: 'no' });
        for (const name of ['location', 'last-modified', 'accept-ranges']) {
          expect(answer.headers).not.toHaveProperty(name);
        }
      }
    });
  });

  describe('over HTTP/2', () => {
    async function open(
      handler: (res: http2.Http2ServerResponse) => void,
      commit: () => Promise<void> | undefined,
    ): Promise<{ stream: http2.ClientHttp2Stream; log: string[] }> {
      const log: string[] = [];
      const server = http2.createServer((_req, response) => {
        const res = response as unknown as ServerResponse;
        // Every use of it, also one to read it, makes Node warn.
        const accessor = () => log.push('statusMessage');
        Object.defineProperty(res, 'statusMessage', { get: accessor, set: accessor });
        holdResponse(
          res,
          new TestGate(log, {
            commit: (headersSent) => (headersSent ? undefined : commit()),
            beforeHead: () => res.setHeader('Set-Cookie', 'sid=1'),
            fail: () => {
              res.statusCode = 500;
              res.end('the error');
            },
          }),
        );
        handler(response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      afterwards.push(
        () => client.close(),
        () => new Promise((resolve) => server.close(resolve)),
      );
      return { stream: client.request({ ':path': '/' }), log };
    }

    async function get(
      handler: (res: http2.Http2ServerResponse) => void,
      commit: () => Promise<void> | undefined,
    ) {
      const { stream, log } = await open(handler, commit);
      stream.setEncoding('utf8');
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
      let body = '';
      for await (const data of stream) body += String(data);
      return { headers, body, log };
    }

    const handlers: Record<string, (res: http2.Http2ServerResponse) => void> = {
      end: (res) => {
        res.setHeader('X-A', '1');
        res.statusCode = 201;
        res.end('hello');
        expect(res.headersSent && res.writableEnded).toBe(true);
      },
      'writeHead with an object': (res) => void res.writeHead(201, { 'X-A': '1' }).end('hello'),
      'writeHead with an array': (res) => void res.writeHead(201, ['X-A', '1'] as never).end('hello'),
      'a piped stream': (res) => {
        res.setHeader('X-A', '1');
        res.statusCode = 201;
        Readable.from(['hel', 'lo']).pipe(res);
      },
    };
    for (const [name, handler] of Object.entries(handlers)) {
      it.each([true, false])(`sends ${name} (waiting: %s)`, async (waiting) => {
        const { headers, body, log } = await get(handler, () => (waiting ? Promise.resolve() : undefined));
        expect(headers).toMatchObject({ ':status': 201, 'x-a': '1', 'set-cookie': ['sid=1'] });
        expect(body).toBe('hello');
        expect(log.slice(0, 2)).toEqual(['commit(false)', 'beforeHead']);
        expect(log).not.toContain('statusMessage');
      });
    }

    it('sends the error instead of what was lost', async () => {
      const { headers, body, log } = await get(
        (res) => void res.writeHead(201, { etag: 'lost', 'x-request-id': '1' }).end('lost'),
        () => Promise.reject(new Error('no')),
      );
      expect(headers).toMatchObject({ ':status': 500, 'x-request-id': '1' });
      expect(headers).not.toHaveProperty('etag');
      expect(body).toBe('the error');
      expect(log).toEqual(['commit(false)', 'fail(no)']);
    });

    it.each([true, false])('is quiet when the client went away (commit succeeds: %s)', async (succeeds) => {
      const told: unknown[] = [];
      const commit = defer();
      const started = defer<http2.Http2ServerResponse>();
      const { stream, log } = await open(
        (res) => {
          res.write('x'.repeat(100), (error: unknown) => told.push(error));
          started.resolve(res);
        },
        () => commit.promise,
      );
      const res = await started.promise;
      const closed = once(res, 'close');
      stream.close(http2.constants.NGHTTP2_CANCEL);
      await closed;
      expect(res.write('y', (error: unknown) => told.push(error))).toBe(false);
      if (succeeds) commit.resolve();
      else commit.reject(new Error('no'));
      await turns();
      expect(told).toEqual([
        expect.objectContaining({ code: 'ERR_STREAM_DESTROYED' }),
        expect.objectContaining({ code: 'ERR_STREAM_DESTROYED' }),
      ]);
      expect(log).toEqual(succeeds ? ['commit(false)'] : ['commit(false)', 'fail(no)']);
    });

    it('sends an empty response', async () => {
      const { headers, body } = await get(
        (res) => void res.writeHead(204).end(),
        () => Promise.resolve(),
      );
      expect([headers[':status'], headers['set-cookie'], body]).toEqual([204, ['sid=1'], '']);
    });
  });
});
