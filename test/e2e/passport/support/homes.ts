import type { INestApplication } from '@nestjs/common';
import connectPgSimple from 'connect-pg-simple';
import pg from 'pg';
import session, { MemoryStore, type SessionOptions } from '../../../../lib/express/index.js';
import { SESSION_MIDDLEWARE, SessionModule, type SessionModuleOptions } from '../../../../lib/index.js';
import { createDatabase } from '../../../support/database.js';
import { BACKENDS, SECRET } from '../../../support/site.js';
import { type StoreTap, tapOn } from './store-tap.js';

type Kind = keyof typeof BACKENDS;

/** How an application gets its sessions, and where they live; outlives the application. */
export interface Home {
  readonly tap: StoreTap<object>;
  /** Whether there are `SessionEvents`. */
  readonly events: boolean;
  /** How many sessions are stored. */
  count(): Promise<number>;
  /** What the root module imports. */
  imports(options?: Partial<SessionModuleOptions>): object[];
  /** What stands in `main.ts` before Passport. */
  use(app: INestApplication): void;
  close(): Promise<void>;
}

/** Sessions of `SessionModule`, whose middleware is put in front of Passport. */
export async function sessionModule(kind: Kind): Promise<Home> {
  const backend = await BACKENDS[kind]();
  const tap = tapOn(backend.store);
  const users = backend.store as unknown as { count(userId: undefined, now: number): Promise<number> };
  return {
    tap,
    events: true,
    count: () => users.count(undefined, Date.now()),
    imports: (options) => [SessionModule.forRoot({ secret: SECRET, store: tap.store, ...options })],
    use: (app) => void app.use(app.get(SESSION_MIDDLEWARE)),
    close: () => backend.close(),
  };
}

interface Rows {
  readonly store: NonNullable<SessionOptions['store']>;
  count(): Promise<number>;
  close(): Promise<void>;
}

const ROWS: Record<Kind, () => Promise<Rows>> = {
  memory() {
    const store = new MemoryStore();
    return Promise.resolve({
      store,
      count: () => Promise.resolve(Object.keys(store.sessions).length),
      close: () => Promise.resolve(),
    });
  },
  async postgres() {
    const database = await createDatabase();
    const pool = new pg.Pool({ connectionString: database.url, max: 5 });
    const PgStore = (connectPgSimple as (face: unknown) => new (options: object) => Rows['store'])(session);
    const store = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false });
    await new Promise((resolve) => void store.get('none', resolve)); // makes the table
    return {
      store,
      count: async () => (await pool.query('SELECT 1 FROM "session"')).rows.length,
      async close() {
        await pool.end();
        await database.drop();
      },
    };
  },
};

/** Sessions of the drop-in for express-session, with a store for express-session. */
export async function dropIn(kind: Kind): Promise<Home> {
  const rows = await ROWS[kind]();
  (rows.store as MemoryStore).setMaxListeners(0); // one application after the other listens to it
  const tap = tapOn(rows.store);
  const options = { secret: SECRET, store: tap.store, name: 'sid', resave: false, saveUninitialized: false };
  return {
    tap,
    events: false,
    count: () => rows.count(),
    imports: () => [],
    use: (app) => void app.use(session(options)),
    close: () => rows.close(),
  };
}

/** Every way to have sessions. */
export const HOMES: [name: string, open: () => Promise<Home>][] = [
  ['SessionModule, memory', () => sessionModule('memory')],
  ['SessionModule, PostgreSQL', () => sessionModule('postgres')],
  ['nest-session/express, memory', () => dropIn('memory')],
  ['nest-session/express, PostgreSQL', () => dropIn('postgres')],
];

/** The ways that `SessionService`, `SessionGuard` and the like know. */
export const MODULE_HOMES = HOMES.slice(0, 2);
