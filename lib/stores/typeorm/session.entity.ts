import { Column, Entity, Index } from 'typeorm';
import { columnOptions, indexed } from './session-columns.js';
import { TABLE } from '../sql/session-table.js';

/*
 * The indexes have no names of their own: TypeORM's follow the table, and with `entityPrefix` several tables may share
 * a schema, in which index names are unique.
 */

/**
 * A stored session. Add it to the `entities` of your `DataSource`.
 *
 * It contains only digests of the session id, not the id itself. Times are milliseconds since the epoch (UTC).
 */
@Entity(TABLE)
@Index(indexed('userId'))
@Index(indexed('reference'))
@Index(indexed('expiresAt'))
export class SessionEntity {
  /** The public name of the session (column `handle`). It never changes. */
  @Column(columnOptions('key'))
  key!: string;

  /** base64url of SHA-256 of the current session id. */
  @Column(columnOptions('token'))
  token!: string;

  /** The token before a scheduled renewal of the id. */
  @Column(columnOptions('previousToken'))
  previousToken!: string | null;

  /** When the grace period of the previous token ends. */
  @Column(columnOptions('previousUntil'))
  previousUntil!: number | null;

  /** Incremented when the user or the level of the session changes. */
  @Column(columnOptions('epoch'))
  epoch!: number;

  /** Changes with every write other than a touch. */
  @Column(columnOptions('version'))
  version!: number;

  /** The user of the session. */
  @Column(columnOptions('userId'))
  userId!: string | null;

  /** base64url of SHA-256 of the reference that the login gave. */
  @Column(columnOptions('reference'))
  reference!: string | null;

  /** The application's data, as JSON (encrypted if `encryption` is on). */
  @Column(columnOptions('data'))
  data!: string;

  /** The package's own data, such as flash values, as JSON. */
  @Column(columnOptions('meta'))
  meta!: string | null;

  /** When the session started, or when the user last signed in. */
  @Column(columnOptions('createdAt'))
  createdAt!: number;

  /** When the session was last seen. */
  @Column(columnOptions('lastSeenAt'))
  lastSeenAt!: number;

  /** When the session ends. */
  @Column(columnOptions('expiresAt'))
  expiresAt!: number;

  /** When the user signed in. */
  @Column(columnOptions('authenticatedAt'))
  authenticatedAt!: number | null;

  /** Address of the client. */
  @Column(columnOptions('ip'))
  ip!: string | null;

  /** User agent of the client. */
  @Column(columnOptions('userAgent'))
  userAgent!: string | null;
}
