import { describe, expect, it } from '@jest/globals';
import { runNode } from '../../package/package.js';

/** In a process of its own, with the built package: Jest cannot load what Fastify's `inject` loads. */
const SCRIPT = `
  import 'reflect-metadata';
  import { Body, Controller, Get, Module, Post } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { Session, SessionModule } from 'nest-session';
  import { CookieSessionStore } from 'nest-session/cookie';
  import { cookieFrom, fakeClock, readSession, signIn } from 'nest-session/testing';

  class SiteController {
    read(session) { return { ...session }; }
    set(session, body) { Object.assign(session, body); return {}; }
    login(session) { return session.login('ann'); }
    logout(session) { return session.logout(); }
  }
  const route = (name, decorator) =>
    decorator(SiteController.prototype, name, Object.getOwnPropertyDescriptor(SiteController.prototype, name));
  route('read', Get('read'));
  for (const name of ['set', 'login', 'logout']) route(name, Post(name));
  for (const name of ['read', 'set', 'login', 'logout']) Session()(SiteController.prototype, name, 0);
  Body()(SiteController.prototype, 'set', 1);
  Controller()(SiteController);

  class AppModule {}
  Module({
    imports: [SessionModule.forRoot({
      secret: 'a secret of more than thirty-two bytes',
      store: new CookieSessionStore({ chunks: 2 }),
      idleTimeout: '30m',
    })],
    controllers: [SiteController],
  })(AppModule);

  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
  await app.init();

  const post = (url, cookie, payload) => app.inject({ method: 'POST', url, headers: { cookie }, payload });
  const read = async (cookie) => (await app.inject({ url: '/read', headers: { cookie } })).json();
  const names = (cookie) => cookie.split('; ').map((pair) => pair.split('=')[0]);
  const results = {};

  const first = await post('/set', '', { color: 'green' });
  let cookie = cookieFrom(first);
  results.first = [first.statusCode, await read(cookie), first.headers['cache-control']];
  results.quiet = (await app.inject({ url: '/read', headers: { cookie } })).headers['set-cookie'] ?? 'none';
  cookie = cookieFrom(await post('/set', cookie, { fill: 'x'.repeat(4000) }), cookie);
  results.split = [names(cookie), Object.keys(await read(cookie))];
  const tooLarge = await post('/set', cookie, { fill: 'x'.repeat(9000) });
  results.tooLarge = [tooLarge.statusCode, tooLarge.headers['set-cookie'] ?? 'none', Object.keys(await read(cookie))];
  const old = cookie;
  cookie = cookieFrom(await post('/set', cookie, { fill: 1 }), cookie);
  results.shrunk = [names(cookie), await read(cookie)];
  results.mixed = await read(cookie + '; ' + old.split('; ')[1]);
  cookie = cookieFrom(await post('/login', cookie), cookie);
  results.login = await read(cookie);
  results.tampered = await read(cookie.slice(0, -9) + 'AAAAAAAAA');
  results.logout = cookieFrom(await post('/logout', cookie), cookie);
  const signedIn = await signIn(app, { userId: '42' });
  results.kit = (await readSession(app, signedIn)).data;
  fakeClock(app).advance('31m');
  results.expired = [await read(cookie), (await readSession(app, signedIn)) ?? 'none'];
  console.log(JSON.stringify(results));
  await app.close();
`;

describe('CookieSessionStore on Fastify', () => {
  it('keeps, splits, refuses, expires and ends sessions as on Express', async () => {
    expect(JSON.parse(await runNode('module', SCRIPT))).toEqual({
      first: [201, { color: 'green' }, 'no-store'],
      quiet: 'none',
      split: [
        ['sid', 'sid.1'],
        ['color', 'fill'],
      ],
      tooLarge: [500, 'none', ['color', 'fill']],
      shrunk: [['sid'], { color: 'green', fill: 1 }],
      mixed: { color: 'green', fill: 1 },
      login: { color: 'green', fill: 1, userId: 'ann' },
      tampered: {},
      logout: '',
      kit: { userId: '42' },
      expired: [{}, 'none'],
    });
  });
});
