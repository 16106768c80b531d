import { hash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import type { RunSql } from './sql-dialect.js';

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

/** What `pg` answers; `format` is how the server has sent a column. */
interface PgResult {
  readonly rows: unknown[];
  readonly fields?: readonly { readonly format?: string }[];
}

/** The part of the `pg` pool that statements go through. */
interface PgPool {
  readonly options: { readonly query_timeout?: number };
  query(config: { name?: string; text: string; values: unknown[]; query_timeout: number }): Promise<PgResult>;
}

/**
 * Runs statements on the driver's pool, past TypeORM's query log, which must not see session data. The pool is looked
 * up each time: the application may close the `DataSource` and open it again.
 *
 * Each connection prepares a statement once. Behind a pooler that shares connections between clients and keeps no prepared
 * statements, those that fail for that are sent again unprepared, as are all from then on.
 */
export function runOnPostgres(dataSource: DataSource): RunSql {
  let prepared: Map<string, string> | undefined = new Map();
  return async <Row>(sql: string, parameters: readonly unknown[]) => {
    for (let tries = 1; ; tries++) {
      // With replication it is the pool of the writable server: a replica may lag behind what was just written.
      const { master } = dataSource.driver as unknown as { master?: PgPool };
      if (master === undefined) throw new Error(messages.dataSourceGone);
      const { query_timeout = QUERY_TIMEOUT } = master.options;
      const name = prepared && nameIn(prepared, sql);
      try {
        const statement = { ...(name && { name }), text: sql, values: [...parameters], query_timeout };
        const { rows, fields } = await master.query(statement);
        if (fields?.[0]?.format === 'binary') throw new SessionOptionsError(messages.pgBinary);
        return rows as Row[];
      } catch (error) {
        // Of several under way at the time each finds out for itself.
        if (name !== undefined && NOT_PREPARED.has((error as { code?: unknown }).code)) {
          prepared = undefined;
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
