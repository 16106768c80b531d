import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Post, type Provider, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AllowAnonymous,
  RequireLogin,
  RequireSession,
  Session,
  SessionGuard,
  SessionModule,
} from '../../../lib/index.js';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { MINUTE, TestClock } from '../../support/clock.js';
import { type AnySession, SECRET } from '../../support/site.js';

@UseGuards(SessionGuard)
@RequireLogin()
@Controller()
class AccountController {
  @Get('account') account() {
    return 'in';
  }
  @RequireLogin({ within: '5m' }) @Post('password') password() {
    return 'in';
  }
  @RequireSession('role') @Get('staff') staff() {
    return 'in';
  }
  @RequireLogin(false) @Get('cart') cart() {
    return 'in';
  }
  @AllowAnonymous() @Post('visit') visit(@Session() session: AnySession) {
    session.visited = true;
  }
  @AllowAnonymous() @Post('login') async login(@Session() session: Session) {
    await session.login('ann');
  }
  @AllowAnonymous() @Post('assign') assign(@Session() session: AnySession) {
    session.userId = 'bob';
  }
}

describe.each(ADAPTER_NAMES)('@RequireLogin() (%s)', (adapter) => {
  let app: INestApplication;
  let client: Client;
  let clock: TestClock;

  beforeAll(async () => {
    const imports = [SessionModule.forRoot({ secret: SECRET, idleTimeout: '1d' })];
    app = await ADAPTERS[adapter](
      await Test.createTestingModule({ imports, controllers: [AccountController] }).compile(),
    );
    app.useLogger(false);
  });
  beforeEach(async () => {
    clock = new TestClock();
    client ??= new Client(await listen(app));
    client.cookies.clear();
  });
  afterEach(() => clock.restore());
  afterAll(() => app.close());

  const required = {
    status: 401,
    body: { statusCode: 401, code: 'LOGIN_REQUIRED', message: 'You are not signed in; sign in first.' },
  };

  it('asks a visitor to sign in, with a session or without', async () => {
    expect(await client.get('/account')).toMatchObject(required);
    await client.post('/visit');
    expect(await client.get('/account')).toMatchObject(required);
    expect(await client.post('/password')).toMatchObject(required);
    await client.post('/login');
    expect((await client.get('/account')).text).toBe('in');
  });

  it('asks for a fresh login where the last one is too long ago, and for no more', async () => {
    await client.post('/login');
    expect((await client.post('/password')).text).toBe('in');
    clock.advance(6 * MINUTE);
    expect(await client.post('/password')).toMatchObject({
      status: 401,
      body: { statusCode: 401, code: 'LOGIN_STALE' },
    });
    expect((await client.get('/account')).text).toBe('in');
    await client.post('/login');
    expect((await client.post('/password')).text).toBe('in');
  });

  it('knows a user who was put into the data, but not how fresh their login is', async () => {
    await client.post('/assign');
    expect((await client.get('/account')).text).toBe('in');
    expect((await client.post('/password')).body).toMatchObject({ code: 'LOGIN_STALE' });
  });

  it('with false, a method takes the rule of its class back: a session is enough', async () => {
    expect((await client.get('/cart')).body).toMatchObject({ code: 'SESSION_REQUIRED' });
    await client.post('/visit');
    expect((await client.get('/cart')).text).toBe('in');
  });

  it('stands beside @RequireSession(): both must hold', async () => {
    await client.post('/login');
    expect((await client.get('/staff')).status).toBe(403);
  });

  it('refuses what is no duration when the class is read', () => {
    expect(() => RequireLogin({ within: 'soon' })).toThrow(/"soon" was given; accepted: milliseconds/);
  });
});

describe.each(ADAPTER_NAMES)('a route that asks for a session without a guard to ask (%s)', (adapter) => {
  @RequireSession('userId')
  @Controller('open')
  class OpenController {
    @Get('one') one() {
      return 1;
    }
    @RequireSession(false) @Get('open') open() {
      return 0;
    }
  }
  @Controller('half')
  class HalfController {
    @RequireLogin() @Get('two') two() {
      return 2;
    }
    @UseGuards(SessionGuard) @RequireLogin() @Get('three') three() {
      return 3;
    }
  }
  class OwnGuard extends SessionGuard {}

  async function warningsOf(
    setUp: (app: INestApplication) => void,
    providers: Provider[] = [],
  ): Promise<string[]> {
    const warnings: string[] = [];
    const imports = [SessionModule.forRoot({ secret: SECRET })];
    const controllers = [OpenController, HalfController, AccountController];
    const app = await ADAPTERS[adapter](
      await Test.createTestingModule({ imports, controllers, providers }).compile(),
    );
    const quiet = () => undefined;
    app.useLogger({ log: quiet, error: quiet, warn: (message: string) => void warnings.push(message) });
    setUp(app);
    await app.init();
    await app.close();
    return warnings;
  }

  it('is warned of at the start', async () => {
    expect(await warningsOf(() => undefined)).toEqual([
      expect.stringMatching(/^OpenController\.one, HalfController\.two: .*add @UseGuards\(SessionGuard\)/),
    ]);
  });

  it('is guarded by a global guard, also one of the application’s own', async () => {
    expect(await warningsOf((app) => app.useGlobalGuards(app.get(SessionGuard)))).toEqual([]);
    expect(await warningsOf(() => undefined, [{ provide: APP_GUARD, useClass: OwnGuard }])).toEqual([]);
    expect(await warningsOf(() => undefined, [{ provide: APP_GUARD, useExisting: SessionGuard }])).toEqual(
      [],
    );
  });
});
