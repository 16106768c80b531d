import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Post,
  Req,
  RequestMethod,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { NextFunction, Request, Response } from 'express';
import {
  MemorySessionStore,
  SESSION_MIDDLEWARE,
  SESSION_OPTIONS,
  SESSION_STORE,
  Session,
  SessionModule,
  type SessionModuleOptions,
  type SessionOptionsFactory,
  SessionService,
  type SessionStore,
} from '../../../lib/index.js';
import {
  CreateSessionTable,
  SessionEntity,
  TypeOrmSessionStore,
  typeOrmStore,
} from '../../../lib/stores/typeorm/index.js';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { type AnySession, SECRET } from '../../support/site.js';

@Controller()
class VisitController {
  @Post('visit')
  visit(@Session() session: AnySession): number {
    return (session.visits = Number(session.visits ?? 0) + 1);
  }

  @Get(['raw', '/'])
  raw(@Req() req: Request & { session?: AnySession }): unknown {
    return { session: req.session !== undefined };
  }
}

describe.each(ADAPTER_NAMES)('SessionModule (%s)', (adapter) => {
  const apps: INestApplication[] = [];
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  afterAll(() => database.drop());

  async function start(imports: unknown[], setUp: (app: INestApplication) => void = () => undefined) {
    const module = await Test.createTestingModule({
      imports: imports as never[],
      controllers: [VisitController],
    }).compile();
    const app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    setUp(app);
    const base = await listen(app);
    apps.push(app);
    return { app, client: new Client(base), base };
  }

  const database_ = () =>
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: database.url,
      entities: [SessionEntity],
      migrations: [CreateSessionTable],
      migrationsRun: true,
    });

  async function works({ client }: { client: Client }) {
    expect((await client.post('/visit')).text).toBe('1');
    expect((await client.post('/visit')).text).toBe('2');
  }

  it('needs nothing but a secret', async () => {
    await works(await start([SessionModule.forRoot({ secret: SECRET })]));
  });

  it('forRootAsync: useFactory with inject and imports', async () => {
    @Module({ providers: [{ provide: 'KEY', useFactory: () => Promise.resolve(SECRET) }], exports: ['KEY'] })
    class KeyModule {}
    const module = SessionModule.forRootAsync({
      imports: [KeyModule],
      inject: ['KEY'],
      useFactory: (secret: string) => ({ secret, name: 'visits' }),
    });
    const site = await start([module]);
    await works(site);
    expect([...site.client.cookies.keys()]).toEqual(['visits']);
  });

  it('forRootAsync: useClass and useExisting', async () => {
    @Injectable()
    class Config implements SessionOptionsFactory {
      createSessionOptions(): SessionModuleOptions {
        return { secret: SECRET, name: 'made' };
      }
    }
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    for (const module of [
      SessionModule.forRootAsync({ useClass: Config }),
      SessionModule.forRootAsync({ imports: [ConfigModule], useExisting: Config }),
    ]) {
      const site = await start([module]);
      await works(site);
      expect([...site.client.cookies.keys()]).toEqual(['made']);
    }
  });

  it('forRootAsync: a class without createSessionOptions() stops the start', async () => {
    class Create {
      create(): SessionModuleOptions {
        return { secret: SECRET };
      }
    }
    await expect(start([SessionModule.forRootAsync({ useClass: Create as never })])).rejects.toThrow(
      /is not a function/,
    );
  });

  it.each([
    ['forRoot', (options: SessionModuleOptions) => SessionModule.forRoot(options)],
    [
      'forRootAsync',
      (options: SessionModuleOptions) => SessionModule.forRootAsync({ useFactory: () => options }),
    ],
  ])('%s: a wrong option stops the start', async (_, make) => {
    await expect(start([make({ secret: SECRET, idleTimeout: -1 })])).rejects.toThrow(
      /option "idleTimeout": -1 was given; accepted:/,
    );
    await expect(start([make({ secret: SECRET, idelTimeout: 1 } as never)])).rejects.toThrow(
      /option "idelTimeout" is unknown/,
    );
    await expect(start([make({} as never)])).rejects.toThrow(/option "secret" is missing/);
    await expect(start([make({ secret: SECRET, store: {} as never })])).rejects.toThrow(
      /option "store": an object was given; accepted: a SessionStore/,
    );
  });

  it.each([
    [
      'forRoot',
      (store: SessionModuleOptions['store']) => SessionModule.forRoot({ secret: SECRET, store: store! }),
    ],
    [
      'forRootAsync',
      (store: SessionModuleOptions['store']) =>
        SessionModule.forRootAsync({ useFactory: () => ({ secret: SECRET, store: store! }) }),
    ],
  ])(
    '%s: typeOrmStore() takes the DataSource out of the container, whichever module comes first',
    async (_, make) => {
      for (const imports of [
        [database_(), make(typeOrmStore())],
        [make(typeOrmStore()), database_()],
      ]) {
        const site = await start(imports);
        await works(site);
        expect(site.app.get<SessionStore>(SESSION_STORE)).toBeInstanceOf(TypeOrmSessionStore);
      }
    },
  );

  it('a DataSource with a name, a factory of one’s own, and a store that is made asynchronously', async () => {
    const named = TypeOrmModule.forRoot({
      name: 'other',
      type: 'postgres',
      url: database.url,
      entities: [SessionEntity],
      synchronize: true,
    });
    await works(
      await start([
        named,
        SessionModule.forRoot({ secret: SECRET, store: typeOrmStore({ dataSource: 'otherDataSource' }) }),
      ]),
    );
    const made = new MemorySessionStore();
    const own = {
      inject: [{ token: 'MISSING', optional: true }],
      useFactory: (missing: unknown) => Promise.resolve(missing === undefined ? made : (null as never)),
    };
    const site = await start([SessionModule.forRoot({ secret: SECRET, store: own })]);
    await works(site);
    expect(made.size).toBe(1);
  });

  it('without the DataSource the start is stopped with what to do', async () => {
    await expect(start([SessionModule.forRoot({ secret: SECRET, store: typeOrmStore() })])).rejects.toThrow(
      /typeOrmStore\(\) found no DataSource in the container; import TypeOrmModule/,
    );
  });

  it('without the table the start is stopped with what to do', async () => {
    const empty = await createDatabase();
    const connection = TypeOrmModule.forRoot({ type: 'postgres', url: empty.url, entities: [SessionEntity] });
    await expect(
      start([connection, SessionModule.forRoot({ secret: SECRET, store: typeOrmStore() })]),
    ).rejects.toThrow(/session table nest_session does not exist; run the migration CreateSessionTable/);
    const without = TypeOrmModule.forRoot({ type: 'postgres', url: empty.url, entities: [] });
    await expect(
      start([without, SessionModule.forRoot({ secret: SECRET, store: typeOrmStore() })]),
    ).rejects.toThrow(/SessionEntity is not an entity of the DataSource; add it/);
    await empty.drop();
  });

  it('sessions in PostgreSQL survive a restart of the application', async () => {
    const first = await start([
      database_(),
      SessionModule.forRoot({ secret: SECRET, store: typeOrmStore() }),
    ]);
    await works(first);
    await first.app.close();
    const second = await start([
      database_(),
      SessionModule.forRoot({ secret: SECRET, store: typeOrmStore() }),
    ]);
    second.client.headers.cookie = first.client.cookieHeader;
    expect((await second.client.post('/visit')).text).toBe('3');
  });

  it('secrets rotate: the first signs, all verify', async () => {
    const store = new MemorySessionStore();
    const old = await start([SessionModule.forRoot({ secret: SECRET, store })]);
    await works(old);
    const both = await start([
      SessionModule.forRoot({ secret: ['a new secret of thirty-two bytes and more', SECRET], store }),
    ]);
    both.client.headers.cookie = old.client.cookieHeader;
    expect((await both.client.post('/visit')).text).toBe('3');
    const fresh = new Client(both.base);
    await fresh.post('/visit');
    const alone = await start([
      SessionModule.forRoot({ secret: 'a new secret of thirty-two bytes and more', store }),
    ]);
    alone.client.headers.cookie = fresh.cookieHeader;
    expect((await alone.client.post('/visit')).text).toBe('2');
    alone.client.headers.cookie = old.client.cookieHeader;
    expect((await alone.client.post('/visit')).text).toBe('1');
  });

  it('is global unless told otherwise, and gives out its tokens', async () => {
    @Injectable()
    class Needy {
      constructor(readonly sessions: SessionService) {}
    }
    @Module({ providers: [Needy] })
    class NeedyModule {}
    const { app } = await start([NeedyModule, SessionModule.forRoot({ secret: SECRET })]);
    expect(app.get(Needy).sessions).toBeInstanceOf(SessionService);
    expect(app.get<SessionModuleOptions>(SESSION_OPTIONS).secret).toBe(SECRET);
    expect(app.get<SessionStore>(SESSION_STORE)).toBeInstanceOf(MemorySessionStore);
    await expect(
      start([NeedyModule, SessionModule.forRoot({ secret: SECRET, isGlobal: false })]),
    ).rejects.toThrow(/SessionService/);
  });

  it('SESSION_MIDDLEWARE puts the session ahead of other middleware, and running twice is harmless', async () => {
    const seen: unknown[] = [];
    const site = await start([SessionModule.forRoot({ secret: SECRET })], (app) => {
      app.use(app.get(SESSION_MIDDLEWARE));
      app.use((req: Request & { session: AnySession }, _: Response, next: NextFunction) => {
        seen.push({ ...req.session });
        next();
      });
    });
    await works(site);
    expect(seen).toEqual([{}, { visits: 1 }]);
  });

  it('middleware of other modules sees the session, whichever module comes first', async () => {
    const seen: unknown[] = [];
    @Module({})
    class EarlyModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply((req: Request & { session: AnySession }, _: Response, next: NextFunction) => {
            seen.push({ ...req.session });
            next();
          })
          .forRoutes('*path');
      }
    }
    await works(await start([EarlyModule, SessionModule.forRoot({ secret: SECRET })]));
    expect(seen).toEqual([{}, { visits: 1 }]);
  });

  it('forRoutes and exclude say where it applies; elsewhere the session is an error that says so', async () => {
    const only = await start([
      SessionModule.forRoot({ secret: SECRET, forRoutes: [{ path: 'visit', method: RequestMethod.POST }] }),
    ]);
    await works(only);
    expect((await only.client.get('/raw')).body).toEqual({ session: false });
    const not = await start([SessionModule.forRoot({ secret: SECRET, exclude: ['visit'] })]);
    expect((await not.client.get('/raw')).body).toEqual({ session: true });
    expect((await not.client.post('/visit')).status).toBe(500);
    expect((await not.client.get('/')).body).toEqual({ session: true });
    const prefixed = await start(
      [SessionModule.forRoot({ secret: SECRET, exclude: ['raw'] })],
      (app) => void app.setGlobalPrefix('api'),
    );
    expect((await prefixed.client.post('/api/visit')).text).toBe('1');
    expect((await prefixed.client.get('/api/raw')).body).toEqual({ session: false });
    await expect(not.app.get(SessionService).load({})).rejects.toThrow(
      /session middleware did not run for this request; check "forRoutes"/,
    );
  });
});
