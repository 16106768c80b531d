import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { sign } from 'cookie-signature';
import express from 'express';
import pg from 'pg';
import { DataSource } from 'typeorm';
import dropIn from '../../../lib/express/index.js';
import type { SessionCookieOptions } from '../../../lib/index.js';
import { CreateSessionTable, SessionEntity, TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import * as before from '../../../sample/03-from-express-session/before.js';
import connectPgSimple from '../../../sample/03-from-express-session/packages/connect-pg-simple.js';
import expressSession from '../../../sample/03-from-express-session/packages/express-session.js';
import { addShop } from '../../../sample/03-from-express-session/shop.js';
import * as step1 from '../../../sample/03-from-express-session/step-1.js';
import { Step2 } from '../../../sample/03-from-express-session/step-2.js';
import { Step3 } from '../../../sample/03-from-express-session/step-3.js';
import { Client, listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { keyOf, tokenOf } from '../../support/ids.js';
import { openSite, SECRET, type Site } from '../../support/site.js';

const HOUR = 60 * 60 * 1000;
const WEEK = 7 * 24 * HOUR;

const SAMPLE = fileURLToPath(new URL('../../../sample/03-from-express-session/', import.meta.url));
const textOf = (name: string): string => readFileSync(SAMPLE + name, 'utf8');

/** The tables as the packages have them made, and how a row gets there. */
const TABLES = {
  'connect-pg-simple': {
    make: readFileSync(createRequire(import.meta.url).resolve('connect-pg-simple/table.sql'), 'utf8'),
    insert: 'INSERT INTO "session" (sid, sess, expire) VALUES ($1, $2, to_timestamp($3::float8 / 1000))',
  },
  'connect-typeorm': {
    make: `
      CREATE TABLE "session" (
        "expiredAt" bigint NOT NULL,
        "id" varchar(255) NOT NULL PRIMARY KEY,
        "json" text NOT NULL,
        "destroyedAt" timestamp
      );
      CREATE INDEX ON "session" ("expiredAt")`,
    insert: 'INSERT INTO "session" (id, json, "expiredAt") VALUES ($1, $2, $3)',
  },
};
type Package = keyof typeof TABLES;

const KINDS = Object.keys(TABLES) as Package[];

let database: TestDatabase;
let pool: pg.Pool;
const servers: Server[] = [];
const apps: INestApplication[] = [];

async function query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await pool.query<Row>(sql, values)).rows;
}

async function makeTable(kind: Package): Promise<void> {
  await query('DROP TABLE IF EXISTS "session"');
  await query(TABLES[kind].make);
}

/** Runs both files as the guide says: over one connection. */
async function copy(kind: Package, change = (sql: string): string => sql): Promise<number | null> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(textOf(`sql/old-sessions-of-${kind}.sql`));
    return (await client.query(change(textOf('sql/move-sessions.sql')))).rowCount;
  } finally {
    await client.end();
  }
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(module: DynamicModule): Promise<string> {
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  apps.push(app);
  return listen(app);
}

const STEPS = {
  before: () => serve(before.start(pool, SECRET)),
  'step 1': () => serve(step1.start(pool, SECRET)),
  'step 2': () => start(Step2.with(pool, SECRET)),
  'step 3': () => start(Step3.with(database.url, SECRET)),
};
type Step = keyof typeof STEPS;

/** A browser that takes its cookies to every address. */
class Browser {
  cookies = new Map<string, string>();

  at(base: string): Client {
    return Object.assign(new Client(base), { cookies: this.cookies });
  }

  copy(): Browser {
    return Object.assign(new Browser(), { cookies: new Map(this.cookies) });
  }

  get id(): string {
    return decodeURIComponent(this.cookies.get('connect.sid') ?? '')
      .slice(2)
      .split('.')[0]!;
  }
}

/** A browser with the cookie that express-session gives to a session. */
function browserOf(id: string, secret = SECRET): Browser {
  const browser = new Browser();
  browser.cookies.set('connect.sid', encodeURIComponent(`s:${sign(id, secret)}`));
  return browser;
}

/** A session as express-session stores it. */
function sessionOf(data: object, cookie: object = {}): string {
  const settings = { originalMaxAge: null, expires: null, httpOnly: true, path: '/', ...cookie };
  return JSON.stringify({ cookie: settings, ...data });
}

/** Stores a session; answers its id. */
async function put(kind: Package, text: string, end = Date.now() + HOUR): Promise<string> {
  const id = randomUUID();
  await query(TABLES[kind].insert, [id, text, end]);
  return id;
}

interface Row {
  readonly token: string;
  readonly epoch: number;
  readonly version: string;
  readonly user_id: string | null;
  readonly data: string;
  readonly meta: string | null;
  readonly created_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
}

/** An id as `SessionModule` makes them. */
const OURS = `${'k'.repeat(22)}~${'s'.repeat(43)}`;

/** How often a row was changed, its beginning included. */
const changesOf = ({ version }: Row): number => Math.floor(Number(version) / 2 ** 24);

/** The row of an id in the table of step 3. */
async function copied(id: string): Promise<Row | undefined> {
  return (await query<Row>('SELECT * FROM nest_session WHERE handle = $1', [keyOf(id)]))[0];
}

describe('from express session', () => {
  beforeAll(async () => {
    database = await createDatabase();
    pool = new pg.Pool({ connectionString: database.url });
    await makeTable('connect-pg-simple');
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
    for (const app of apps.splice(0)) await app.close();
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  describe('step-1.ts', () => {
    it('is before.ts with another import', () => {
      const changed = textOf('before.ts').replace(
        "'./packages/express-session.js'",
        "'nest-session/express'",
      );
      expect(changed).toBe(textOf('step-1.ts'));
    });
  });

  describe('one cookie', () => {
    const SIDE_BY_SIDE: Step[] = ['before', 'step 1', 'step 2'];
    let bases: Record<Step, string>;
    let browser: Browser;

    beforeEach(async () => {
      browser = new Browser();
      const started = Object.entries(STEPS).map(async ([step, run]) => [step, await run()] as const);
      bases = Object.fromEntries(await Promise.all(started)) as typeof bases;
    });

    const visit = async (step: Step, who = browser): Promise<unknown> =>
      (await who.at(bases[step]).get('/')).body;

    it('walks from express-session through the steps, and back, with all there is', async () => {
      expect(await visit('before')).toEqual({ views: 1, userId: null });
      const { id } = browser;
      expect(await visit('step 1')).toEqual({ views: 2, userId: null });
      expect(await visit('step 2')).toEqual({ views: 3, userId: null });
      expect(await visit('before')).toEqual({ views: 4, userId: null });
      expect(await visit('step 2')).toEqual({ views: 5, userId: null });
      expect(await copy('connect-pg-simple')).toBe(1);
      expect(await visit('step 3')).toEqual({ views: 6, userId: null });
      expect(browser.id).toBe(id);
    });

    it.each(SIDE_BY_SIDE)('of a login at %s is one at step 3, when it is copied', async (step) => {
      const user = randomUUID();
      await browser.at(bases[step]).post(`/login/${user}`);
      expect(await visit('step 3', browser.copy())).toEqual({ views: 1, userId: null });
      await copy('connect-pg-simple');
      expect(await visit('step 3')).toEqual({ views: 1, userId: user });
      const row = await copied(browser.id);
      expect(row?.user_id).toBe(user);
      expect(Math.abs(Number(row?.expires_at) - Date.now() - WEEK)).toBeLessThan(60_000);
      await browser.at(bases['step 3']).post('/logout');
      expect(browser.cookies.size).toBe(0);
    });

    describe.each(SIDE_BY_SIDE)('issued by %s', (issuer) => {
      it.each(SIDE_BY_SIDE)('is read by %s, and what that changes is read back', async (reader) => {
        await visit(issuer);
        expect(await visit(reader)).toEqual({ views: 2, userId: null });
        expect(await visit(issuer)).toEqual({ views: 3, userId: null });
      });

      it.each(SIDE_BY_SIDE)('and given up for that of a login at %s is good for nothing', async (other) => {
        await visit(issuer);
        const old = browser.copy();
        await browser.at(bases[other]).post('/login/ada');
        expect(browser.id).not.toBe(old.id);
        for (const step of SIDE_BY_SIDE) {
          expect(await visit(step)).toMatchObject({ userId: 'ada' });
          expect(await visit(step, old.copy())).toEqual({ views: 1, userId: null });
        }
      });

      it.each(SIDE_BY_SIDE)('is good for nothing after a logout at %s', async (other) => {
        await browser.at(bases[issuer]).post('/login/ada');
        const old = browser.copy();
        expect((await browser.at(bases[other]).post('/logout')).status).toBe(204);
        expect(await query('SELECT 1 FROM "session" WHERE sid = $1', [old.id])).toEqual([]);
        for (const step of SIDE_BY_SIDE) {
          expect(await visit(step, old.copy())).toEqual({ views: 1, userId: null });
        }
      });
    });

    it('of step 2 is sent again by express-session, where its attributes are as they were', async () => {
      await visit('step 2');
      const { setCookies } = await browser.at(bases.before).get('/');
      expect(setCookies).toEqual([
        expect.stringMatching(/^connect\.sid=\S+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/),
      ]);
    });
  });

  describe('before step 2', () => {
    const OLD = 'keyboard cat';

    it.each([
      ['express-session', expressSession],
      ['nest-session/express', dropIn],
    ])('a short secret is exchanged: %s signs every cookie anew', async (_, session) => {
      const PgStore = connectPgSimple(session);
      const options = {
        store: new PgStore({ pool }),
        resave: false,
        saveUninitialized: false,
      };
      const app = express().use(session({ ...options, secret: [SECRET, OLD], rolling: true }));
      addShop(app);
      const id = await put('connect-pg-simple', sessionOf({ views: 1 }));
      const browser = browserOf(id, OLD);
      expect((await browser.at(await serve(app)).get('/')).body).toEqual({ views: 2, userId: null });
      expect(browser.cookies).toEqual(browserOf(id).cookies);
      expect((await browser.at(await STEPS['step 2']()).get('/')).body).toEqual({ views: 3, userId: null });
    });

    it.each([[OLD], [[SECRET, OLD]]])('a short secret stops the start in production: %j', async (secret) => {
      const { NODE_ENV } = process.env;
      process.env.NODE_ENV = 'production';
      try {
        await expect(start(Step2.with(pool, secret as string))).rejects.toThrow(
          'use at least 32 random bytes',
        );
      } finally {
        process.env.NODE_ENV = NODE_ENV;
      }
    });

    it('keys with the names of members are not seen, and go with the next change', async () => {
      const data = { views: 1, createdAt: 'mine', flash: { info: ['mine'] } };
      const id = await put('connect-pg-simple', sessionOf(data));
      const base = await STEPS['step 2']();
      await browserOf(id).at(base).get('/');
      const rows = await query<{ sess: object }>('SELECT sess FROM "session" WHERE sid = $1', [id]);
      expect({ ...rows[0]?.sess, cookie: undefined }).toEqual({ views: 2 });
    });
  });

  describe.each(KINDS)('the sessions of %s, copied', (kind) => {
    let dataSource: DataSource;
    let site: Site;

    /** A site on the table of step 3, whose routes tell more than those of the shop. */
    function open(cookie: SessionCookieOptions = {}): Promise<Site> {
      const store = new TypeOrmSessionStore(dataSource, { pruneInterval: false });
      const backend = { kind, store, close: () => Promise.resolve() };
      return openSite(backend, { name: 'connect.sid', cookie });
    }

    const read = async (id: string): Promise<unknown> =>
      (await browserOf(id).at(site.base).get('/run/read')).body;

    const change = (id: string, data: object): ReturnType<Client['post']> =>
      browserOf(id).at(site.base).post('/run/set', data);

    beforeAll(async () => {
      dataSource = await new DataSource({
        type: 'postgres',
        url: database.url,
        entities: [SessionEntity],
        migrations: [CreateSessionTable],
        migrationsRun: true,
      }).initialize();
    });

    beforeEach(async () => {
      await makeTable(kind);
      await query('TRUNCATE nest_session');
      site = await open();
    });

    afterEach(() => site.close());

    afterAll(() => dataSource.destroy());

    it('are found with the cookie that express-session issued, and their ids are not readable', async () => {
      const id = await put(kind, sessionOf({ userId: 'ada', cart: [{ sku: 'ink' }] }));
      expect(await read(id)).toEqual({});
      expect(await copy(kind)).toBe(1);
      expect(await read(id)).toEqual({ userId: 'ada', cart: [{ sku: 'ink' }] });
      expect(JSON.stringify(await query('SELECT * FROM nest_session'))).not.toContain(id);
    });

    it('are found by their user', async () => {
      const ids = [
        await put(kind, sessionOf({ userId: 'ada' })),
        await put(kind, sessionOf({ userId: 'ada' })),
      ];
      const other = await put(kind, sessionOf({ userId: 'bob' }));
      await copy(kind);
      const found = await site.sessions.list('ada');
      expect(found.map(({ handle }) => handle).sort()).toEqual(ids.map(keyOf).sort());
      expect(await site.sessions.revokeAll('ada')).toBe(2);
      expect([await read(ids[0]!), await read(other)]).toEqual([{}, { userId: 'bob' }]);
    });

    it.each<[what: string, data: object, user: string | null]>([
      ['text', { userId: 'ada' }, 'ada'],
      ['a number', { userId: 42 }, '42'],
      ['a large number', { userId: 1e21 }, '1e+21'],
      ['text with quotes', { userId: 'grün "火"\\' }, 'grün "火"\\'],
      ['255 characters', { userId: 'x'.repeat(255) }, 'x'.repeat(255)],
      ['Passport’s', { passport: { user: 'ada' } }, 'ada'],
      ['one beside Passport’s', { userId: 'ada', passport: { user: 'bob' } }, 'ada'],
      ['Passport’s beside null', { userId: null, passport: { user: 7 } }, '7'],
      ['an object', { userId: { id: 7 }, passport: { user: 7 } }, null],
      ['true', { userId: true }, null],
      ['empty', { userId: '' }, null],
      ['256 characters', { userId: 'x'.repeat(256) }, null],
      ['Passport’s null', { passport: null }, null],
      ['Passport’s text', { passport: 'ada' }, null],
      ['Passport’s list', { passport: ['ada'] }, null],
      ['none', {}, null],
    ])('have the user that SessionModule finds: %s', async (_, data, user) => {
      const id = await put(kind, sessionOf(data));
      await copy(kind);
      expect((await copied(id))?.user_id).toBe(user);
      await change(id, { changed: true });
      const row = await copied(id);
      expect([row?.user_id, changesOf(row!)]).toEqual([user, 2]);
    });

    it('hold any JSON, word for word', async () => {
      const data = `{"text":${JSON.stringify('a\0b \ud800 \\u0000 \\ud800 😀')},"k\\u0000":[null,1e+21,{"cookie":1}],"__proto__":{"a":1},"userId":"ada"}`;
      const id = await put(kind, data.replace('{', '{"cookie":{"originalMaxAge":null},'));
      await copy(kind);
      const { text } = await browserOf(id).at(site.base).get('/run/read');
      expect(text).toBe(JSON.stringify(JSON.parse(data)));
      expect(text).toContain('__proto__');
      expect((await copied(id))?.user_id).toBe('ada');
    });

    it('are not written for being read, and lose the old cookie with their next change', async () => {
      const id = await put(kind, sessionOf({ views: 1 }));
      await copy(kind);
      const row = await copied(id);
      expect((await browserOf(id).at(site.base).get('/run/read')).setCookies).toEqual([]);
      expect(await copied(id)).toEqual(row);
      await change(id, { views: 2 });
      const changed = await copied(id);
      expect([changed?.data, changesOf(changed!)]).toEqual(['{"views":2}', 2]);
    });

    it.each<[what: string, originalMaxAge: unknown, own: unknown, seconds: number]>([
      ['to the end of the browser', null, null, NaN],
      ['half an hour', HOUR / 2, HOUR / 2, 1_800],
      [
        '200 years, but not beyond the absolute timeout',
        200 * 52 * WEEK,
        100 * 365.25 * 24 * HOUR,
        2_592_000,
      ],
      ['nothing said', undefined, undefined, 604_800],
    ])('keep how long their own cookie lives: %s', async (_, originalMaxAge, own, seconds) => {
      await site.close();
      site = await open({ maxAge: WEEK });
      const id = await put(kind, sessionOf({ views: 1 }, { originalMaxAge }));
      await copy(kind);
      const meta = own === undefined ? null : JSON.stringify({ cookie: { originalMaxAge: own } });
      expect((await copied(id))?.meta).toBe(meta);
      const [setCookie] = (await change(id, { views: 2 })).setCookies;
      const maxAge = Number(/Max-Age=(\d+)/.exec(setCookie ?? '')?.[1]);
      if (Number.isNaN(seconds)) expect(maxAge).toBeNaN();
      else expect(Math.abs(maxAge - seconds)).toBeLessThan(60);
    });

    it('end when they would have ended, and begin with the copy', async () => {
      const end = Math.ceil(Date.now() / 1000) * 1000 + HOUR;
      const id = await put(kind, sessionOf({ views: 1 }), end);
      await copy(kind);
      const row = await copied(id);
      expect(changesOf(row!)).toBe(1);
      expect(row).toMatchObject({ token: tokenOf(id), epoch: 1, expires_at: String(end) });
      expect(row).toMatchObject({ authenticated_at: null, ip: null });
      expect(row!.last_seen_at).toBe(row!.created_at);
      expect(Math.abs(Number(row!.created_at) - Date.now())).toBeLessThan(60_000);
    });

    it('keep what SessionModule has added to them', async () => {
      const nestSession = {
        token: 'x'.repeat(43),
        previousToken: null,
        previousUntil: null,
        epoch: 3,
        version: 2 ** 48,
        meta: '{"flash":{"notice":[["x","Hello"]]},"cookie":{"originalMaxAge":60000}}',
        userId: 'ada',
        createdAt: Date.now() - 5_000,
        lastSeenAt: Date.now() - 4_000,
        authenticatedAt: Date.now() - 3_000,
        ip: '::1',
        userAgent: 'a browser',
      };
      const signedIn = await put(kind, sessionOf({ userId: 'bob' }, { nestSession }));
      const visited = { ...nestSession, userId: null, authenticatedAt: null };
      const seen = await put(kind, sessionOf({ userId: 'bob' }, { nestSession: visited }));
      await copy(kind);
      expect(await copied(signedIn)).toMatchObject({
        version: '16777216',
        token: tokenOf(signedIn),
        epoch: 3,
        user_id: 'ada',
        meta: nestSession.meta,
        created_at: String(nestSession.createdAt),
        last_seen_at: String(nestSession.lastSeenAt),
        authenticated_at: String(nestSession.authenticatedAt),
        ip: '::1',
        user_agent: 'a browser',
      });
      expect(await copied(seen)).toMatchObject({ user_id: 'bob', authenticated_at: null });
      expect(await read(signedIn)).toEqual({ userId: 'bob' });
    });

    it('are copied once, whatever became of the copy', async () => {
      const one = await put(kind, sessionOf({ views: 1 }));
      expect(await copy(kind)).toBe(1);
      await change(one, { views: 2 });
      const two = await put(kind, sessionOf({ views: 1 }));
      expect(await copy(kind)).toBe(1);
      expect([await read(one), await read(two)]).toEqual([{ views: 2 }, { views: 1 }]);
    });

    it('stay behind where they have ended, or are none', async () => {
      const none = [
        '{"a":1}',
        '{"cookie":null}',
        '{"cookie":"x"}',
        '{"cookie":[]}',
        '{}',
        'null',
        '[1]',
        '5',
      ];
      for (const text of none) await put(kind, text);
      await put(kind, sessionOf({ views: 1 }), Date.now() - 1_000);
      const id = await put(kind, sessionOf({ views: 1 }));
      expect(await copy(kind)).toBe(1);
      expect(await read(id)).toEqual({ views: 1 });
    });

    it('are found where the old table had handles already', async () => {
      for (const id of [OURS, randomUUID()]) {
        const row = sessionOf({ views: 1 }, { nestSession: { token: tokenOf(id) } });
        await query(TABLES[kind].insert, [keyOf(id), row, Date.now() + HOUR]);
        await copy(kind, (sql) =>
          sql.replace(/^ *CASE WHEN id ~ .* END,$/m, 'id,').replace(/^ *digest,$/m, "facts ->> 'token',"),
        );
        expect(await read(id)).toEqual({ views: 1 });
      }
    });

    it('are found with the cookie that step 2 issued, under their key', async () => {
      await query(TABLES[kind].insert, [OURS, sessionOf({ views: 1 }), Date.now() + HOUR]);
      await copy(kind);
      expect(await copied(OURS)).toMatchObject({ handle: OURS.split('~')[0], token: tokenOf(OURS) });
      expect(await read(OURS)).toEqual({ views: 1 });
      await query('DELETE FROM nest_session');
    });
  });

  describe('the sessions of connect-pg-simple', () => {
    it.each(['America/St_Johns', 'Asia/Kathmandu'])('end in time where the time zone is %s', async (zone) => {
      const end = Math.ceil(Date.now() / 1000) * 1000 + HOUR;
      const local = await createDatabase();
      const client = new pg.Client({ connectionString: local.url, options: `-c TimeZone=${zone}` });
      await client.connect();
      try {
        const { make, insert } = TABLES['connect-pg-simple'];
        await client.query(make);
        await client.query(insert, ['ended', sessionOf({}), Date.now() - 1_000]);
        await client.query(insert, ['alive', sessionOf({}), end]);
        await client.query(textOf('sql/old-sessions-of-connect-pg-simple.sql'));
        const { rows } = await client.query('SELECT id, expires_at FROM old_session');
        expect(rows).toEqual([{ id: 'alive', expires_at: String(end) }]);
      } finally {
        await client.end();
        await local.drop();
      }
    });
  });

  describe('the sessions of connect-typeorm', () => {
    beforeEach(() => makeTable('connect-typeorm'));

    it('stay behind where they were destroyed', async () => {
      const id = await put('connect-typeorm', sessionOf({ views: 1 }));
      await query('UPDATE "session" SET "destroyedAt" = now()');
      expect(await copy('connect-typeorm')).toBe(0);
      expect(await copied(id)).toBeUndefined();
    });

    it('are not copied at all while a text is no JSON', async () => {
      const id = await put('connect-typeorm', sessionOf({ views: 1 }));
      const bad = await put('connect-typeorm', '{bad}');
      await expect(copy('connect-typeorm')).rejects.toThrow('invalid input syntax for type json');
      expect(await copied(id)).toBeUndefined();
      await query('DELETE FROM "session" WHERE id = $1', [bad]);
      expect(await copy('connect-typeorm')).toBe(1);
    });
  });
});
