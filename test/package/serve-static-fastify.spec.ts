import { describe, expect, it } from '@jest/globals';
import { runNode } from './package.js';

/** In a process of its own: Jest cannot load @fastify/static. The same on Express is test/e2e/nest/serve-static.spec.ts. */
const PROGRAM = `
  import 'reflect-metadata';
  import { mkdtemp, rm, writeFile } from 'node:fs/promises';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { ServeStaticModule } from '@nestjs/serve-static';
  import { SessionModule } from 'nest-session';
  import { fakeClock } from 'nest-session/testing';

  const folder = await mkdtemp(join(tmpdir(), 'nest-session-files-'));
  await writeFile(join(folder, 'app.js'), 'start();');
  class AppModule {}
  Module({
    imports: [
      ServeStaticModule.forRoot({
        rootPath: folder,
        serveStaticOptions: { maxAge: '1y', immutable: true, index: false },
      }),
      SessionModule.forRoot({
        secret: 'x'.repeat(32),
        cookie: { maxAge: '1h' },
        rolling: true,
        rotateInterval: '30m',
      }),
    ],
  })(AppModule);

  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
  app.getHttpAdapter().getInstance().get('/api/cart', (request, reply) => {
    const { session } = request.raw;
    session.visits = (session.visits ?? 0) + 1;
    void reply.send({ visits: session.visits });
  });
  await app.listen(0, '127.0.0.1');
  const clock = fakeClock(app);
  const url = await app.getUrl();
  let cookie = '';
  const answers = [];
  const get = async (path, headers = {}) => {
    const response = await fetch(url + path, { headers: { ...headers, ...(cookie && { cookie }) } });
    const [sent] = response.headers.getSetCookie();
    const renewed = sent !== undefined && sent.split(';')[0] !== cookie;
    if (sent) cookie = sent.split(';')[0];
    answers.push([
      path,
      response.status,
      await response.text(),
      response.headers.get('cache-control'),
      sent === undefined ? 'no cookie' : renewed ? 'new id' : 'cookie',
    ]);
    return response;
  };

  await get('/api/cart');
  clock.advance(10 * 60_000);
  const etag = (await get('/app.js')).headers.get('etag');
  await get('/api/cart');
  clock.advance(31 * 60_000);
  await get('/app.js', { 'if-none-match': etag, 'cache-control': 'max-age=0' });
  await get('/api/cart');
  await app.close();
  await rm(folder, { recursive: true });
  console.log(JSON.stringify(answers));
`;

describe('ServeStaticModule on Fastify, with a persistent cookie', () => {
  it('sends a file that caches may keep without a cookie or a new id, the next answer has them', async () => {
    const cached = 'public, max-age=31536000, immutable';
    expect(JSON.parse(await runNode('module', PROGRAM))).toEqual([
      ['/api/cart', 200, '{"visits":1}', 'no-store', 'new id'],
      ['/app.js', 200, 'start();', cached, 'no cookie'],
      ['/api/cart', 200, '{"visits":2}', 'no-store', 'cookie'],
      ['/app.js', 304, '', cached, 'no cookie'],
      ['/api/cart', 200, '{"visits":3}', 'no-store', 'new id'],
    ]);
  }, 120_000);
});
