import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SessionModule } from 'nest-session';
import { fakeClock, signIn } from 'nest-session/testing';
import { generate } from 'otplib';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { MINUTE, TestClock } from '../../support/clock.js';
import { SECRET } from '../../support/site.js';
import { SecondFactorController } from './support/second-factor.controller.js';
import { SecondFactor } from './support/second-factor.js';

const FOLDER = new URL('.', import.meta.url);

/** The recipe of docs/step-up.md. */
describe('the page', () => {
  it.each([
    ['second-factor.ts', '../../../sample/07-second-factor/'],
    ['second-factor.controller.ts', 'support/'],
  ])('shows %s as it is tested here', (file, folder) => {
    const page = readFileSync(new URL('../../../docs/step-up.md', FOLDER), 'utf8');
    const code = readFileSync(new URL(folder + file, FOLDER), 'utf8');
    expect(page).toContain(`\`\`\`ts\n// ${file}\n${code}\`\`\``);
  });
});

describe.each(ADAPTER_NAMES)('a second factor with TOTP (%s)', (adapter) => {
  let app: INestApplication;
  let client: Client;
  let clock: TestClock;
  let users = 0;
  let base: string;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ secret: SECRET })],
      controllers: [SecondFactorController],
      providers: [SecondFactor],
    }).compile();
    app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    base = await listen(app);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    clock = new TestClock();
    client = await browserOf({ userId: `user ${++users}` });
  });
  afterEach(() => {
    clock.restore();
    fakeClock(app).reset();
  });

  async function browserOf(who: { userId: string; actor?: string }): Promise<Client> {
    const browser = new Client(base);
    const cookie = await signIn(app, who);
    browser.cookies.set('sid', cookie.slice('sid='.length));
    return browser;
  }

  /** Sets the second factor up, and answers what its app shows from then on. */
  async function setUp(): Promise<() => Promise<string>> {
    const { body } = await client.post('/second-factor/setup');
    const secret = new URL(body.uri as string).searchParams.get('secret')!;
    return () => generate({ secret, epoch: Math.floor(Date.now() / 1_000) });
  }

  const prove = (code: string) => client.post('/second-factor', { code });

  it('is asked for, proved once with each code, and asked for again after a while', async () => {
    expect((await client.get('/payouts')).body).toMatchObject({ code: 'LOGIN_LEVEL', level: 2 });
    const code = await setUp();
    const first = await code();
    expect((await prove(first)).status).toBe(201);
    expect((await client.get('/payouts')).body).toEqual([]);
    expect((await prove(first)).status).toBe(401);
    clock.advance(11 * MINUTE);
    expect((await client.get('/payouts')).body).toMatchObject({ code: 'LOGIN_LEVEL' });
    expect((await prove(await code())).status).toBe(201);
    expect((await client.get('/payouts')).status).toBe(200);
  });

  it.each(['000000', '12345', 'abcdef', ''])('refuses the code %j', async (wrong) => {
    const code = await setUp();
    if ((await code()) === wrong) clock.advance(MINUTE);
    expect((await prove(wrong)).status).toBe(401);
    expect((await client.get('/payouts')).status).toBe(401);
  });

  it('cannot be replaced, nor set up long after the login or by somebody who acts for the user', async () => {
    const code = await setUp();
    await prove(await code());
    expect((await client.post('/second-factor/setup')).status).toBe(409);
    clock.advance(6 * MINUTE);
    expect((await client.post('/second-factor/setup')).body).toMatchObject({ code: 'LOGIN_STALE' });
    client = await browserOf({ userId: 'somebody', actor: 'staff' });
    expect((await client.post('/second-factor/setup')).body).toMatchObject({ code: 'LOGIN_ACTING' });
  });
});
