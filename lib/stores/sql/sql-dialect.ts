import type { SessionChange, SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import type { StoreOutcome } from '../../core/store/session-store.js';
import type { SqlNames } from './sql-names.js';
import type { FoundTable, TableSchema } from './table-schema.js';

/** The calls of the session store in one database's SQL, each about many sessions at once. */
export interface SqlDialect {
  readonly names: SqlNames;
  readonly schema: TableSchema;
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
  findByReference(reference: string): Promise<string[]>;
  /** As `deleteByUser`. Reference and owner are compared where the row is deleted. */
  deleteByReference(reference: string, userId?: string): Promise<string[]>;
  deleteAll(): Promise<number>;
  prune(now: number, limit: number): Promise<number>;
  /**
   * Checks the server and the connection, and describes the table; `undefined` if there is none.
   *
   * @throws SessionOptionsError if sessions cannot be kept on this server, or over this connection.
   */
  inspect(): Promise<FoundTable | undefined>;
  /** Reads and writes in every way that sessions need, without changing anything. Rejects if one of them is not possible. */
  probe(): Promise<unknown>;
  /** What an error of `inspect()` or `probe()` says about the connection; `undefined` if it says something else. */
  limitIn(error: unknown): ConnectionLimit | undefined;
  /** The statements that give the user of the connection the privileges that sessions need. */
  grant(): Promise<string>;
}

/** Why a connection cannot keep sessions: the database only reads, or its user lacks a privilege. */
export type ConnectionLimit = 'read-only' | 'denied';
