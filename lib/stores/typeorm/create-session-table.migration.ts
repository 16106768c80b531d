import { type ColumnType, type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { columnKind, indexCondition } from './session-columns.js';
import { type Column, COLUMNS, INDEXED, PRIMARY, SESSION_TABLE, TABLE } from '../sql/session-table.js';
import { SessionEntity } from './session.entity.js';

/** Creates the table of {@link SessionEntity}, for applications without `synchronize`. Add it to `migrations`. */
export class CreateSessionTable implements MigrationInterface {
  /** TypeORM orders migrations by the time stamp at the end of the name. */
  readonly name = 'CreateSessionTable1763712000000';

  /** Creates the table and its indexes if the table does not exist. */
  async up(queryRunner: QueryRunner): Promise<void> {
    const { table, column, index } = namesFor(queryRunner);
    const { driver } = queryRunner.connection;
    const columns = COLUMNS.map((property) => {
      const { type, length, nullable } = SESSION_TABLE[property];
      const kind = { type, ...columnKind(driver.options.type, type) };
      return {
        ...kind,
        name: column(property),
        type: driver.normalizeType({ type: kind.type as ColumnType }),
        ...(length && { length: String(length) }),
        isPrimary: property === PRIMARY,
        isNullable: nullable ?? false,
      };
    });
    const indices = INDEXED.map((property) => {
      const name = index(property);
      const where = indexCondition(driver.options.type, property, column(property));
      return new TableIndex({
        columnNames: [column(property)],
        ...(name && { name }),
        ...(where && { where }),
      });
    });
    await queryRunner.createTable(new Table({ name: table, columns, indices }), true);
  }

  /** Drops the table: every session ends. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(namesFor(queryRunner).table, true);
  }
}

/** The names of a table, its columns, and their indexes. TypeORM names an index itself where there is no name. */
interface Names {
  readonly table: string;
  readonly column: (property: Column) => string;
  readonly index: (property: Column) => string | undefined;
}

/** The names the entity has, which follow the connection's schema, prefix and naming strategy. */
function namesFor({ connection }: QueryRunner): Names {
  const entity = connection.hasMetadata(SessionEntity) ? connection.getMetadata(SessionEntity) : undefined;
  return {
    table: entity?.tablePath ?? TABLE,
    column: (property) =>
      entity?.findColumnWithPropertyName(property)?.databaseName ?? SESSION_TABLE[property].name,
    index: (property) => entity?.indices.find(({ columns }) => columns[0]?.propertyName === property)?.name,
  };
}
