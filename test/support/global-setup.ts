import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { createRequire, Module } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Pg from 'pg';
import type * as Launcher from '../../sample/support/embedded-postgres.js';
import type * as Servers from './servers.js';

// Jest loads this file outside its module registry, as CommonJS, where nothing maps `.js` to `.ts`: its
// transform is reached by asking for the `.ts` file itself, also on behalf of the files that this one imports.
const launcher = withSources(
  () => createRequire(import.meta.url)('../../sample/support/embedded-postgres.ts') as typeof Launcher,
);

const servers = createRequire(import.meta.url)('./servers.ts') as typeof Servers;
const pg = createRequire(import.meta.url)('pg') as typeof Pg;

declare global {
  var testPostgres: Launcher.EmbeddedPostgres | undefined;
}

const PREFIX = 'nest-session-test-';
const DAY = 24 * 3_600_000;

/**
 * Looks for the other servers; one PostgreSQL server for the whole run, unless DATABASE_URL (or TEST_DATABASE_URL, where that
 * is another one) names one. On it tests make databases of their own, and touch none that is there.
 */
export default async function globalSetup(): Promise<void> {
  await servers.findServers();
  const given = ['TEST_DATABASE_URL', 'DATABASE_URL'].find((name) => process.env[name]);
  if (given !== undefined) {
    process.env.TEST_DATABASE_URL = await databaseAt(given);
    delete process.env.DATABASE_URL; // or what tests start would use the database itself
    return;
  }
  await removeAbandoned();
  globalThis.testPostgres = await launcher.startEmbeddedPostgres({
    dataDir: join(tmpdir(), `${PREFIX}${Date.now()}-${randomBytes(4).toString('hex')}`),
    durable: false,
    settings: { max_connections: '300' }, // several spec files at once, each with several pools
  });
  process.env.TEST_DATABASE_URL = globalThis.testPostgres.url;
}

/** The address in a variable. @throws Error where no PostgreSQL can be talked to there. */
async function databaseAt(variable: string): Promise<string> {
  const url = process.env[variable]!;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.end();
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(`PostgreSQL cannot be used as ${variable} says: ${message || code}.`, { cause: error });
  }
  return url;
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

/** While `load` runs, a `.ts` file that imports `./name.js` gets `./name.ts`. */
function withSources<Result>(load: () => Result): Result {
  type Resolve = (request: string, parent?: { filename?: string | null }, ...rest: unknown[]) => string;
  const loader = Module as unknown as { _resolveFilename: Resolve };
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (request, parent, ...rest) => {
    const inSource = request.startsWith('.') && parent?.filename?.endsWith('.ts');
    return resolve(inSource ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
  };
  try {
    return load();
  } finally {
    loader._resolveFilename = resolve;
  }
}
