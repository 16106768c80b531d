import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, Inject, Module, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { sessionTable, sqlStore } from 'nest-session/sql';
import pg from 'pg';
import { Session, SessionModule, SessionService } from '../../../lib/index.js';
import { ADAPTER_NAMES, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { type AnySession, SECRET } from '../../support/site.js';

const POOL = Symbol('POOL');

@Controller()
class VisitController {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  @Post('visit')
  visit(@Session() session: AnySession): number {
    return (session.visits = Number(session.visits ?? 0) + 1);
  }

  @Post('login')
  async login(@Session() session: AnySession): Promise<number> {
    await session.login('ada');
    return (await this.sessions.list('ada')).length;
  }

  @Post('everywhere')
  everywhere(): Promise<number> {
    return this.sessions.revokeAll('ada');
  }
}

describe.each(ADAPTER_NAMES)('sqlStore() (%s)', (adapter) => {
  const apps: INestApplication[] = [];
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createDatabase();
    pool = new pg.Pool({ connectionString: database.url });
    await pool.query(sessionTable('postgres'));
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  async function start(store: ReturnType<typeof sqlStore>): Promise<Client> {
    @Module({ providers: [{ provide: POOL, useFactory: () => pool }], exports: [POOL] })
    class DatabaseModule {}
    const module = await Test.createTestingModule({
      imports: [{ module: DatabaseModule, global: true }, SessionModule.forRoot({ secret: SECRET, store })],
      controllers: [VisitController],
    }).compile();
    const app = await ADAPTERS[adapter](module);
    app.useLogger(false);
    apps.push(app);
    return new Client(await listen(app));
  }

  it('takes the handle out of the container; sessions survive a restart, and their pool the application', async () => {
    const client = await start(sqlStore({ inject: POOL }));
    expect((await client.post('/visit')).text).toBe('1');
    expect((await client.post('/login')).text).toBe('1');
    await apps.pop()!.close();
    expect(pool.ended).toBe(false);

    const again = await start(sqlStore({ inject: POOL }));
    again.headers.cookie = client.cookieHeader;
    expect((await again.post('/visit')).text).toBe('2');
    expect((await again.post('/everywhere')).text).toBe('1');
    expect((await again.post('/visit')).text).toBe('1');
  });

  it('takes the handle itself', async () => {
    const client = await start(sqlStore({ client: pool }));
    expect((await client.post('/visit')).text).toBe('1');
    expect((await client.post('/visit')).text).toBe('2');
  });

  it('without the table the start is stopped with the statement that creates it', async () => {
    await expect(start(sqlStore({ client: pool, table: 'missing' }))).rejects.toThrow(
      /session table missing does not exist; create it with this SQL[^]+CREATE TABLE IF NOT EXISTS "missing"/,
    );
  });
});
