import { messages } from '../../../errors/messages.js';
import { SessionOptionsError } from '../../../errors/session-options.error.js';
import { INDEXED } from '../session-table.js';
import type { RunSql } from '../sql-connection.js';
import { indexName, type SqlNames } from '../sql-names.js';
import { columnLines, type FoundTable, type TableSchema } from '../table-schema.js';

/** The first versions that know `SKIP LOCKED`. */
const OLDEST = { MariaDB: [10, 6], MySQL: [8, 0] } as const;

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

interface Server {
  readonly version: string;
  readonly results: string | null;
  readonly packet: string | number;
}

/**
 * Checks the server and the connection: nothing may be changed on its way.
 *
 * @returns How many bytes a statement may have.
 * @throws SessionOptionsError that says what is wrong, and how to correct it.
 */
export async function checkMysql(run: RunSql): Promise<number> {
  const [server] = await run<Server>(
    'SELECT VERSION() AS version, @@character_set_results AS results, @@max_allowed_packet AS packet',
    [],
  );
  const { version, results, packet } = server!;
  if (isTooOld(version)) throw new SessionOptionsError(messages.mysqlTooOld(version));
  if (results !== null && results !== 'utf8mb4')
    throw new SessionOptionsError(messages.mysqlCharset(results));
  return Number(packet);
}

function isTooOld(version: string): boolean {
  const [major, minor] = version.split('.').map((part) => parseInt(part, 10)) as [number, number];
  const oldest = OLDEST[version.includes('MariaDB') ? 'MariaDB' : 'MySQL'];
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

interface ColumnRow {
  readonly Field: string;
  readonly Type: string;
  readonly Collation: string | null;
  readonly Null: string;
  readonly Default: unknown;
  readonly Extra: string;
}

interface IndexRow {
  readonly Key_name: string;
  readonly Column_name: string | null;
}

/** The table is missing, or its database. */
const MISSING: ReadonlySet<unknown> = new Set([1146, 1049]);

/** Describes the table; `undefined` if there is none. */
export async function inspectMysql(run: RunSql, { table }: SqlNames): Promise<FoundTable | undefined> {
  try {
    const columns = await run<ColumnRow>(`SHOW FULL COLUMNS FROM ${table}`, []);
    const indexes = await run<IndexRow>(`SHOW INDEX FROM ${table}`, []);
    return {
      columns: columns.map(({ Field, Type, Collation, Null, Default, Extra }) => ({
        name: Field,
        type: Type,
        isNullable: Null === 'YES',
        isOptional: Null === 'YES' || Default !== null || /auto_increment|generated/i.test(Extra),
        isInexact: Collation !== null && Collation !== EXACT.collation,
      })),
      // In the order of their columns. Statements name the primary key, so none other will do.
      indexes: indexes.map(({ Key_name, Column_name }) => ({
        index: Key_name,
        isUnique: Key_name === 'PRIMARY',
        column: Column_name,
        condition: null,
      })),
    };
  } catch (error) {
    if (MISSING.has((error as { errno?: unknown }).errno)) return undefined;
    throw error;
  }
}
