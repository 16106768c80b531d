import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, type IAuthModuleOptions } from '@nestjs/passport';
import type { Request, RequestHandler } from 'express';
import passport from 'passport';
import {
  RequireLogin,
  RequireSession,
  Session,
  SessionGuard,
  SessionService,
  type SessionModuleOptions,
} from '../../../lib/index.js';
import { type AnySession, deferred } from '../../support/site.js';
import { type Application, openApplication } from './support/application.js';
import { type Home, MODULE_HOMES } from './support/homes.js';
import { ANN, BOB, credentials, gone, type Person } from './support/people.js';

/** What Passport keeps of a user. */
function userIn(data: object): number | undefined {
  return (data as { passport?: { user?: number } }).passport?.user;
}

@UseGuards(SessionGuard)
@Controller()
class AccountController {
  constructor(private readonly sessions: SessionService) {}

  @RequireLogin()
  @Get('account')
  account(@Req() request: Request) {
    return request.user;
  }

  @RequireLogin({ within: '5m' })
  @Get('fresh')
  fresh() {
    return 'fresh';
  }

  @RequireSession((session) => userIn(session) === BOB.id)
  @Get('for-bob')
  forBob() {
    return 'bob';
  }

  @RequireLogin()
  @Get('sessions')
  list(@Req() request: Request & { user: Person }) {
    return this.sessions.list(request.user.id, { current: request });
  }

  @RequireLogin()
  @Delete('sessions')
  others(@Req() request: Request & { user: Person }) {
    return this.sessions.revokeAll(request.user.id, { except: request });
  }
}

/** Passport checks the password, the session's own `login()` does the rest. */
@Controller()
class OwnLoginController {
  @UseGuards(AuthGuard('local'))
  @Post('own-login')
  async login(@Session() session: AnySession, @Req() request: Request & { user: Person }) {
    await session.login(request.user.id, { keep: ['cart'] });
  }

  @Post('own-logout')
  logout(@Session() session: AnySession) {
    return session.logout();
  }
}

/** What a guard has to do before `logIn` where sessions are loaded late. */
@Injectable()
class LoadingGuard extends AuthGuard('local') {
  constructor(private readonly sessions: SessionService) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    await super.canActivate(context);
    await this.sessions.load(request);
    await super.logIn(request);
    return true;
  }
}

@Controller('late')
class LateController {
  @UseGuards(LoadingGuard)
  @Post('login')
  login(@Req() request: Request) {
    return request.user;
  }

  @Get('public')
  public() {
    return 'for everybody';
  }
}

describe.each(MODULE_HOMES)('Passport and the rest of nest-session (%s)', (_, openHome) => {
  let home: Home;
  let application: Application;

  beforeAll(async () => {
    home = await openHome();
  });
  afterEach(async () => {
    gone.clear();
    Object.assign(home.tap, { failure: undefined, gate: undefined });
    await application.app.get(SessionService).revokeEverything();
    await application.close();
  });
  afterAll(() => home.close());

  async function open(session: Partial<SessionModuleOptions> = {}, passport: IAuthModuleOptions = {}) {
    const controllers = [AccountController, OwnLoginController];
    application = await openApplication(home, { session, passport, controllers });
    return application.client();
  }

  const sessions = () => application.app.get(SessionService);

  describe('the user that passport.user names is the session’s user:', () => {
    it('SessionService finds and ends their sessions', async () => {
      const phone = await open();
      const laptop = application.client();
      for (const device of [phone, laptop]) await device.post('/login', credentials(ANN));
      expect(await sessions().list('42')).toEqual([
        expect.objectContaining({ userId: '42' }),
        expect.objectContaining({ userId: '42' }),
      ]);
      expect(await sessions().count({ userId: 42 })).toBe(2);
      const listed = (await phone.get('/sessions')).body as { current: boolean }[];
      expect(listed.map(({ current }) => current).sort()).toEqual([false, true]);
      expect((await phone.request('DELETE', '/sessions')).text).toBe('1');
      expect((await laptop.get('/me')).body).toEqual({ user: null, in: false, data: {} });
      expect((await phone.get('/me')).body).toMatchObject({ user: ANN });
    });

    it('nobody’s after the logout, and after the account is gone', async () => {
      const client = await open();
      await client.post('/login', credentials(ANN));
      await client.post('/logout', { keepSessionInfo: true });
      expect(await sessions().list(42)).toEqual([]);
      await client.post('/login', credentials(ANN));
      expect(await sessions().list(42)).toHaveLength(1);
      gone.add(ANN.id);
      await client.get('/me');
      expect(await sessions().list(42)).toEqual([]);
    });

    it('another user’s after their login, also where data are kept', async () => {
      const client = await open({}, { keepSessionInfo: true });
      await client.post('/login', credentials(ANN));
      await client.post('/login', credentials(BOB));
      expect(await sessions().list(42)).toEqual([]);
      expect(await sessions().list(43)).toHaveLength(1);
    });

    it('SessionGuard accepts them', async () => {
      const client = await open();
      expect((await client.get('/account')).body).toMatchObject({ code: 'LOGIN_REQUIRED' });
      await client.post('/data', { cart: ['apple'] });
      expect((await client.get('/account')).status).toBe(401);
      await client.post('/login', credentials(ANN));
      expect((await client.get('/account')).body).toEqual(ANN);
      expect((await client.get('/for-bob')).status).toBe(403);
      await client.post('/logout', { keepSessionInfo: true });
      expect((await client.get('/account')).status).toBe(401);
    });

    it('SessionEvents name them', async () => {
      const client = await open();
      await client.post('/data', { cart: ['apple'] });
      await client.post('/login', credentials(ANN));
      await client.get('/me');
      await client.post('/logout', {});
      const told = application.events.map((event) => [
        event.type,
        'userId' in event ? event.userId : undefined,
        'reason' in event ? event.reason : undefined,
      ]);
      expect(told.slice(0, 6)).toEqual([
        ['created', undefined, undefined],
        ['loaded', undefined, undefined],
        ['destroyed', undefined, 'replaced'],
        ['created', '42', undefined],
        ['loaded', '42', undefined],
        ['loaded', '42', undefined],
      ]);
      // Passport has taken the user out of the session by the time it ends it.
      expect(told.slice(6)).toEqual([['destroyed', undefined, 'replaced']]);
    });

    it('maxSessionsPerUser counts theirs', async () => {
      const first = await open({ maxSessionsPerUser: 2 });
      const [second, third, other] = [application.client(), application.client(), application.client()];
      await other.post('/login', credentials(BOB));
      for (const device of [first, second, third]) {
        await device.post('/login', credentials(ANN));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect((await first.get('/me')).body).toMatchObject({ user: null });
      for (const device of [second, third])
        expect((await device.get('/me')).body).toMatchObject({ user: ANN });
      expect((await other.get('/me')).body).toMatchObject({ user: BOB });
    });

    it('the option userId says where else to look', async () => {
      const client = await open({ userId: (data) => userIn(data) && `person-${userIn(data)}` });
      await client.post('/login', credentials(ANN));
      expect(await sessions().list('person-42')).toHaveLength(1);
    });
  });

  it('a login with Passport is not a fresh one, but the session’s own login() is', async () => {
    const client = await open();
    await client.post('/login', credentials(ANN));
    expect((await client.get('/fresh')).body).toMatchObject({ code: 'LOGIN_STALE' });
    const before = client.copy();
    await client.post('/own-login', credentials(ANN));
    expect((await client.get('/fresh')).text).toBe('fresh');
    expect((await before.get('/me')).body).toMatchObject({ user: null, in: false });
  });

  it('Passport can check the password, and the session do the rest', async () => {
    const client = await open();
    await client.post('/data', { cart: ['apple'], other: true });
    const before = client.copy();
    expect((await client.post('/own-login', credentials(ANN, 'wrong'))).status).toBe(401);
    expect((await client.post('/own-login', credentials(ANN))).status).toBe(201);
    expect((await client.get('/me')).body.data).toEqual({ cart: ['apple'], userId: 42 });
    expect((await before.get('/me')).body.data).toEqual({});
    expect(await sessions().list(42)).toHaveLength(1);
    await client.post('/own-logout');
    expect(await sessions().list(42)).toEqual([]);
  });

  it('passport.session() may stand in a module: the session is there before', async () => {
    @Module({})
    class PassportSessions {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(passport.session() as RequestHandler).forRoutes('{*path}');
      }
    }
    application = await openApplication(home, { imports: [PassportSessions], setUp: () => undefined });
    const client = application.client();
    expect((await client.get('/me')).body).toEqual({ user: null, in: false, data: {} });
    await client.post('/login', credentials(ANN));
    expect((await client.get('/me')).body).toMatchObject({ user: ANN, in: true });
    await client.post('/logout', {});
    expect((await client.get('/me')).body).toEqual({ user: null, in: false, data: {} });
  });

  it('passport.session() without a session before it is an error that says so', async () => {
    application = await openApplication(home, { setUp: (app) => app.use(passport.session()) });
    expect((await application.client().get('/me')).status).toBe(500);
    expect(application.log.join()).toMatch(/Login sessions require session support/);
  });

  describe('load: "lazy"', () => {
    const controllers = [LateController];
    const providers = [LoadingGuard];
    const REMEDY = /load: "lazy".*await SessionService\.load\(request\) first, or set load: "eager"/;

    it('with passport.session() is an error that says the remedy', async () => {
      application = await openApplication(home, { session: { load: 'lazy' } });
      for (const answer of [
        await application.client().get('/me'),
        await application.client().post('/login', credentials(ANN)),
      ]) {
        expect(answer).toMatchObject({ status: 500, setCookies: [] });
      }
      expect(application.log.filter((line) => REMEDY.test(line))).toHaveLength(2);
    });

    it('works with a middleware between the two that loads the session', async () => {
      application = await openApplication(home, {
        session: { load: 'lazy' },
        setUp: (app) => {
          home.use(app);
          app.use((request: Request, _response: unknown, next: (error?: unknown) => void) => {
            app
              .get(SessionService)
              .load(request)
              .then(() => next(), next);
          });
          app.use(passport.initialize(), passport.session());
        },
      });
      const client = application.client();
      await client.post('/login', credentials(ANN));
      expect((await client.get('/me')).body).toMatchObject({ user: ANN });
    });

    it('works without passport.session() where a guard loads the session before logIn', async () => {
      application = await openApplication(home, {
        session: { load: 'lazy' },
        controllers: [...controllers, AccountController],
        providers,
        setUp: (app) => home.use(app),
      });
      const client = application.client();
      expect((await client.post('/login', credentials(ANN))).status).toBe(500);
      expect(application.log.join()).toMatch(REMEDY);
      expect((await client.post('/late/login', credentials(ANN))).body).toEqual(ANN);
      expect((await client.get('/account')).status).toBe(200);
      const { read } = home.tap.counts;
      expect((await client.get('/late/public')).text).toBe('for everybody');
      expect(home.tap.counts.read).toBe(read);
    });
  });

  it('load: "eager" reads once for each request that brings a cookie', async () => {
    const client = await open();
    await client.post('/login', credentials(ANN));
    const { read } = home.tap.counts;
    await client.get('/account');
    expect(home.tap.counts.read).toBe(read + 1);
  });

  describe('a store that does not answer', () => {
    it('is given up after storeTimeout', async () => {
      const client = await open({ storeTimeout: 1_000 });
      await client.post('/data', { cart: ['apple'] });
      const late = deferred();
      home.tap.gate = late.promise;
      expect((await client.post('/login', credentials(ANN))).status).toBe(503);
      expect((await application.client().post('/login', credentials(ANN))).status).toBe(503);
      home.tap.gate = undefined;
      late.resolve();
      expect((await client.post('/login', credentials(ANN))).status).toBe(201);
    });

    it('lets nobody in where visitors go on without their session', async () => {
      const client = await open({ onStoreError: 'anonymous' });
      await client.post('/login', credentials(ANN));
      home.tap.failure = { error: new Error('down'), kinds: ['read'] };
      expect((await client.get('/me')).body).toEqual({ user: null, in: false, data: {} });
      expect((await client.post('/login', credentials(ANN))).status).toBe(503);
      expect((await client.post('/logout', {})).status).toBe(503);
      home.tap.failure = undefined;
      expect((await client.get('/me')).body).toMatchObject({ user: ANN });
    });
  });
});
