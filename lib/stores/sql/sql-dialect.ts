import type { SessionChange, SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import type { StoreOutcome } from '../../core/store/session-store.js';
import type { Column } from './session-table.js';

/** The table and its columns, quoted for SQL. */
export interface SqlNames {
  readonly table: string;
  readonly column: (property: Column) => string;
}

/** The calls of the session store in one database's SQL, each about many sessions at once. */
export interface SqlDialect {
  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]>;
  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]>;
  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]>;
  delete(keys: readonly string[]): Promise<StoreOutcome[]>;
  /** The owner and `createdUntil` are compared where the row is deleted, not before. */
  deleteOwned(userId: string, keys: readonly string[], createdUntil?: number): Promise<StoreOutcome[]>;
  findByUser(userId: string, now: number): Promise<SessionSummary[]>;
  count(userId: string | undefined, now: number): Promise<number>;
  /** Waits for rows that others have locked, and rejects if it cannot have them. */
  deleteByUser(userId: string, except: readonly string[]): Promise<string[]>;
  deleteAll(): Promise<number>;
  prune(now: number, limit: number): Promise<number>;
  /** Reads nothing, but fails if the table is missing or cannot keep a session. */
  probe(): Promise<unknown>;
  /** Whether an error says that the table is missing. */
  isTableMissing(error: unknown): boolean;
}
