import { describe, expect, it } from '@jest/globals';
import { runNode } from '../../package/package.js';

/** In a process of its own, with the built package: Jest cannot load what Fastify's `inject` loads. */
const SCRIPT = `
  import 'reflect-metadata';
  import { Controller, Get, Module, Post, UseGuards } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { RequireLogin, Session, SessionGuard, SessionModule } from 'nest-session';
  import { cookieFrom, fakeClock, readSession, signIn } from 'nest-session/testing';

  class MeController {
    me(userId) { return { userId }; }
    visit(session) { session.visits = 1; }
  }
  const route = (name, ...decorators) => {
    const descriptor = Object.getOwnPropertyDescriptor(MeController.prototype, name);
    for (const decorator of decorators) decorator(MeController.prototype, name, descriptor);
  };
  route('me', Get('me'), RequireLogin(), UseGuards(SessionGuard));
  route('visit', Post('visit'));
  Session('userId')(MeController.prototype, 'me', 0);
  Session()(MeController.prototype, 'visit', 0);
  Controller()(MeController);

  class AppModule {}
  Module({
    imports: [SessionModule.forRoot({ secret: 'a secret of more than thirty-two bytes' })],
    controllers: [MeController],
  })(AppModule);

  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
  await app.init();
  const cookie = await signIn(app, { userId: '42' });
  const me = () => app.inject({ url: '/me', headers: { cookie } });
  const signedIn = await me();
  const visit = await app.inject({ method: 'POST', url: '/visit' });
  const visited = [await readSession(app, visit), await readSession(app, cookieFrom(visit))];
  fakeClock(app).advance('2d');
  const statuses = [signedIn.statusCode, (await app.inject('/me')).statusCode, (await me()).statusCode];
  await app.close();
  console.log(JSON.stringify({ statuses, body: signedIn.json(), visited: visited.map(({ data }) => data) }));
`;

describe('the testing kit on Fastify', () => {
  it('signs in for inject(), reads sessions by its responses, and ages them', async () => {
    expect(JSON.parse(await runNode('module', SCRIPT))).toEqual({
      statuses: [200, 401, 401],
      body: { userId: '42' },
      visited: [{ visits: 1 }, { visits: 1 }],
    });
  });
});
