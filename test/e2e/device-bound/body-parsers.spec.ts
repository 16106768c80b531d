import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Module } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import type { NextFunction, Request, Response } from 'express';
import { request } from 'node:http';
import { SessionModule, type SessionModuleOptions } from '../../../lib/index.js';
import { ADAPTER_NAMES, type AdapterName } from '../../support/adapters.js';
import { listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';

const PATHS = ['/.session/register', '/.session/refresh'];

async function adapterOf(name: AdapterName): Promise<AbstractHttpAdapter> {
  if (name === 'express') return new (await import('@nestjs/platform-express')).ExpressAdapter();
  return new (await import('@nestjs/platform-fastify')).FastifyAdapter({ bodyLimit: 100 });
}

describe.each(
  ADAPTER_NAMES.flatMap((adapter) => [
    { adapter, routes: 'all routes', options: {} },
    { adapter, routes: 'other routes', options: { forRoutes: ['nowhere/else'] } },
  ]),
)('the endpoints of device-bound sessions ($adapter, $routes)', ({ adapter, options }) => {
  let app: INestApplication;
  let base: string;

  async function start(setUp: (app: INestApplication) => void = () => undefined): Promise<void> {
    app = await NestFactory.create(moduleWith(options), await adapterOf(adapter), { logger: false });
    setUp(app);
    base = await listen(app);
  }

  afterEach(() => app.close());

  describe('and bodies', () => {
    beforeEach(() => start());

    it.each<[string, Record<string, string>, string | undefined]>([
      ['that are no JSON', { 'content-type': 'application/json' }, '{"a":'],
      ['that are too large', { 'content-type': 'application/json' }, JSON.stringify('x'.repeat(200_000))],
      ['of a type that nobody reads', { 'content-type': 'text/x-nothing' }, 'x'],
      ['in letters that nobody reads', { 'content-type': 'application/json; charset=x-none' }, '{}'],
      ['that never come', { 'content-type': 'application/json', 'content-length': '10' }, undefined],
    ])('does not look at those %s', async (_, headers, body) => {
      for (const path of PATHS) expect(await statusOf(path, headers, body)).toBe(403);
      // It was the body that would have been wrong.
      if (body !== undefined) expect(await statusOf('/elsewhere', headers, body)).not.toBe(403);
    });
  });

  if (adapter === 'express')
    it('come before what main.ts adds', async () => {
      await start((made) => made.use(refusing));
      for (const path of PATHS) expect(await statusOf(path)).toBe(403);
      expect(await statusOf('/elsewhere')).toBe(418);
    });

  /** The status of the answer to a POST over HTTPS, as a proxy passes it on; without a body none is sent, whatever is announced. */
  function statusOf(path: string, headers: Record<string, string> = {}, body?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(base + path, {
        method: 'POST',
        headers: { 'x-forwarded-proto': 'https', 'content-length': body?.length ?? 0, ...headers },
      });
      sent.on('response', ({ statusCode }) => {
        resolve(statusCode!);
        sent.destroy();
      });
      // The server may hang up on a body that it does not read, after its answer.
      sent.on('error', reject);
      if (body === undefined && 'content-length' in headers) sent.flushHeaders();
      else sent.end(body);
    });
  }
});

function moduleWith(options: Partial<SessionModuleOptions>): new () => object {
  @Module({
    imports: [
      SessionModule.forRoot({
        secret: SECRET,
        proxy: true,
        cookie: { secure: true },
        deviceBound: true,
        ...options,
      }),
    ],
  })
  class AppModule {}
  return AppModule;
}

function refusing(_req: Request, res: Response, _next: NextFunction): void {
  res.statusCode = 418;
  res.end();
}
