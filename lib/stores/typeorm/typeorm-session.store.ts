import { hash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { SessionChange, SessionRecord, SessionSummary } from '../../core/session-record.js';
import type {
  PrunableSessionStore,
  SessionStore,
  StoreOutcome,
  UserSessionStore,
} from '../../core/session-store.js';
import { refuseUnknownOptions } from '../../core/store-options.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { PostgresDialect } from './postgres.dialect.js';
import { SessionEntity } from './session.entity.js';
import type { RunSql, SqlDialect } from './sql-dialect.js';

/** Options of a {@link TypeOrmSessionStore}. */
export interface TypeOrmSessionStoreOptions {
  /**
   * Milliseconds between two removals of expired rows (each jittered by half), or `false` for none.
   *
   * @defaultValue 600 000 (ten minutes)
   */
  readonly pruneInterval?: number | false;
}

/** SQLSTATE of a statement that was undone in favour of another: serialization failure, deadlock. */
const GAVE_WAY: ReadonlySet<unknown> = new Set(['40001', '40P01']);

/**
 * SQLSTATE of a prepared statement that this connection does not have, has already, or that a change of the table made
 * useless: what a pool of connections between here and the server (PgBouncer) leads to, and a migration.
 */
const NOT_PREPARED: ReadonlySet<unknown> = new Set(['26000', '42P05', '0A000']);

/** How often such a statement is tried. */
const TRIES = 5;

/**
 * Milliseconds after which a statement is given up together with its connection, unless the `DataSource` sets a
 * `query_timeout` (in `extra`) itself. Without one, connections that lead nowhere, as after a failover, would be kept for
 * as long as the operating system is patient: the pool would run out of others, and closing it would never end.
 */
const QUERY_TIMEOUT = 10_000;

/** The part of the `pg` pool that statements go through. */
interface PgPool {
  readonly options: { readonly query_timeout?: number };
  query(config: {
    name?: string;
    text: string;
    values: unknown[];
    query_timeout: number;
  }): Promise<{ rows: unknown[] }>;
}

/**
 * Keeps sessions in a database through the application's TypeORM `DataSource`, whose `entities` must hold
 * {@link SessionEntity}. Supports PostgreSQL (`pg`).
 *
 * TypeORM gives connection, metadata and schema; the statements are put together once and go straight to the driver's
 * pool, so that TypeORM's query log never sees session data. Each connection prepares them once; behind a pooler that
 * shares connections between clients and cannot keep prepared statements, the first one that fails for that is
 * sent again unprepared, as are all from then on.
 *
 * @example
 * ```ts
 * const store = new TypeOrmSessionStore(dataSource);
 * ```
 */
export class TypeOrmSessionStore implements SessionStore, UserSessionStore, PrunableSessionStore {
  readonly pruneInterval: number | false | undefined;
  readonly #dataSource: DataSource;
  #dialect: SqlDialect | undefined;
  /** The names of prepared statements; undefined where they do not work. */
  #prepared: Map<string, string> | undefined = new Map();

  /**
   * @throws SessionOptionsError when `pruneInterval` is wrong, the driver is not supported, or (on first use) the
   * entity is not one of the `DataSource`'s.
   */
  constructor(dataSource: DataSource, options: TypeOrmSessionStoreOptions = {}) {
    refuseUnknownOptions('TypeOrmSessionStore', options, ['pruneInterval']);
    const { pruneInterval } = options;
    const { type } = dataSource.options;
    if (type !== 'postgres') throw new SessionOptionsError(messages.driverUnsupported(type));
    if (
      pruneInterval !== undefined &&
      pruneInterval !== false &&
      !(Number.isFinite(pruneInterval) && pruneInterval > 0)
    ) {
      throw new SessionOptionsError(messages.pruneInterval(String(pruneInterval)));
    }
    this.pruneInterval = pruneInterval;
    this.#dataSource = dataSource;
  }

  /** Checks that the table is there. @throws SessionOptionsError that says how to get it. */
  async start(): Promise<void> {
    const dialect = this.#statements;
    try {
      await dialect.probe(this.#run);
    } catch (error) {
      if (!dialect.isTableMissing(error)) throw error;
      const { tablePath } = this.#dataSource.getMetadata(SessionEntity);
      throw new SessionOptionsError(messages.tableMissing(tablePath), { cause: error });
    }
  }

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return this.#statements.read(this.#run, keys);
  }

  async create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return this.#statements.create(this.#run, records);
  }

  async update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return this.#statements.update(this.#run, changes);
  }

  async delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return this.#statements.delete(this.#run, keys);
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    return this.#statements.findByUser(this.#run, userId, now);
  }

  async count(userId: string | undefined, now: number): Promise<number> {
    return this.#statements.count(this.#run, userId, now);
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    return this.#statements.deleteByUser(this.#run, userId, except);
  }

  async deleteAll(): Promise<number> {
    return this.#statements.deleteAll(this.#run);
  }

  async prune(now: number, limit: number): Promise<number> {
    return this.#statements.prune(this.#run, now, limit);
  }

  /** Put together on first use: before, the `DataSource` may not know its entities yet. */
  get #statements(): SqlDialect {
    if (this.#dialect !== undefined) return this.#dialect;
    const dataSource = this.#dataSource;
    if (!dataSource.isInitialized) throw new SessionOptionsError(messages.dataSourceClosed);
    if (!dataSource.hasMetadata(SessionEntity)) throw new SessionOptionsError(messages.entityMissing);
    const metadata = dataSource.getMetadata(SessionEntity);
    const quote = (name: string): string => dataSource.driver.escape(name);
    return (this.#dialect = new PostgresDialect({
      table: metadata.tablePath.split('.').map(quote).join('.'),
      column: (property) => quote(metadata.findColumnWithPropertyName(property)!.databaseName),
    }));
  }

  /** The pool is looked up each time: the application may close the `DataSource` and open it again. */
  readonly #run: RunSql = async <Row>(sql: string, parameters: readonly unknown[]) => {
    for (let tries = 1; ; tries++) {
      // With replication it is the pool of the writable server: a replica may lag behind what was just written.
      const { master } = this.#dataSource.driver as unknown as { master?: PgPool };
      if (master === undefined) throw new SessionOptionsError(messages.dataSourceClosed);
      const { query_timeout = QUERY_TIMEOUT } = master.options;
      try {
        const name = this.#prepared && nameIn(this.#prepared, sql);
        const statement = { ...(name && { name }), text: sql, values: [...parameters], query_timeout };
        return (await master.query(statement)).rows as Row[];
      } catch (error) {
        if (this.#prepared !== undefined && NOT_PREPARED.has((error as { code?: unknown }).code)) {
          this.#prepared = undefined;
          continue;
        }
        if (tries < TRIES && GAVE_WAY.has((error as { code?: unknown }).code)) continue;
        throw silenced(error);
      }
    }
  };
}

/** The name of a prepared statement: the same text has the same on every connection, whoever else prepares some there. */
function nameIn(names: Map<string, string>, sql: string): string {
  let name = names.get(sql);
  if (name === undefined) names.set(sql, (name = `nest-session ${hash('sha256', sql, 'base64url')}`));
  return name;
}

/** A refused row is quoted in the details of the driver's error: session data, which no log may hold. */
function silenced(error: unknown): unknown {
  if (error instanceof Error)
    for (const property of ['detail', 'where']) Reflect.deleteProperty(error, property);
  return error;
}
