import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableIndex,
} from 'typeorm';
import { SessionEntity } from './session.entity.js';

const COLUMNS: TableColumnOptions[] = [
  { name: 'handle', type: 'varchar', length: '64', isPrimary: true },
  { name: 'previous_handle', type: 'varchar', length: '64', isNullable: true },
  { name: 'version', type: 'int' },
  { name: 'user_id', type: 'varchar', length: '255', isNullable: true },
  { name: 'data', type: 'text' },
  { name: 'meta', type: 'text', isNullable: true },
  { name: 'created_at', type: 'bigint' },
  { name: 'last_seen_at', type: 'bigint' },
  { name: 'expires_at', type: 'bigint' },
  { name: 'authenticated_at', type: 'bigint', isNullable: true },
  { name: 'ip', type: 'varchar', length: '64', isNullable: true },
  { name: 'user_agent', type: 'varchar', length: '512', isNullable: true },
];

const INDICES: Record<string, string> = {
  nest_session_previous_handle: 'previous_handle',
  nest_session_user_id: 'user_id',
  nest_session_expires_at: 'expires_at',
};

/** Makes the table of {@link SessionEntity}, for applications that do not `synchronize`: add it to `migrations`. */
export class CreateSessionTable implements MigrationInterface {
  /** TypeORM orders migrations by the time stamp at the end of the name. */
  readonly name = 'CreateSessionTable1763712000000';

  /** Makes table and indexes; leaves a table alone that exists. */
  async up(queryRunner: QueryRunner): Promise<void> {
    const indices = Object.entries(INDICES).map(
      ([name, column]) => new TableIndex({ name, columnNames: [column] }),
    );
    await queryRunner.createTable(
      new Table({ name: tableName(queryRunner), columns: COLUMNS, indices }),
      true,
    );
  }

  /** Drops the table: every session ends. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(tableName(queryRunner), true);
  }
}

/** Where the entity says it is, which follows the connection's schema and prefix. */
function tableName({ connection }: QueryRunner): string {
  return connection.hasMetadata(SessionEntity)
    ? connection.getMetadata(SessionEntity).tablePath
    : 'nest_session';
}
