import {
  type ColumnType,
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableIndex,
} from 'typeorm';
import { columnKind } from './session-columns.js';
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

const INDEXED = ['previous_handle', 'user_id', 'expires_at'];

/** Makes the table of {@link SessionEntity}, for applications that do not `synchronize`: add it to `migrations`. */
export class CreateSessionTable implements MigrationInterface {
  /** TypeORM orders migrations by the time stamp at the end of the name. */
  readonly name = 'CreateSessionTable1763712000000';

  /** Makes table and indexes; leaves a table alone that exists. */
  async up(queryRunner: QueryRunner): Promise<void> {
    const { table, column } = namesFor(queryRunner);
    const { driver } = queryRunner.connection;
    const columns = COLUMNS.map((options) => {
      const kind = { ...options, ...columnKind(driver.options.type, options.type) };
      const type = driver.normalizeType({ type: kind.type as ColumnType });
      return { ...kind, type, name: column(options.name) };
    });
    const indices = INDEXED.map((name) => new TableIndex({ columnNames: [column(name)] }));
    await queryRunner.createTable(new Table({ name: table, columns, indices }), true);
  }

  /** Drops the table: every session ends. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(namesFor(queryRunner).table, true);
  }
}

/** The names the entity has, which follow the connection's schema, prefix and naming strategy. */
function namesFor({ connection }: QueryRunner): { table: string; column: (name: string) => string } {
  const entity = connection.hasMetadata(SessionEntity) ? connection.getMetadata(SessionEntity) : undefined;
  return {
    table: entity?.tablePath ?? 'nest_session',
    column: (name) =>
      entity?.columns.find(({ givenDatabaseName }) => givenDatabaseName === name)?.databaseName ?? name,
  };
}
