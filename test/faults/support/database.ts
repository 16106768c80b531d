import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import type { Backend } from '../../support/site.js';

type PostgresOptions = Partial<Extract<DataSourceOptions, { type: 'postgres' }>>;

/** Sessions in a database, and the pool they go through. */
export interface Database extends Backend {
  readonly dataSource: DataSource;
  readonly pool: pg.Pool;
}

/** Opens the database at `url`, with the table of the sessions. */
export async function openDatabase(url: string, options: PostgresOptions = {}): Promise<Database> {
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [SessionEntity],
    synchronize: true,
    ...options,
  }).initialize();
  return {
    kind: 'postgres',
    dataSource,
    pool: (dataSource.driver as unknown as { master: pg.Pool }).master,
    store: new TypeOrmSessionStore(dataSource, { pruneInterval: false }),
    close: () => dataSource.destroy(),
  };
}

/** Makes the table of the sessions. */
export async function prepareTable(url: string): Promise<void> {
  await (await openDatabase(url)).close();
}

/** Somebody else at the same database. */
export class Stranger {
  readonly #client: pg.Client;

  constructor(url: string) {
    this.#client = new pg.Client({ connectionString: url });
  }

  static async at(url: string): Promise<Stranger> {
    const stranger = new Stranger(url);
    await stranger.#client.connect();
    return stranger;
  }

  async run<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(sql, values)).rows;
  }

  /** A setting of every connection to the database that is made from now on; those there are end. */
  async set(name: string, value: string | undefined): Promise<void> {
    const [row] = await this.run<{ name: string }>('SELECT current_database() AS name');
    const change = value === undefined ? `RESET ${name}` : `SET ${name} = '${value}'`;
    await this.run(`ALTER DATABASE ${row!.name} ${change}`);
    await this.terminate();
  }

  /** Ends the connections of everybody else, or those that wait for a lock. */
  async terminate(which: 'all' | 'waiting' = 'all'): Promise<void> {
    await this.run(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
       AND pid <> pg_backend_pid() AND (wait_event_type = 'Lock' OR $1)`,
      [which === 'all'],
    );
  }

  /** How many connections others have to the database. */
  async connections(): Promise<number> {
    const others = await this.run(
      'SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    return others.length;
  }

  /** How many deadlocks there were. */
  async deadlocks(): Promise<number> {
    const [row] = await this.run<{ deadlocks: string }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(row!.deadlocks);
  }

  /** Resolves when so many connections wait for a lock. */
  async untilWaiting(count = 1): Promise<void> {
    for (;;) {
      await this.run('SELECT pg_stat_clear_snapshot()'); // within a transaction it is taken once
      const waiting = await this.run(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (waiting.length >= count) return;
    }
  }

  /** Resolves when another connection waits for a lock that this one holds. */
  async untilBlocking(): Promise<void> {
    for (;;) {
      await this.run('SELECT pg_stat_clear_snapshot()'); // within a transaction it is taken once
      const waiting = await this.run(
        'SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))',
      );
      if (waiting.length > 0) return;
    }
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
