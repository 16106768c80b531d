import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  type DynamicModule,
  Get,
  Injectable,
  type INestApplication,
  type LoggerService,
  Module,
  Post,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { Request } from 'express';
import {
  CsrfGuard,
  RequireLogin,
  Session,
  SessionGuard,
  SessionModule,
  type SessionModuleOptions,
  SessionOptionsError,
  SessionService,
} from '../../../lib/index.js';
import { fakeClock, readSession, signIn } from '../../../lib/testing/index.js';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { SECRET } from '../../support/site.js';

/** What the routes of a feature do, with the SessionService of its own module. */
function featureOf(path: string, sessions: DynamicModule, routes = path): Type {
  @Injectable()
  class Accounts {
    constructor(readonly sessions: SessionService) {}
  }

  @Controller(path)
  class AccountController {
    constructor(private readonly accounts: Accounts) {}

    @Post('login')
    async login(@Session() session: Session): Promise<void> {
      await session.login(path);
    }

    @UseGuards(SessionGuard)
    @RequireLogin()
    @Get('me')
    me(@Session('userId') userId: string): unknown {
      return { userId };
    }

    @Get('loaded')
    async loaded(@Req() req: Request): Promise<unknown> {
      const { userId } = await this.accounts.sessions.load(req);
      return { userId, sessions: (await this.accounts.sessions.list(path, { current: req })).length };
    }
  }

  /** Under the paths that the middleware of another feature may run for. */
  @Controller(`${routes}/inside/${path}`)
  class InsideController {
    @UseGuards(SessionGuard)
    @Get('me')
    me(@Session('userId') userId: string): unknown {
      return { userId };
    }

    @Get('session')
    session(@Session() session: Session): unknown {
      return { ...session };
    }
  }

  @Module({
    imports: [sessions],
    controllers: [AccountController, InsideController],
    providers: [Accounts],
  })
  class FeatureModule {}
  return FeatureModule;
}

function sessionsOf(name: string, options: Partial<SessionModuleOptions> & { isGlobal?: boolean } = {}) {
  return SessionModule.forRoot({
    secret: `${name}: ${SECRET}`,
    name,
    isGlobal: false,
    forRoutes: [`${name}/{*path}`],
    ...options,
  });
}

describe.each(ADAPTER_NAMES)('several SessionModules in one application (%s)', (adapter) => {
  const apps: INestApplication[] = [];
  afterEach(async () => void (await Promise.all(apps.splice(0).map((app) => app.close()))));

  async function start(...imports: (Type | DynamicModule)[]) {
    const warnings: unknown[] = [];
    const nothing = (): void => undefined;
    const logger: LoggerService = { log: nothing, error: nothing, warn: (message) => warnings.push(message) };
    const module = await Test.createTestingModule({
      imports,
      providers: [{ provide: APP_GUARD, useClass: SessionGuardForNobody }],
    }).compile();
    const app = await ADAPTERS[adapter](module);
    app.useLogger(logger);
    apps.push(app);
    return { app, warnings, client: new Client(await listen(app)) };
  }

  it('each feature module has its own: cookie, guard, @Session() and SessionService', async () => {
    const { client, warnings } = await start(
      featureOf('shop', sessionsOf('shop')),
      featureOf('office', sessionsOf('office')),
    );
    await client.post('/shop/login');
    expect([...client.cookies.keys()]).toEqual(['shop']);
    expect((await client.get('/shop/me')).body).toEqual({ userId: 'shop' });
    expect((await client.get('/office/me')).status).toBe(401);
    await client.post('/office/login');
    expect([...client.cookies.keys()].sort()).toEqual(['office', 'shop']);
    expect((await client.get('/office/me')).body).toEqual({ userId: 'office' });
    expect((await client.get('/office/loaded')).body).toEqual({ userId: 'office', sessions: 1 });
    expect((await client.get('/shop/loaded')).body).toEqual({ userId: 'shop', sessions: 1 });
    // A cookie of the one is none of the other's.
    client.cookies.set('office', client.cookies.get('shop')!);
    expect((await client.get('/office/me')).status).toBe(401);
    expect(warnings).toEqual([]);
  });

  it('forRootAsync, whose factories look alike, makes two as well', async () => {
    const make = (name: string) => {
      const options = { secret: `${name}: ${SECRET}`, name, forRoutes: [`${name}/{*path}`] };
      return SessionModule.forRootAsync({ isGlobal: false, useFactory: () => options });
    };
    const { client } = await start(featureOf('shop', make('shop')), featureOf('office', make('office')));
    await client.post('/shop/login');
    await client.post('/office/login');
    expect([...client.cookies.keys()].sort()).toEqual(['office', 'shop']);
  });

  it('where both run the first one counts, with one warning; the other SessionService refuses the request', async () => {
    const { client, warnings } = await start(
      featureOf('shop', sessionsOf('shop', { forRoutes: ['{*path}'] })),
      featureOf('office', sessionsOf('office')),
    );
    await client.post('/shop/login');
    expect(warnings).toEqual([]);
    expect((await client.get('/office/me')).body).toEqual({ userId: 'shop' });
    expect((await client.post('/office/login')).status).toBe(201);
    expect([...client.cookies.keys()]).toEqual(['shop']);
    expect((await client.get('/shop/me')).body).toEqual({ userId: 'office' });
    expect((await client.get('/office/loaded')).status).toBe(500);
    expect(warnings).toEqual([
      expect.stringMatching(
        /ran for one request, so the request has the session of the cookie "shop", whose middleware ran first, and not that of "office"/,
      ),
    ]);
  });

  it('a handler of one feature under the routes of the other is refused, rather than given a stranger’s session', async () => {
    const { app, client } = await start(
      featureOf('shop', sessionsOf('shop')),
      featureOf('office', sessionsOf('office'), 'shop'),
    );
    await client.post('/shop/login');
    expect((await client.get('/shop/inside/shop/me')).body).toEqual({ userId: 'shop' });
    for (const path of ['me', 'session'])
      expect((await client.get(`/shop/inside/office/${path}`)).body).toMatchObject({
        statusCode: 500,
      });
    const [shop, office] = app.get(SessionService, { each: true, strict: false });
    expect([await shop!.count(), await office!.count()].sort()).toEqual([0, 1]);
  });

  it.each<[string, DynamicModule[], RegExp[]]>([
    [
      'the root module is given both',
      [SessionModule.forRoot({ secret: SECRET }), SessionModule.forRoot({ secret: SECRET, name: 'other' })],
      [
        /has 2 SessionModules.*import SessionModule\.forRoot\(\) once/,
        /"isGlobal": the one with the cookie "sid" is global/,
        /"forRoutes": the one with the cookie "other" applies everywhere/,
      ],
    ],
    [
      'one is global',
      [sessionsOf('a'), sessionsOf('b', { isGlobal: true })],
      [/"isGlobal": .* "b" is global\.$/],
    ],
    [
      'they share a cookie',
      [sessionsOf('a'), sessionsOf('b', { name: 'a' })],
      [/problems: "name": several have the cookie "a"\.$/],
    ],
    [
      'one applies everywhere',
      [sessionsOf('a'), sessionsOf('b', { forRoutes: undefined as never })],
      [/problems: "forRoutes": the one with the cookie "b" applies everywhere\.$/],
    ],
    [
      'all are alike',
      [0, 1].map(() => SessionModule.forRoot({ secret: SECRET })),
      [/several have the cookie "sid"/],
    ],
  ])('are refused where %s', async (_, modules, texts) => {
    const starting = start(...modules);
    await expect(starting).rejects.toThrow(SessionOptionsError);
    for (const text of texts) await expect(starting).rejects.toThrow(text);
  });

  it('one that several modules import is one', async () => {
    const sessions = SessionModule.forRoot({ secret: SECRET });
    const { client } = await start(featureOf('shop', sessions), featureOf('office', sessions));
    await client.post('/shop/login');
    expect((await client.get('/office/me')).body).toEqual({ userId: 'shop' });
  });

  it('a secret in common is warned of', async () => {
    const { warnings } = await start(
      featureOf('shop', sessionsOf('shop', { secret: SECRET })),
      featureOf('office', sessionsOf('office', { secret: Buffer.from(SECRET) })),
    );
    expect(warnings).toContainEqual(expect.stringMatching(/use the same "secret"/));
  });

  it('CsrfGuard, as APP_GUARD, goes by the options of the one whose session the request has', async () => {
    const trusts = (origin: string) => ({ csrf: { trustedOrigins: [origin] } });
    const office = sessionsOf('office', trusts('https://office.example'));
    @Module({ imports: [office], providers: [{ provide: APP_GUARD, useClass: CsrfGuard }] })
    class GuardModule {}
    const { client } = await start(
      GuardModule,
      featureOf('shop', sessionsOf('shop', trusts('https://shop.example'))),
      featureOf('office', office),
    );
    client.headers.origin = 'https://shop.example';
    expect((await client.post('/shop/login')).status).toBe(201);
    expect((await client.post('/office/login')).status).toBe(403);
    client.headers.origin = 'https://office.example';
    expect((await client.post('/office/login')).status).toBe(201);
  });

  it('tests name the one they mean', async () => {
    const shop = sessionsOf('shop');
    const { app, client } = await start(featureOf('shop', shop), featureOf('office', sessionsOf('office')));
    await expect(signIn(app, { userId: 'ada' })).rejects.toThrow(/has 2 SessionModules; pass app\.select\(/);
    const cookie = await signIn(app.select(shop), { userId: 'ada' });
    client.headers.cookie = cookie;
    expect((await client.get('/shop/me')).body).toEqual({ userId: 'ada' });
    expect(await readSession(app.select(shop), cookie)).toMatchObject({ userId: 'ada' });
    fakeClock(app.select(shop)).advance('2d');
    expect((await client.get('/shop/me')).status).toBe(401);
  });
});

/** A guard of the application's own, in a module that has no sessions. */
@Injectable()
class SessionGuardForNobody {
  canActivate(): boolean {
    return true;
  }
}
