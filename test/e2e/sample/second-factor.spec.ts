import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { signIn } from 'nest-session/testing';
import { generate } from 'otplib';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { type Answer, Client, listen } from '../../support/client.js';
import { MINUTE, TestClock } from '../../support/clock.js';
import './quick-passwords.js'; // before the sample is imported

const { AppModule } = await import('../../../sample/07-second-factor/app.module.js');
const { SecondFactor } = await import('../../../sample/07-second-factor/second-factor.js');

const SECRET = 'a secret of more than thirty-two bytes';
const PASSWORD = 'correct horse';
const NEW_PASSWORD = 'battery staple';

describe.each(ADAPTER_NAMES)('an optional second factor (%s)', (adapter) => {
  let app: INestApplication;
  let base: string;
  let clock: TestClock;
  let ada: Client;

  beforeEach(async () => {
    clock = new TestClock();
    const module = await Test.createTestingModule({ imports: [AppModule.forRoot(SECRET)] }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    base = await listen(app);
    await new Client(base).post('/sign-up', { name: 'ada', password: PASSWORD });
    ada = await signedIn();
  });
  afterEach(async () => {
    clock.restore();
    await app.close();
  });

  /** A browser in which Ada has signed in with her password. */
  async function signedIn(password = PASSWORD): Promise<Client> {
    const client = new Client(base);
    expect((await client.post('/sign-in', { name: 'ada', password })).status).toBe(204);
    return client;
  }

  const factsOf = async (client: Client): Promise<unknown> => (await client.get('/')).body;

  const changePassword = (client: Client, password = NEW_PASSWORD): Promise<Answer> =>
    client.post('/password', { password });

  const prove = (client: Client, code: string): Promise<Answer> => client.post('/second-factor', { code });

  /** Begins to set the factor up, and answers what its app shows from then on. */
  async function begin(client: Client): Promise<() => Promise<string>> {
    const { body } = await client.post('/second-factor/setup');
    const secret = new URL(body.uri as string).searchParams.get('secret')!;
    return () => generate({ secret, epoch: Math.floor(Date.now() / 1_000) });
  }

  async function setUp(client: Client): Promise<() => Promise<string>> {
    const code = await begin(client);
    expect((await prove(client, await code())).status).toBe(204);
    return code;
  }

  it('is not asked of a user who has none: a recent login is enough', async () => {
    expect(await factsOf(ada)).toEqual({ name: 'ada', level: 1, hasSecondFactor: false });
    const phone = await signedIn();
    const stolen = ada.copy();
    expect((await changePassword(ada)).status).toBe(204);
    expect(await factsOf(ada)).toMatchObject({ name: 'ada' });
    for (const other of [phone, stolen])
      expect(await factsOf(other)).toMatchObject({ code: 'LOGIN_REQUIRED' });
    await signedIn(NEW_PASSWORD);
    clock.advance(6 * MINUTE);
    expect((await changePassword(ada)).body).toMatchObject({ code: 'LOGIN_STALE' });
  });

  it('is complete with the first code, and not before', async () => {
    const phone = await signedIn();
    const code = await begin(ada);
    expect(await factsOf(await signedIn())).toMatchObject({ hasSecondFactor: false });
    expect((await prove(ada, 'abcdef')).status).toBe(401);
    expect(await factsOf(ada)).toMatchObject({ level: 1, hasSecondFactor: false });
    const before = ada.copy();
    expect((await prove(ada, await code())).status).toBe(204);
    expect(await factsOf(ada)).toEqual({ name: 'ada', level: 2, hasSecondFactor: true });
    for (const other of [phone, before])
      expect(await factsOf(other)).toMatchObject({ code: 'LOGIN_REQUIRED' });
    expect((await changePassword(ada)).status).toBe(204);
  });

  it('is asked for after the next login, and again after five minutes, each code once', async () => {
    const code = await setUp(ada);
    clock.advance(MINUTE);
    ada = await signedIn();
    expect(await factsOf(ada)).toEqual({ name: 'ada', level: 1, hasSecondFactor: true });
    expect((await changePassword(ada)).body).toMatchObject({ code: 'LOGIN_LEVEL', level: 2 });
    const used = await code();
    expect((await prove(ada, used)).status).toBe(204);
    expect((await prove(ada, used)).status).toBe(401);
    expect((await changePassword(ada)).status).toBe(204);
    clock.advance(6 * MINUTE);
    expect((await changePassword(ada, PASSWORD)).body).toMatchObject({ code: 'LOGIN_LEVEL', level: 2 });
    expect((await prove(ada, await code())).status).toBe(204);
    expect((await changePassword(ada, PASSWORD)).status).toBe(204);
  });

  it('takes a code once, also from two requests at the same time', async () => {
    const code = await setUp(ada);
    clock.advance(MINUTE);
    const used = await code();
    const factors = app.get(SecondFactor);
    const taken = await Promise.all([factors.check('ada', used), factors.check('ada', used)]);
    expect(taken.sort()).toEqual([false, true]);
  });

  it('cannot be replaced, nor set up long after the login or by somebody who acts for the user', async () => {
    clock.advance(6 * MINUTE);
    expect((await ada.post('/second-factor/setup')).body).toMatchObject({ code: 'LOGIN_STALE' });
    const support = new Client(base);
    const cookie = await signIn(app, { userId: 'ada', actor: 'staff' });
    support.cookies.set('sid', cookie.slice('sid='.length));
    for (const path of ['/second-factor/setup', '/second-factor', '/password'])
      expect((await support.post(path)).body).toMatchObject({ code: 'LOGIN_ACTING' });
    ada = await signedIn();
    await setUp(ada);
    expect((await ada.post('/second-factor/setup')).status).toBe(409);
  });

  it('belongs to accounts that are checked', async () => {
    const visitor = new Client(base);
    expect((await visitor.get('/')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
    expect((await visitor.post('/sign-up', { name: 'ada', password: PASSWORD })).status).toBe(409);
    expect((await visitor.post('/sign-up', { name: '', password: PASSWORD })).status).toBe(400);
    expect((await visitor.post('/sign-up', { name: 'bob', password: 'short' })).status).toBe(400);
    expect((await visitor.post('/sign-in', { name: 'ada', password: 'wrong horse' })).status).toBe(401);
    expect((await visitor.post('/sign-in', { name: ['ada'] })).status).toBe(401);
    expect(visitor.cookies.size).toBe(0);
    expect((await ada.post('/sign-out')).status).toBe(204);
    expect((await ada.get('/')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
  });
});
