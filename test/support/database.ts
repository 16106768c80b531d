import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { findResource } from './resources/find.js';
import { HAS_SERVERS } from './scope.js';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** The server of the test run. It starts when the first spec loads this file: no test waits for that. */
const SERVER = HAS_SERVERS ? await findResource('PostgreSQL') : undefined;

/** The names of databases begin with this one, by which the end of the run finds them (resources/postgres.ts). */
const { TEST_DATABASES: PREFIX = 'test' } = process.env;

declare global {
  /** The addresses of databases that are empty again. They outlive a file of tests: to make one takes longer than most tests. */
  var testDatabases: string[] | undefined;
}
const empty = (globalThis.testDatabases ??= []);

/**
 * As it was when it was made, whoever is connected to it. Connections that are closing get a second: one that is terminated meanwhile
 * would emit an error that nobody listens to any more.
 */
const CLEARED = `
  DO $$
  BEGIN
    FOR turn IN 1..100 LOOP
      PERFORM pg_stat_clear_snapshot();
      EXIT WHEN NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid());
      PERFORM pg_sleep(0.01);
    END LOOP;
  END $$;
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
  DO $$
  DECLARE name text;
  BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'
    LOOP
      EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    EXECUTE format('ALTER DATABASE %I RESET ALL', current_database());
  END $$;
  CREATE SCHEMA public;
  GRANT USAGE ON SCHEMA public TO public;
  SELECT pg_stat_reset()`;

/** An empty database for one spec file. */
export async function createDatabase(): Promise<TestDatabase> {
  const url = empty.pop() ?? (await makeDatabase());
  return {
    url,
    async drop() {
      await execute(url, CLEARED);
      empty.push(url);
    },
  };
}

async function makeDatabase(): Promise<string> {
  const server = SERVER ?? (await findResource('PostgreSQL'))!;
  const name = `${PREFIX}_${randomBytes(8).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
