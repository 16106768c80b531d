import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { indexed } from './session-columns.js';

/** Databases hand out 64-bit integers as text. Milliseconds fit into a number, and are right in every time zone. */
const milliseconds = {
  to: (value: number | null) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/*
 * The indexes have no names of their own: TypeORM's follow the table, and with `entityPrefix` several tables may share
 * a schema, in which index names are unique.
 */

/**
 * A stored session, as TypeORM knows it: add it to the `entities` of your `DataSource`.
 *
 * The session id is not in it: `key` is its SHA-256. Times are milliseconds since the epoch.
 */
@Entity('nest_session')
@Index(indexed('previousKey'))
@Index(indexed('userId'))
@Index(indexed('expiresAt'))
export class SessionEntity {
  /** base64url of SHA-256 of the session id. */
  @PrimaryColumn({ name: 'handle', type: 'varchar', length: 64 })
  key!: string;

  /** The key before the id was renewed. */
  @Column({ name: 'previous_handle', type: 'varchar', length: 64, nullable: true })
  previousKey!: string | null;

  /** Raised with every change. */
  @Column({ name: 'version', type: 'int' })
  version!: number;

  /** Whose session it is. */
  @Column({ name: 'user_id', type: 'varchar', length: 255, nullable: true })
  userId!: string | null;

  /** The application's data, as JSON. */
  @Column({ name: 'data', type: 'text' })
  data!: string;

  /** What the engine keeps beside it, as JSON. */
  @Column({ name: 'meta', type: 'text', nullable: true })
  meta!: string | null;

  /** When the session began. */
  @Column({ name: 'created_at', type: 'bigint', transformer: milliseconds })
  createdAt!: number;

  /** When the session was last seen. */
  @Column({ name: 'last_seen_at', type: 'bigint', transformer: milliseconds })
  lastSeenAt!: number;

  /** When the session ends. */
  @Column({ name: 'expires_at', type: 'bigint', transformer: milliseconds })
  expiresAt!: number;

  /** When the user signed in. */
  @Column({ name: 'authenticated_at', type: 'bigint', nullable: true, transformer: milliseconds })
  authenticatedAt!: number | null;

  /** Address of the client. */
  @Column({ name: 'ip', type: 'varchar', length: 64, nullable: true })
  ip!: string | null;

  /** User agent of the client. */
  @Column({ name: 'user_agent', type: 'varchar', length: 512, nullable: true })
  userAgent!: string | null;
}
