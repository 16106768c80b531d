import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { UnsecuredJWT } from 'jose';
import { CsrfGuard, SessionGuard, SessionModule, SessionService } from 'nest-session';
import { type FailingStore, failingStore } from 'nest-session/testing';
import { ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { type Backend, BACKENDS, SECRET, STAGES } from '../../support/site.js';
import { BackChannelLogoutController } from './support/back-channel-logout.controller.js';
import { LogoutTokens, Provider } from './support/logout-tokens.js';
import { type Draft, OpenIdProvider } from './support/open-id-provider.js';
import { SignInController } from './support/sign-in.controller.js';

const FOLDER = new URL('.', import.meta.url);

/** The recipe of docs/back-channel-logout.md. */
describe('the page', () => {
  it.each(['logout-tokens.ts', 'back-channel-logout.controller.ts'])(
    'shows %s as it is tested here',
    (file) => {
      const page = readFileSync(new URL('../../../docs/back-channel-logout.md', FOLDER), 'utf8');
      const code = readFileSync(new URL(`support/${file}`, FOLDER), 'utf8');
      expect(page).toContain(`\`\`\`ts\n// ${file}\n${code}\`\`\``);
    },
  );
});

describe.each(STAGES)('back-channel logout ($stage)', ({ adapter, kind }) => {
  let provider: OpenIdProvider;
  let backend: Backend;
  let store: FailingStore;
  let app: INestApplication;
  let base: string;

  beforeAll(async () => {
    provider = await new OpenIdProvider().start();
    backend = await BACKENDS[kind]();
    store = failingStore(backend.store);
    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET, store })],
      controllers: [BackChannelLogoutController, SignInController],
      providers: [
        LogoutTokens,
        { provide: OpenIdProvider, useValue: provider },
        { provide: Provider, useExisting: OpenIdProvider },
        { provide: APP_GUARD, useClass: CsrfGuard },
        { provide: APP_GUARD, useClass: SessionGuard },
      ],
    }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    base = await listen(app);
  }, 120_000); // a database takes its time on a busy machine
  afterEach(() => app.get(SessionService).revokeEverything());
  afterAll(async () => {
    await app.close();
    await backend.close();
    await provider.stop();
  });

  async function signedIn(sub: string, sid: string): Promise<Client> {
    const browser = new Client(base);
    const answer = await browser.get(`/callback?code=${provider.signIn({ sub, sid })}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/me']);
    return browser;
  }

  const statusOf = async (browser: Client): Promise<number> => (await browser.get('/me')).status;
  const send = (token: string | undefined): Promise<Response> => provider.send(base, token);

  it('ends the sessions that began with one session of the provider, and no others', async () => {
    const [own, alsoOwn, elsewhere, other] = await Promise.all([
      signedIn('ada', 'sid-1'),
      signedIn('ada', 'sid-1'),
      signedIn('ada', 'sid-2'),
      signedIn('bob', 'sid-3'),
    ]);
    await own.get('/renew'); // another id
    expect(await Promise.all([own, alsoOwn, elsewhere, other].map(statusOf))).toEqual([200, 200, 200, 200]);
    const answer = await send(await provider.logoutToken({ sid: 'sid-1' }));
    expect([answer.status, answer.headers.get('cache-control'), await answer.text()]).toEqual([
      200,
      'no-store',
      '',
    ]);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await Promise.all([own, alsoOwn, elsewhere, other].map(statusOf))).toEqual([401, 401, 200, 200]);
  });

  it('ends all sessions of the user where the token names only the user', async () => {
    const [one, two, other] = await Promise.all([
      signedIn('ada', 'sid-1'),
      signedIn('ada', 'sid-2'),
      signedIn('bob', 'sid-3'),
    ]);
    expect((await send(await provider.logoutToken({ sub: 'ada' }))).status).toBe(200);
    expect(await Promise.all([one, two, other].map(statusOf))).toEqual([401, 401, 200]);
  });

  it('ends the session of that user where the token names both', async () => {
    const [ada, bob] = await Promise.all([signedIn('ada', 'sid-1'), signedIn('bob', 'sid-1')]);
    expect((await send(await provider.logoutToken({ sub: 'ada', sid: 'sid-1' }))).status).toBe(200);
    expect(await Promise.all([ada, bob].map(statusOf))).toEqual([401, 200]);
  });

  it('answers 200 where the session has ended already', async () => {
    expect((await send(await provider.logoutToken({ sid: 'unknown' }))).status).toBe(200);
  });

  const FORGED: [string, (draft: Draft) => void][] = [
    ['another issuer', ({ claims }) => (claims.iss = 'https://example.com')],
    ['another client', ({ claims }) => (claims.aud = 'bank')],
    ['no end', ({ claims }) => delete claims.exp],
    ['an end that is past', ({ claims }) => (claims.exp = claims.iat! - 11)],
    ['no beginning', ({ claims }) => delete claims.iat],
    ['a beginning long ago', ({ claims }) => (claims.iat! -= 131)],
    ['a beginning that is to come', ({ claims }) => (claims.iat! += 60)],
    ['no name of its own', ({ claims }) => delete claims.jti],
    ['no events', ({ claims }) => delete claims.events],
    ['another event', ({ claims }) => (claims.events = { 'http://example.com/event': {} })],
    [
      'an event that is no object',
      ({ claims }) => (claims.events = { [Object.keys(claims.events!)[0]!]: true }),
    ],
    ['a nonce', ({ claims }) => (claims.nonce = 'n')],
    ['neither user nor session', ({ claims }) => delete claims.sid],
    ['a session that is no text', ({ claims }) => (claims.sid = { $ne: '' })],
    ['the type of an ID token', ({ header }) => (header.typ = 'JWT')],
    ['no type', ({ header }) => delete header.typ],
    ['an unknown key', ({ header }) => (header.kid = 'two')],
    [
      'a signature with a shared secret',
      (draft) => Object.assign(draft, { header: { ...draft.header, alg: 'HS256' }, key: Buffer.alloc(32) }),
    ],
  ];

  it.each(FORGED)('refuses a token with %s', async (_name, forge) => {
    const browser = await signedIn('ada', 'sid-1');
    const answer = await send(await provider.logoutToken({ sid: 'sid-1' }, forge));
    expect([answer.status, answer.headers.get('cache-control'), await answer.json()]).toEqual([
      400,
      'no-store',
      { error: 'invalid_request' },
    ]);
    expect(await statusOf(browser)).toBe(200);
  });

  it('refuses what is no token, or is not signed', async () => {
    const browser = await signedIn('ada', 'sid-1');
    const unsigned = new UnsecuredJWT({ sid: 'sid-1' }).setIssuer(provider.issuer).encode();
    for (const token of [undefined, '', 'a.b.c', unsigned]) expect((await send(token)).status).toBe(400);
    expect(await statusOf(browser)).toBe(200);
  });

  it('refuses a token that comes again', async () => {
    const token = await provider.logoutToken({ sid: 'sid-1' });
    expect((await send(token)).status).toBe(200);
    const browser = await signedIn('ada', 'sid-1');
    expect((await send(token)).status).toBe(400);
    expect(await statusOf(browser)).toBe(200);
  });

  it('is no fault of the token while the provider’s keys cannot be had', async () => {
    const token = await provider.logoutToken({ sid: 'sid-1' });
    for (const outage of ['away', 'failing'] as const) {
      provider.outage = outage;
      expect((await send(token)).status).toBe(500);
    }
    provider.outage = undefined;
    expect((await send(token)).status).toBe(200);
  });

  it('answers 503 while the store is away, and takes the same token afterwards', async () => {
    const browser = await signedIn('ada', 'sid-1');
    const token = await provider.logoutToken({ sid: 'sid-1' });
    store.fail();
    expect((await send(token)).status).toBe(503);
    store.recover();
    expect(await statusOf(browser)).toBe(200);
    expect((await send(token)).status).toBe(200);
    expect(await statusOf(browser)).toBe(401);
  });
});
