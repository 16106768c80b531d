import { afterEach, describe, expect, it } from '@jest/globals';
import connectPgSimple from 'connect-pg-simple';
import expressSession from 'express-session';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { messages } from '../../../lib/errors/messages.js';
import session, { type ExpressSessionStore } from '../../../lib/express/index.js';
import { MemorySessionStore, type SessionModuleOptions, SessionStoreError } from '../../../lib/index.js';
import { RedisSessionStore } from '../../../lib/stores/redis/index.js';
import type { RedisSessionClient } from '../../../lib/stores/redis/redis-client.js';
import { SessionEntity, TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { createDatabase } from '../../support/database.js';
import { type IoRedis, ioredis } from '../../support/ioredis.js';
import { createMysqlDatabase, MYSQL_URL } from '../../support/mysql.js';
import { connectRedis } from '../../support/redis.js';
import { REDIS_SERVER, startRedisServer } from '../../support/redis-server.js';
import { openSite, SECRET } from '../../support/site.js';
import { serve, stopServers } from '../express/support/peers.js';

/** What a session holds, and what makes its store fail. */
const RUDE = 'rude-and-private-words';
const POLITE = 'polite-and-private-words';
const USER = 'private-user@example.com';

const closing: (() => unknown)[] = [];

describe('silence', () => {
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  type Store = NonNullable<SessionModuleOptions['store']>;

  /** A store that fails from now on, and what its error is to say. */
  interface Failing {
    readonly store: Store;
    /** Has the back end refuse what is written from now on. */
    readonly refuse: () => Promise<unknown>;
    readonly cause: object;
  }

  async function redisStore(
    open: (url: string) => Promise<[RedisSessionClient, () => unknown]>,
  ): Promise<Failing> {
    const server = await startRedisServer();
    closing.push(() => server.close());
    const [client, close] = await open(server.url);
    closing.push(close);
    const refuse = async (): Promise<void> => {
      const other = await connectRedis(server.url);
      await other.configSet('maxmemory', '1');
      other.destroy();
    };
    return {
      store: new RedisSessionStore({ client }),
      refuse,
      cause: { message: 'OOM: the server is out of memory (maxmemory)' },
    };
  }

  async function typeOrmStore(
    options: DataSourceOptions,
    refusal: readonly string[],
    cause: object,
  ): Promise<Failing> {
    const dataSource = new DataSource({ ...options, entities: [SessionEntity], synchronize: true });
    await dataSource.initialize();
    closing.push(() => dataSource.destroy());
    const refuse = async (): Promise<void> => {
      for (const sql of refusal) await dataSource.query(sql);
    };
    return { store: new TypeOrmSessionStore(dataSource), refuse, cause };
  }

  async function postgresStore(refusal: readonly string[], cause: object): Promise<Failing> {
    const database = await createDatabase();
    closing.push(() => database.drop());
    return typeOrmStore({ type: 'postgres', url: database.url }, refusal, cause);
  }

  /** connect-pg-simple, over a table that refuses rude words. */
  async function pgSimple(): Promise<Failing & { readonly store: ExpressSessionStore }> {
    const database = await createDatabase();
    closing.push(() => database.drop());
    const pool = new pg.Pool({ connectionString: database.url });
    closing.push(() => pool.end());
    const table = createRequire(import.meta.url).resolve('connect-pg-simple/table.sql');
    await pool.query(await readFile(table, 'utf8'));
    const PgStore = (connectPgSimple as (from: unknown) => new (options: object) => ExpressSessionStore)(
      expressSession,
    );
    const check = `ALTER TABLE "session" ADD CONSTRAINT no_rudeness CHECK (sess::text NOT LIKE '%rude%')`;
    return {
      store: new PgStore({ pool, pruneSessionInterval: false }),
      refuse: () => pool.query(check),
      cause: { name: 'DatabaseError', code: '23514' },
    };
  }

  const CHECK = `ALTER TABLE nest_session ADD CONSTRAINT no_rudeness CHECK (data NOT LIKE '%rude%')`;
  const sqliteTrigger = (when: string): string =>
    `CREATE TRIGGER rude_${when} BEFORE ${when} ON nest_session WHEN new.data LIKE '%rude%'
   BEGIN SELECT json_extract('{}', new.data); END`;

  const STORES: Record<string, (() => Promise<Failing>) | false | undefined> = {
    'node-redis, with Redis out of memory':
      REDIS_SERVER !== undefined &&
      (() =>
        redisStore(async (url) => {
          const client = await connectRedis(url);
          return [client, () => client.destroy()];
        })),
    'ioredis, with Redis out of memory':
      REDIS_SERVER !== undefined &&
      ioredis !== undefined &&
      (() =>
        redisStore((url) => {
          const client: IoRedis = new ioredis!.Redis(url);
          return Promise.resolve([client, () => client.quit()]);
        })),
    'PostgreSQL, with a CHECK that fails': () =>
      postgresStore([CHECK], {
        name: 'DatabaseError',
        code: '23514',
        message: '23514: a CHECK refused the row',
      }),
    'PostgreSQL, with a trigger that tells the row': () =>
      postgresStore(
        [
          `CREATE FUNCTION refuse() RETURNS trigger AS $$
         BEGIN RAISE EXCEPTION 'no %', NEW; END $$ LANGUAGE plpgsql`,
          'CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON nest_session FOR EACH ROW EXECUTE FUNCTION refuse()',
        ],
        { name: 'DatabaseError', code: 'P0001' },
      ),
    'PostgreSQL, with a view that tells the row when it is read': () =>
      postgresStore(
        [
          `CREATE FUNCTION tell(said text) RETURNS text AS $$
         BEGIN RAISE EXCEPTION 'no %', said; END $$ LANGUAGE plpgsql`,
          'ALTER TABLE nest_session RENAME TO kept',
          `DO $$ DECLARE list text; BEGIN
         SELECT string_agg(CASE column_name WHEN 'data' THEN 'tell(data) AS data' ELSE column_name END, ', '
           ORDER BY ordinal_position) INTO list FROM information_schema.columns WHERE table_name = 'kept';
         EXECUTE 'CREATE VIEW nest_session AS SELECT ' || list || ' FROM kept'; END $$`,
        ],
        { name: 'DatabaseError', code: 'P0001' },
      ),
    'MariaDB, with a CHECK that fails':
      MYSQL_URL !== undefined &&
      (async () => {
        const database = await createMysqlDatabase();
        closing.push(() => database.drop());
        return typeOrmStore({ type: 'mysql', url: database.url }, [CHECK], { sqlState: '23000' });
      }),
    'SQLite, with a function that quotes the row': () =>
      typeOrmStore({ type: 'sqljs' }, [sqliteTrigger('INSERT'), sqliteTrigger('UPDATE')], {
        message: messages.driverSilent,
      }),
    'connect-pg-simple, with a CHECK that fails': pgSimple,
  };

  /** Everything that anybody may print of a value. */
  function printed(value: unknown): string {
    const hidden = inspect(value, { depth: 20, showHidden: true, maxStringLength: null });
    return `${hidden}\n${JSON.stringify(value)}\n${value instanceof Error ? `${String(value)}\n${value.stack}` : ''}`;
  }

  /** DESIGN 5.11: silence. The errors of drivers are real ones. */
  describe('the error of a driver holds neither id, nor data, nor user, wherever it goes', () => {
    it.each(Object.entries(STORES).filter(([, open]) => open))('%s', async (_, open) => {
      const said: string[] = [];
      const causes: unknown[] = [];
      const say = (...words: unknown[]): void => void said.push(...words.map(printed));
      const hear = (event: unknown): void => {
        const { error } = event as { error: Error };
        causes.push(error.cause);
        say(event, error, error.cause);
      };
      subscribe('nest-session:storeError', hear);
      closing.push(() => unsubscribe('nest-session:storeError', hear));

      const { store, refuse, cause } = await (open as () => Promise<Failing>)();
      const unused = { kind: 'unused', store: new MemorySessionStore(), close: () => Promise.resolve() };
      const site = await openSite(unused, { store }, (app) =>
        app.useLogger({ log: say, error: say, warn: say, debug: say, verbose: say, fatal: say }),
      );
      closing.push(() => site.close());
      site.handle('save', async ({ session: own, body }) => {
        Object.assign(own, body);
        await own.save().catch((error: unknown) => say(error));
      });
      const client = site.client();
      await client.post('/run/set', { text: POLITE, userId: USER });
      const id = client.sessionId!;
      await refuse();
      expect((await client.post('/run/set', { text: RUDE })).status).toBe(503);
      await client.post('/run/save', { text: RUDE });
      expect((await client.copy().post('/run/login', { userId: USER, text: RUDE })).status).not.toBe(500);
      expect((await site.client().post('/run/set', { text: RUDE, userId: USER })).status).toBe(503);
      say(...site.events.filter(({ type }) => type === 'storeError'));

      expect(causes).toContainEqual(expect.objectContaining(cause));
      const everything = said.join('\n');
      expect(everything).toContain(SessionStoreError.name);
      for (const secret of [id, id.split('~')[1] ?? id, RUDE, POLITE, USER])
        expect(everything).not.toContain(secret);
    });
  });

  describe('the drop-in', () => {
    it('hands on an error of connect-pg-simple with its code, and without what it says of the row', async () => {
      const { store, refuse, cause } = await pgSimple();
      const options = { secret: SECRET, store, resave: false, saveUninitialized: false };
      const told: unknown[] = [];
      const { client, errors } = await serve(session, options, async (req, res) => {
        Object.assign(req.session, { text: req.url === '/polite' ? 'polite' : RUDE, userId: USER });
        if (req.url === '/save') {
          const own = req.session as session.Session;
          await new Promise<void>((resolve) => {
            own.save((error) => resolve(void told.push(error)));
          });
          req.session.text = 'polite';
        }
        res.end(req.session.id);
      });
      closing.push(stopServers);
      const visitor = client();
      const id = (await visitor.get('/polite')).text;
      await refuse();
      expect((await visitor.get('/rude')).status).toBe(500);
      expect((await visitor.get('/save')).text).toBe(id);
      const error = { ...cause, message: expect.stringContaining('"no_rudeness"') };
      expect([...errors, ...told]).toEqual([expect.objectContaining(error), expect.objectContaining(error)]);
      const everything = [...errors, ...told].map(printed).join('\n');
      for (const secret of [id, RUDE, USER]) expect(everything).not.toContain(secret);
    });
  });
});
