import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StreamableFile } from '@nestjs/common';
import type { Response as ExpressResponse } from 'express';
import type { FastifyReply } from 'fastify';
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { AdapterName, AnyResponse } from '../../support/adapters.js';
import {
  type Backend,
  BACKENDS,
  deferred,
  type AnyHandler,
  type AnySite,
  STAGES,
} from '../../support/site.js';

type Answers = [
  name: string,
  how: 'run' | 'raw',
  handler: AnyHandler,
  expected: { status: number; text?: string; location?: string },
][];

const file = join(tmpdir(), `nest-session-${process.pid}.txt`);

/** Ways to answer that one of them alone has. */
const OWN_ANSWERS: Record<AdapterName, Answers> = {
  express: [
    ['res.json', 'raw', ({ res }) => void expressOf(res).json({ a: 1 }), { status: 200, text: '{"a":1}' }],
    ['res.sendFile', 'raw', ({ res }) => expressOf(res).sendFile(file), { status: 200, text: 'file' }],
  ],
  fastify: [
    [
      'reply.send of a stream',
      'raw',
      ({ res }) => fastifyOf(res).send(Readable.from(['str', 'eam'])),
      { status: 200, text: 'stream' },
    ],
    [
      'reply.send of a web stream',
      'raw',
      ({ res }) => fastifyOf(res).send(new Blob(['stream']).stream()),
      { status: 200, text: 'stream' },
    ],
    [
      'reply.send of a web response',
      'raw',
      ({ res }) => fastifyOf(res).send(new Response('made', { status: 201 })),
      { status: 201, text: 'made' },
    ],
    [
      'reply.raw without a hijack',
      'raw',
      ({ res }) => void fastifyOf(res).raw.writeHead(202).end('raw'),
      { status: 202, text: 'raw' },
    ],
  ],
};

const expressOf = (res: AnyResponse): ExpressResponse => res as unknown as ExpressResponse;
const fastifyOf = (res: AnyResponse): FastifyReply => res as unknown as FastifyReply;

/** DESIGN 5.4: no byte of a response leaves before its session is stored. */
describe.each(STAGES)('saved before sent ($stage)', ({ kind, adapter, openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
    await writeFile(file, 'file');
  });
  afterAll(async () => {
    await backend.close();
    await rm(file);
  });
  beforeEach(async () => {
    site = await openSite(backend);
  });
  afterEach(() => site.close());

  const answers: Answers = [
    ['a returned value', 'run', () => 'value', { status: 200, text: 'value' }],
    ['an object sent', 'raw', ({ res }) => void res.send({ a: 1 }), { status: 200, text: '{"a":1}' }],
    [
      'a redirect',
      'raw',
      ({ res }) => void res.status(302).redirect('/next'),
      { status: 302, location: '/next' },
    ],
    ['a file', 'run', () => new StreamableFile(createReadStream(file)), { status: 200, text: 'file' }],
    [
      'a stream piped into the response',
      'raw',
      ({ takeOver }) => void Readable.from(['str', 'eam']).pipe(takeOver()),
      { status: 200, text: 'stream' },
    ],
    [
      'writeHead and end',
      'raw',
      ({ takeOver }) => void takeOver().writeHead(202, { 'X-A': '1' }).end('head'),
      { status: 202, text: 'head' },
    ],
    [
      'flushed headers',
      'raw',
      ({ takeOver }) => {
        const res = takeOver();
        res.flushHeaders();
        res.end('flushed');
      },
      { status: 200, text: 'flushed' },
    ],
    ['204', 'raw', ({ res }) => void res.status(204).send(), { status: 204, text: '' }],
    [
      'an error of the handler',
      'run',
      () => {
        throw new Error('broken');
      },
      { status: 500, text: '{"statusCode":500,"message":"Internal server error"}' },
    ],
    ...OWN_ANSWERS[adapter],
  ];

  it.each(answers)(
    '%s waits for the store, and its session is there for the very next request',
    async (_, how, answer, expected) => {
      site.handle('answer', (visit) => {
        visit.session.color = 'green';
        return answer(visit);
      });
      const written = deferred();
      site.spy.gate = written.promise;
      const client = site.client();
      let arrived = false;
      const response = client.get(`/${how}/answer`).finally(() => (arrived = true));
      while (site.spy.count('create') === 0) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(arrived).toBe(false);
      written.resolve();
      const { location, ...rest } = expected;
      const received = await response;
      expect(received).toMatchObject(rest);
      expect(received.headers.get('location')).toBe(location ?? null);
      site.spy.gate = undefined;
      expect((await client.get('/run/read')).body).toEqual({ color: 'green' });
    },
  );

  it.each(answers)(
    '%s becomes a 503 with Retry-After when the store fails, with nothing left of it',
    async (_, how, answer) => {
      site.handle('answer', (visit) => {
        visit.session.color = 'green';
        visit.res.header('ETag', '"lost"');
        return answer(visit);
      });
      site.spy.failure = { error: new Error('store is down'), methods: ['create'] };
      const { status, headers, setCookies, body, text } = await site.client().get(`/${how}/answer`);
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('1');
      expect(headers.get('etag')).not.toBe('"lost"');
      expect(headers.get('location')).toBeNull();
      expect(setCookies).toEqual([]);
      expect(body).toEqual({ statusCode: 503, message: 'Service Unavailable' });
      expect(text).not.toContain('store is down');
      expect(site.events).toContainEqual(expect.objectContaining({ type: 'storeError' }));
    },
  );

  it('what a stream changes after its first byte is stored before its end', async () => {
    const client = site.client();
    await client.post('/run/set', { start: true });
    site.handle('stream', ({ session, takeOver }) => {
      const res = takeOver();
      res.write('first ');
      session.late = true;
      res.end('last');
    });
    expect((await client.get('/raw/stream')).text).toBe('first last');
    expect((await client.get('/run/read')).body).toEqual({ start: true, late: true });
  });

  it('a stream whose late change cannot be stored is cut off: the client sees no complete answer', async () => {
    const client = site.client();
    await client.post('/run/set', { start: true });
    site.handle('stream', async ({ session, takeOver }) => {
      const res = takeOver();
      res.write('first ');
      await new Promise((resolve) => setImmediate(resolve));
      session.late = true;
      site.spy.failure = { error: new Error('store is down'), methods: ['update'] };
      res.end('last');
    });
    await expect(client.get('/raw/stream')).rejects.toThrow();
  });

  it('a new id after the first byte is refused, since its cookie cannot be sent', async () => {
    const refused = deferred<unknown>();
    site.handle('late', async ({ session, takeOver }) => {
      const res = takeOver();
      res.write('first');
      await session.login('ann').catch((error: unknown) => refused.resolve(error));
      res.end();
    });
    await site.client().get('/raw/late');
    expect(await refused.promise).toMatchObject({
      code: 'SESSION_USAGE',
      message: expect.stringContaining('before the first byte'),
    });
  });
});
