import { hash } from 'node:crypto';
import { messages } from '../../../errors/messages.js';
import { SessionOptionsError } from '../../../errors/session-options.error.js';
import type { RunSql, SqlConnection } from '../sql-connection.js';

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
 * Milliseconds after which a statement is given up together with its connection, unless the pool sets a `query_timeout`
 * itself. Without one, connections that lead nowhere, as after a failover, would be kept for as long as the operating
 * system is patient: the pool would run out of others, and closing it would never end.
 */
const QUERY_TIMEOUT = 10_000;

/** What `pg` answers; `format` is how the server has sent a column. */
interface PgResult {
  readonly rows: unknown[];
  readonly fields?: readonly { readonly format?: string }[];
}

/** The part of a `pg` pool that statements go through. */
export interface PgPool {
  readonly options: { readonly query_timeout?: number | undefined };
  query(config: { name?: string; text: string; values: unknown[]; query_timeout: number }): Promise<PgResult>;
}

/**
 * Statements to PostgreSQL, each on a connection out of the application's pool.
 *
 * Each connection prepares a statement once. Behind a pooler that shares connections between clients and keeps no prepared
 * statements, those that fail for that are sent again unprepared, as are all from then on.
 */
export class PostgresConnection implements SqlConnection {
  readonly #pool: () => PgPool;
  #prepared: Map<string, string> | undefined = new Map();

  /** @param pool - Looks up the pool of the writable server. Called for every statement, as pools may be closed and opened. */
  constructor(pool: () => PgPool) {
    this.#pool = pool;
  }

  readonly run: RunSql = async <Row>(sql: string, parameters: readonly unknown[]) => {
    for (let tries = 1; ; tries++) {
      const pool = this.#pool();
      const { query_timeout = QUERY_TIMEOUT } = pool.options;
      const name = this.#prepared && nameIn(this.#prepared, sql);
      try {
        const statement = { ...(name && { name }), text: sql, values: [...parameters], query_timeout };
        const { rows, fields } = await pool.query(statement);
        if (fields?.[0]?.format === 'binary') throw new SessionOptionsError(messages.pgBinary);
        return rows as Row[];
      } catch (error) {
        // Of several under way at the time each finds out for itself.
        if (name !== undefined && NOT_PREPARED.has((error as { code?: unknown }).code)) {
          this.#prepared = undefined;
          continue;
        }
        if (tries < TRIES && GAVE_WAY.has((error as { code?: unknown }).code)) continue;
        throw error;
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
