import type { SessionRecord } from '../../core/record/session-record.js';

/** A field of a record that has a column in the session table. */
export type Column = Exclude<keyof SessionRecord, 'id' | 'cookie' | 'due' | 'source'>;

/** How a column of the session table is made. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: 'varchar' | 'text' | 'int' | 'bigint';
  /** The most characters that a `varchar` holds. */
  readonly length?: number;
  readonly nullable?: true;
  readonly indexed?: true;
  /** Whether its index leaves out the rows without a value, if the database can do that: most have none. */
  readonly sparse?: true;
}

/** The name of the session table, without prefix and schema. */
export const TABLE = 'nest_session';

/** The primary key of the session table. */
export const PRIMARY = 'key' satisfies Column;

/**
 * The columns of the session table, in their order. This is their only definition: the entity, the migration, the
 * statements and the checks are made from it.
 */
export const SESSION_TABLE: Readonly<Record<Column, ColumnDefinition>> = {
  key: { name: 'handle', type: 'varchar', length: 64 },
  token: { name: 'token', type: 'varchar', length: 64 },
  previousToken: { name: 'previous_token', type: 'varchar', length: 64, nullable: true },
  previousUntil: { name: 'previous_until', type: 'bigint', nullable: true },
  epoch: { name: 'epoch', type: 'int' },
  version: { name: 'version', type: 'bigint' },
  userId: { name: 'user_id', type: 'varchar', length: 255, nullable: true, indexed: true },
  reference: { name: 'reference', type: 'varchar', length: 64, nullable: true, indexed: true, sparse: true },
  data: { name: 'data', type: 'text' },
  meta: { name: 'meta', type: 'text', nullable: true },
  createdAt: { name: 'created_at', type: 'bigint' },
  lastSeenAt: { name: 'last_seen_at', type: 'bigint' },
  expiresAt: { name: 'expires_at', type: 'bigint', indexed: true },
  authenticatedAt: { name: 'authenticated_at', type: 'bigint', nullable: true },
  ip: { name: 'ip', type: 'varchar', length: 64, nullable: true },
  userAgent: { name: 'user_agent', type: 'varchar', length: 512, nullable: true },
};

/** All columns, in the order in which statements name them. */
export const COLUMNS = Object.keys(SESSION_TABLE) as readonly Column[];

/** The columns that a change of a session may write: a session keeps its key. */
export const CHANGEABLE = COLUMNS.filter((column) => column !== PRIMARY);

/** The columns that a touch writes. */
export const TOUCHED: readonly Column[] = ['lastSeenAt', 'expiresAt', 'ip', 'userAgent'];

/** The columns that a list of sessions shows. */
export const SUMMARY = COLUMNS.filter(
  (column) => !['token', 'previousToken', 'previousUntil', 'reference', 'data', 'meta'].includes(column),
);

/** The columns with an index. */
export const INDEXED = COLUMNS.filter((column) => SESSION_TABLE[column].indexed);
