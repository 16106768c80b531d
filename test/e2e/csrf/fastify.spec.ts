import { describe, expect, it } from '@jest/globals';
import { runNode } from '../../package/package.js';

/** In a process of its own, with the built package: Jest cannot load what Fastify's `inject` loads. */
const SCRIPT = `
  import 'reflect-metadata';
  import { Controller, Get, Module, Post } from '@nestjs/common';
  import { APP_GUARD, NestFactory } from '@nestjs/core';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { CsrfGuard, CsrfToken, Session, SessionModule, SkipCsrf } from 'nest-session';
  import { cookieFrom } from 'nest-session/testing';

  class BankController {
    form(csrf) { return { csrf }; }
    transfer() { return { done: true }; }
    logout(session) { return session.logout(); }
    webhook() { return { received: true }; }
  }
  const route = (name, ...decorators) => {
    const descriptor = Object.getOwnPropertyDescriptor(BankController.prototype, name);
    for (const decorator of decorators) decorator(BankController.prototype, name, descriptor);
  };
  route('form', Get('form'));
  route('transfer', Post('transfer'));
  route('logout', Post('logout'));
  route('webhook', Post('webhook'), SkipCsrf());
  CsrfToken()(BankController.prototype, 'form', 0);
  Session()(BankController.prototype, 'logout', 0);
  Controller()(BankController);

  class AppModule {}
  Module({
    imports: [SessionModule.forRoot({ secret: 'a secret of more than thirty-two bytes', clearSiteData: true })],
    controllers: [BankController],
    providers: [{ provide: APP_GUARD, useClass: CsrfGuard }],
  })(AppModule);

  const openApp = async (options) => {
    const app = await NestFactory.create(AppModule, new FastifyAdapter(options), { logger: false });
    await app.init();
    return app;
  };
  const app = await openApp({});
  const trusting = await openApp({ trustProxy: true });

  const form = await app.inject('/form');
  const { csrf } = form.json();
  const cookie = cookieFrom(form);
  const post = async (headers, payload, url = '/transfer', at = app) => {
    const { statusCode, body } = await at.inject({ method: 'POST', url, headers: { cookie, ...headers }, payload });
    return statusCode === 403 ? JSON.parse(body).code : statusCode;
  };
  const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' };
  const forwarded = { 'x-forwarded-host': 'bank.example', 'x-forwarded-proto': 'https' };
  const results = {
    sameOrigin: await post({ 'sec-fetch-site': 'same-origin' }),
    crossSite: await post({ 'sec-fetch-site': 'cross-site', 'x-csrf-token': csrf }),
    sibling: await post({ 'sec-fetch-site': 'same-site' }),
    ownOrigin: await post({ host: 'bank.example', origin: 'http://bank.example' }),
    otherOrigin: await post({ host: 'bank.example', origin: 'https://evil.example' }),
    nothing: await post({}),
    header: await post({ 'x-csrf-token': csrf }),
    json: await post({}, { _csrf: csrf }),
    urlencoded: await post(urlencoded, '_csrf=' + csrf),
    otherToken: await post(urlencoded, '_csrf=' + csrf.split('').reverse().join('')),
    twice: await post(urlencoded, '_csrf=' + csrf + '&_csrf=' + csrf),
    query: await post({}, undefined, '/transfer?_csrf=' + csrf),
    prototype: await post(urlencoded, '__proto__[_csrf]=' + csrf),
    bare: (await app.inject({ method: 'POST', url: '/transfer' })).statusCode,
    webhook: await post({ 'sec-fetch-site': 'cross-site' }, undefined, '/webhook'),
    proxy: await post({ ...forwarded, origin: 'https://bank.example' }, undefined, '/transfer', trusting),
    downgrade: await post({ ...forwarded, origin: 'http://bank.example' }, undefined, '/transfer', trusting),
    untrusted: await post({ ...forwarded, origin: 'https://bank.example' }),
  };
  const logout = await app.inject({ method: 'POST', url: '/logout', headers: { cookie, 'sec-fetch-site': 'same-origin' } });
  results.cleared = logout.headers['clear-site-data'];
  await app.close();
  await trusting.close();
  console.log(JSON.stringify(results));
`;

describe('CsrfGuard on Fastify', () => {
  it('lets pass and refuses what it does on Express', async () => {
    expect(JSON.parse(await runNode('module', SCRIPT))).toEqual({
      sameOrigin: 201,
      crossSite: 'CSRF_REFUSED',
      sibling: 'CSRF_REFUSED',
      ownOrigin: 201,
      otherOrigin: 'CSRF_REFUSED',
      nothing: 'CSRF_TOKEN_REQUIRED',
      header: 201,
      json: 201,
      urlencoded: 201,
      otherToken: 'CSRF_TOKEN_REQUIRED',
      twice: 'CSRF_TOKEN_REQUIRED',
      query: 'CSRF_TOKEN_REQUIRED',
      prototype: 'CSRF_TOKEN_REQUIRED',
      bare: 201,
      webhook: 201,
      proxy: 201,
      downgrade: 'CSRF_REFUSED',
      untrusted: 'CSRF_REFUSED',
      cleared: '"cache", "storage"',
    });
  });
});
