import { describe, expect, it } from '@jest/globals';
import { runNode } from '../../package/package.js';

/** In a process of its own, with the built package: Jest cannot load what Fastify's `inject` loads. */
const SCRIPT = `
  import 'reflect-metadata';
  import { Readable } from 'node:stream';
  import { All, Controller, Module, Req, Res } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { Session, SessionModule } from 'nest-session';
  import { cookieFrom, failingStore } from 'nest-session/testing';

  const WAYS = {
    send: (reply) => reply.send({ sent: true }),
    stream: (reply) => reply.send(Readable.from(['str', 'eam'])),
    redirect: (reply) => reply.redirect('/next', 303),
    raw: (reply) => (reply.hijack(), reply.raw.writeHead(202).end('raw')),
  };
  class WayController {
    async go(session, request, reply) {
      session.way = request.params.way;
      await WAYS[request.params.way](reply);
    }
    read(session) { return { ...session }; }
  }
  const route = (name, ...decorators) => {
    const descriptor = Object.getOwnPropertyDescriptor(WayController.prototype, name);
    for (const decorator of decorators) decorator(WayController.prototype, name, descriptor);
  };
  route('go', All('go/:way'));
  route('read', All('read'));
  Session()(WayController.prototype, 'go', 0);
  Req()(WayController.prototype, 'go', 1);
  Res()(WayController.prototype, 'go', 2);
  Session()(WayController.prototype, 'read', 0);
  Controller()(WayController);

  const store = failingStore();
  class AppModule {}
  Module({
    imports: [SessionModule.forRoot({ secret: 'a secret of more than thirty-two bytes', store })],
    controllers: [WayController],
  })(AppModule);
  let serial = 0;
  const adapter = new FastifyAdapter({ genReqId: () => 'request-' + ++serial });
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  await app.init();

  const results = {};
  for (const way of Object.keys(WAYS)) {
    store.hang({ only: ['create'] });
    let isAnswered = false;
    const asked = app.inject('/go/' + way).finally(() => (isAnswered = true));
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    const waited = !isAnswered;
    store.recover();
    const answer = await asked;
    const read = await app.inject({ url: '/read', headers: { cookie: cookieFrom(answer) } });
    store.fail({ only: ['create'] });
    const lost = await app.inject('/go/' + way);
    store.recover();
    results[way] = [waited, answer.statusCode, answer.body, read.json().way, lost.statusCode, lost.json().message];
  }
  const head = await app.inject({ method: 'HEAD', url: '/go/send' });
  results.head = [head.statusCode, (await app.inject({ url: '/read', headers: { cookie: cookieFrom(head) } })).json()];
  await app.close();
  console.log(JSON.stringify(results));
`;

describe('inject() of Fastify', () => {
  it('gives answers whose session is stored, and the error where it is not', async () => {
    const lost = [503, 'Service Unavailable'];
    expect(JSON.parse(await runNode('module', SCRIPT))).toEqual({
      send: [true, 200, '{"sent":true}', 'send', ...lost],
      stream: [true, 200, 'stream', 'stream', ...lost],
      redirect: [true, 303, '', 'redirect', ...lost],
      raw: [true, 202, 'raw', 'raw', ...lost],
      head: [200, { way: 'send' }],
    });
  });
});
