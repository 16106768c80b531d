import { Column, Entity, Index } from 'typeorm';
import { columnOptions, indexed } from './session-columns.js';
import { TABLE } from '../sql/session-table.js';

/*
 * The indexes have no names of their own: TypeORM's follow the table, and with `entityPrefix` several tables may share
 * a schema, in which index names are unique.
 */

/**
 * A stored session, as TypeORM knows it: add it to the `entities` of your `DataSource`.
 *
 * It does not contain the session id, only digests of it. Times are milliseconds since the epoch (UTC).
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

  /** Raised whenever the identity of the visitor, or its certainty, changes. */
  @Column(columnOptions('epoch'))
  epoch!: number;

  /** Another number after every change other than a touch. */
  @Column(columnOptions('version'))
  version!: number;

  /** Whose session it is. */
  @Column(columnOptions('userId'))
  userId!: string | null;

  /** base64url of SHA-256 of the reference that the login gave. */
  @Column(columnOptions('reference'))
  reference!: string | null;

  /** The application's data, as JSON (sealed, where encryption is on). */
  @Column(columnOptions('data'))
  data!: string;

  /** What the engine keeps beside the data, as JSON. */
  @Column(columnOptions('meta'))
  meta!: string | null;

  /** When the session began. */
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
