import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../sample/support/embedded-postgres.js';
import { cpuOfTree } from './processes.js';
import type { StoreServer } from './store-server.js';

/** What the name of every database begins with: the server may be somebody's own. */
const PREFIX = 'nest_session_benchmark_';

const SHOWN = ['fsync', 'synchronous_commit', 'shared_buffers', 'max_wal_size'];

/** How a server of its own is started. */
export interface PostgresOptions {
  /** False for a run whose figures nobody looks at. */
  readonly durable: boolean;
  readonly settings?: Record<string, string>;
}

/** A server that was started here. */
interface OwnServer {
  readonly server: EmbeddedPostgres;
  readonly pid: number;
  /** What is left of it. */
  readonly folders: readonly string[];
}

/** The PostgreSQL of `DATABASE_URL`, else one of its own, with the settings it comes with. */
export class PostgresServer implements StoreServer {
  readonly #places = new Set<string>();

  private constructor(
    private readonly admin: pg.Client,
    private readonly url: string,
    readonly description: string,
    private readonly countsStatements: boolean,
    private readonly own?: OwnServer,
  ) {}

  static async start(options: PostgresOptions): Promise<PostgresServer> {
    const given = process.env.DATABASE_URL ?? '';
    const own = given ? undefined : await startOwn(options);
    const address = own?.server.url ?? given;
    const admin = new pg.Client({ connectionString: address });
    await admin.connect();
    const countsStatements = await enableStatements(admin);
    const { rows } = await admin.query<{ name: string; setting: string }>(
      `SELECT name, current_setting(name) AS setting FROM pg_settings WHERE name = ANY($1)`,
      [['server_version', ...SHOWN]],
    );
    const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
    const shown = SHOWN.map((name) => `${name} ${settings.get(name)}`).join(', ');
    const description = `PostgreSQL ${settings.get('server_version')} (${shown})`;
    return new PostgresServer(admin, address, description, countsStatements, own);
  }

  async fresh(place: string): Promise<string> {
    await this.remove(place);
    await this.admin.query(`CREATE DATABASE ${pg.escapeIdentifier(PREFIX + place)}`);
    this.#places.add(place);
    return this.#urlOf(place);
  }

  async settle(place: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.#urlOf(place) });
    await client.connect();
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
    await client.end();
  }

  async statements(): Promise<number | undefined> {
    if (!this.countsStatements) return undefined;
    const { rows } = await this.admin.query<{ count: string }>(
      `SELECT coalesce(sum(s.calls), 0) AS count FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE starts_with(d.datname, $1)`,
      [PREFIX],
    );
    return Number(rows[0]?.count);
  }

  cpu(): number | undefined {
    return this.own && cpuOfTree(this.own.pid);
  }

  async remove(place: string): Promise<void> {
    await this.admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(PREFIX + place)} WITH (FORCE)`);
    this.#places.delete(place);
  }

  async stop(): Promise<void> {
    for (const place of this.#places) await this.remove(place);
    await this.admin.end();
    if (this.own === undefined) return;
    await this.own.server.stop();
    for (const folder of this.own.folders) await rm(folder, { recursive: true, force: true });
  }

  #urlOf(place: string): string {
    const url = new URL(this.url);
    url.pathname = `/${PREFIX}${place}`;
    return url.href;
  }
}

async function startOwn({ durable, settings = {} }: PostgresOptions): Promise<OwnServer> {
  const dataDir = join(tmpdir(), `nest-session-benchmark-${randomBytes(4).toString('hex')}`);
  const server = await startEmbeddedPostgres({
    dataDir,
    durable,
    settings: { shared_preload_libraries: 'pg_stat_statements', ...settings },
  });
  const lock = await readFile(join(server.dataDir, 'cluster', 'postmaster.pid'), 'utf8');
  return { server, pid: Number.parseInt(lock, 10), folders: [dataDir, server.dataDir] };
}

/** Whether the server counts statements. */
async function enableStatements(admin: pg.Client): Promise<boolean> {
  try {
    await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await admin.query('SELECT 1 FROM pg_stat_statements LIMIT 1');
    return true;
  } catch (error) {
    // Not installed, not loaded at its start, or not ours to make: somebody else's server.
    if (!(error instanceof pg.DatabaseError)) throw error;
    return false;
  }
}
