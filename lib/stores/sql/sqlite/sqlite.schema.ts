import { type Column, INDEXED } from '../session-table.js';
import type { RunSql } from '../sql-connection.js';
import { indexName, type SqlNames } from '../sql-names.js';
import {
  columnLines,
  forRowsThatAreThere,
  type FoundTable,
  presenceOf,
  type TableSchema,
} from '../table-schema.js';

/** How SQLite writes the session table. SQLite cannot change a column that is there. */
export const sqliteSchema: TableSchema = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,

  typeOf({ type, length }) {
    if (type === 'int') return 'integer';
    return length === undefined ? type : `${type}(${length})`;
  },

  /** What a column does to a value follows from words in its type (https://www.sqlite.org/datatype3.html, 3.1). */
  fits({ type }, { type: given }) {
    const isNumber = /INT/i.test(given);
    return type === 'int' || type === 'bigint' ? isNumber : !isNumber && /CHAR|CLOB|TEXT/i.test(given);
  },

  create: (names) => `CREATE TABLE IF NOT EXISTS ${names.table} (
  ${columnLines(names, sqliteSchema).join(',\n  ')}
);
${INDEXED.map((column) => sqliteSchema.addIndex(names, column)).join('\n')}`,

  addColumn: (table, column, definition) =>
    `ALTER TABLE ${table} ADD COLUMN ${column} ${sqliteSchema.typeOf(definition)}${forRowsThatAreThere(definition)};`,

  changeColumn: () => undefined,

  allowNull: () => undefined,

  addPrimaryKey: (names) => indexOn(names, 'key', 'CREATE UNIQUE INDEX'),

  addIndex: (names, column) => indexOn(names, column, 'CREATE INDEX'),
};

/** An index is in the schema of its table, which stands before its name and not before the table's. */
function indexOn(names: SqlNames, column: Column, create: string): string {
  const name = [...names.path.slice(0, -1), indexName(names, column)].map(sqliteSchema.quote).join('.');
  const table = sqliteSchema.quote(names.path.at(-1)!);
  const where = presenceOf(names, column);
  return `${create} IF NOT EXISTS ${name} ON ${table} (${names.column(column)})${where === undefined ? '' : ` WHERE ${where}`};`;
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number | bigint;
  readonly dflt_value: string | null;
}

interface IndexRow {
  readonly index: string;
  readonly isUnique: number | bigint;
  readonly column: string | null;
  readonly isPartial: number | bigint;
  readonly sql: string | null;
}

/** Describes the table; `undefined` if there is none. */
export async function inspectSqlite(
  run: RunSql,
  { path, table: quoted }: SqlNames,
): Promise<FoundTable | undefined> {
  const schema = path.slice(0, -1);
  const of = ['?', ...schema.map(() => '?')].join(', ');
  const table = [path.at(-1), ...schema];
  const columns = await run<ColumnRow>(
    `SELECT name, type, "notnull", dflt_value
FROM pragma_table_info(${of})`,
    table,
  );
  if (columns.length === 0) return undefined;
  const indexes = await run<IndexRow>(
    `SELECT l.name AS "index", l."unique" AS "isUnique", c.name AS "column", l.partial AS "isPartial", m.sql
FROM pragma_index_list(${of}) AS l
JOIN pragma_index_info(${['l.name', ...schema.map(() => '?')].join(', ')}) AS c
LEFT JOIN ${[...schema.map(sqliteSchema.quote), 'sqlite_master'].join('.')} AS m ON m.type = 'index' AND m.name = l.name
ORDER BY l.name, c.seqno`,
    [...table, ...schema],
  );
  const inexact = await inexactIn(
    run,
    quoted,
    columns.map(({ name }) => name),
  );
  return {
    columns: columns.map(({ name, type, notnull, dflt_value }) => ({
      name,
      isInexact: inexact.has(name),
      type: type || 'none',
      isNullable: Number(notnull) === 0,
      isOptional: Number(notnull) === 0 || dflt_value !== null,
    })),
    indexes: indexes.map(({ index, column, isUnique, isPartial, sql }) => ({
      index,
      column,
      isUnique: Number(isUnique) === 1,
      condition: Number(isPartial) === 1 ? conditionOf(sql) : null,
    })),
  };
}

/** The condition of a partial index, which SQLite keeps only as the text of the statement. */
function conditionOf(sql: string | null): string {
  return /\)\s*WHERE\s+(.*?);?\s*$/is.exec(sql ?? '')?.[1] ?? '';
}

/**
 * The columns whose collation takes one text for another (NOCASE, RTRIM). SQLite tells no column's collation, but a UNION
 * compares with that of its first column, so it has fewer than three rows of these three texts.
 */
async function inexactIn(run: RunSql, table: string, columns: readonly string[]): Promise<Set<string>> {
  const counts = columns.map((name, index) => {
    const texts = `SELECT ${sqliteSchema.quote(name)} FROM ${table} WHERE false UNION SELECT 'a' UNION SELECT 'A' UNION SELECT 'a '`;
    return `(SELECT count(*) FROM (${texts})) AS c${index}`;
  });
  const [row] = await run<Record<string, number | bigint>>(`SELECT ${counts.join(',\n  ')}`, []);
  return new Set(columns.filter((_, index) => Number(row![`c${index}`]) < 3));
}
