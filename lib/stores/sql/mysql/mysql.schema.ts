import { INDEXED } from '../session-table.js';
import { indexName } from '../sql-names.js';
import { columnLines, type TableSchema } from '../table-schema.js';

/** Every text, told from every other. */
export const EXACT = { charset: 'utf8mb4', collation: 'utf8mb4_bin' } as const;

/** How MySQL and MariaDB write the session table. MySQL's TEXT ends at 64 KB. */
export const mysqlSchema: TableSchema = {
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,

  typeOf({ type, length }) {
    if (type === 'int' || type === 'bigint') return type;
    const text = length === undefined ? 'longtext' : `${type}(${length})`;
    return `${text} CHARACTER SET ${EXACT.charset} COLLATE ${EXACT.collation}`;
  },

  fits({ type, length = 0 }, { type: given }) {
    switch (type) {
      case 'varchar':
        return Number(/^varchar\((\d+)\)/i.exec(given)?.[1] ?? 0) >= length;
      case 'text':
        return /^(medium|long)text/i.test(given);
      case 'int':
        return /^(big)?int/i.test(given);
      case 'bigint':
        return /^bigint/i.test(given);
    }
  },

  create(names) {
    const indexes = INDEXED.map(
      (column) => `INDEX ${mysqlSchema.quote(indexName(names, column))} (${names.column(column)})`,
    );
    return `CREATE TABLE IF NOT EXISTS ${names.table} (
  ${[...columnLines(names, mysqlSchema), ...indexes].join(',\n  ')}
) ENGINE = InnoDB;`;
  },

  // Without a default, rows that are there get an empty text or 0: such a session ends.
  addColumn: (table, column, definition) =>
    `ALTER TABLE ${table} ADD COLUMN ${column} ${mysqlSchema.typeOf(definition)} ${definition.nullable ? 'NULL' : 'NOT NULL'};`,

  changeColumn: (table, column, definition) =>
    `ALTER TABLE ${table} MODIFY ${column} ${mysqlSchema.typeOf(definition)} ${definition.nullable ? 'NULL' : 'NOT NULL'};`,

  allowNull: (table, { name, type }) =>
    `ALTER TABLE ${table} MODIFY ${mysqlSchema.quote(name)} ${type} NULL;`,

  addPrimaryKey: ({ table, column }) => `ALTER TABLE ${table} ADD PRIMARY KEY (${column('key')});`,

  addIndex: (names, column) =>
    `CREATE INDEX ${mysqlSchema.quote(indexName(names, column))} ON ${names.table} (${names.column(column)});`,
};
