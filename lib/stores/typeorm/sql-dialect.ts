import type { SessionChange, SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import type { StoreOutcome } from '../../core/store/session-store.js';
import type { Column } from './session-table.js';

/** Runs one statement and returns its rows. */
export type RunSql = <Row>(sql: string, parameters: readonly unknown[]) => Promise<readonly Row[]>;

/** The entity's table and columns, quoted for SQL. */
export interface SqlNames {
  readonly table: string;
  readonly column: (property: Column) => string;
}

/** The statements of the session store in one database's language, each for many sessions at once. */
export interface SqlDialect {
  read(run: RunSql, keys: readonly string[]): Promise<(SessionRecord | undefined)[]>;
  create(run: RunSql, records: readonly SessionRecord[]): Promise<StoreOutcome[]>;
  update(run: RunSql, changes: readonly SessionChange[]): Promise<StoreOutcome[]>;
  delete(run: RunSql, keys: readonly string[]): Promise<StoreOutcome[]>;
  /** The owner and `createdUntil` are compared where the row is deleted, not before. */
  deleteOwned(
    run: RunSql,
    keys: readonly string[],
    userId: string,
    createdUntil?: number,
  ): Promise<StoreOutcome[]>;
  findByUser(run: RunSql, userId: string, now: number): Promise<SessionSummary[]>;
  count(run: RunSql, userId: string | undefined, now: number): Promise<number>;
  /** Waits for rows that others have locked, and rejects if it cannot have them. */
  deleteByUser(run: RunSql, userId: string, except: readonly string[]): Promise<string[]>;
  deleteAll(run: RunSql): Promise<number>;
  prune(run: RunSql, now: number, limit: number): Promise<number>;
  /** Reads nothing, but fails if the table is missing or cannot keep a session. */
  probe(run: RunSql): Promise<unknown>;
  /** Whether an error says that the table is missing. */
  isTableMissing(error: unknown): boolean;
}
