import { messages } from '../../../errors/messages.js';
import { SessionOptionsError } from '../../../errors/session-options.error.js';
import { INDEXED } from '../session-table.js';
import type { RunSql } from '../sql-connection.js';
import { indexName, type SqlNames } from '../sql-names.js';
import {
  columnLines,
  forRowsThatAreThere,
  type FoundColumn,
  type FoundIndexColumn,
  type FoundTable,
  presenceOf,
  type TableSchema,
} from '../table-schema.js';

/** The first version with collations that are not exact, which the check of the table asks for. */
const OLDEST = 12;

/** How PostgreSQL writes the session table. */
export const postgresSchema: TableSchema = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,

  typeOf: ({ type, length }) => (length === undefined ? type : `${type}(${length})`),

  fits({ type, length = Infinity }, { type: given }) {
    if (type === 'int') return given === 'integer' || given === 'bigint';
    if (type === 'bigint') return given === 'bigint';
    if (given === 'text' || given === 'character varying') return true;
    return Number(/^character varying\((\d+)\)$/.exec(given)?.[1] ?? 0) >= length;
  },

  create: (names) => `CREATE TABLE IF NOT EXISTS ${names.table} (
  ${columnLines(names, postgresSchema).join(',\n  ')}
);
${INDEXED.map((column) => postgresSchema.addIndex(names, column)).join('\n')}`,

  addColumn: (table, column, definition) =>
    `ALTER TABLE ${table} ADD COLUMN ${column} ${postgresSchema.typeOf(definition)}${forRowsThatAreThere(definition)};`,

  changeColumn(table, column, definition) {
    const type = postgresSchema.typeOf(definition);
    const nullable = definition.nullable ? `, ALTER COLUMN ${column} DROP NOT NULL` : '';
    // By way of text, as not every type can be cast to a number; and a default would have to be cast as well.
    return `ALTER TABLE ${table} ALTER COLUMN ${column} DROP DEFAULT, ALTER COLUMN ${column} TYPE ${type} USING ${column}::text::${type}${nullable};`;
  },

  allowNull: (table, { name }) =>
    `ALTER TABLE ${table} ALTER COLUMN ${postgresSchema.quote(name)} DROP NOT NULL;`,

  addPrimaryKey: ({ table, column }) => `ALTER TABLE ${table} ADD PRIMARY KEY (${column('key')});`,

  addIndex(names, column) {
    const where = presenceOf(names, column);
    const of = `${names.table} (${names.column(column)})${where === undefined ? '' : ` WHERE ${where}`}`;
    return `CREATE INDEX IF NOT EXISTS ${postgresSchema.quote(indexName(names, column))} ON ${of};`;
  },
};

/**
 * Checks the server and describes the table; `undefined` if there is none.
 *
 * @throws SessionOptionsError for CockroachDB, which speaks PostgreSQL's protocol and locks in another way, and for a server
 * that is too old.
 */
export async function inspectPostgres(run: RunSql, { table }: SqlNames): Promise<FoundTable | undefined> {
  const [server] = await run<{ version: string; release: string }>(
    `SELECT version() AS "version", current_setting('server_version') AS "release"`,
    [],
  );
  const { version, release } = server!;
  if (version.includes('CockroachDB'))
    throw new SessionOptionsError(messages.serverUntried('CockroachDB', 'PostgreSQL'));
  if (parseInt(release, 10) < OLDEST) throw new SessionOptionsError(messages.postgresTooOld(release));
  const columns = await run<FoundColumn>(
    `SELECT a.attname AS "name",
  format_type(a.atttypid, a.atttypmod) AS "type",
  NOT a.attnotnull AS "isNullable",
  NOT a.attnotnull OR a.atthasdef OR a.attidentity <> '' AS "isOptional",
  NOT coalesce(c.collisdeterministic, true) AS "isInexact"
FROM pg_attribute AS a
LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [table],
  );
  if (columns.length === 0) return undefined;
  const indexes = await run<FoundIndexColumn>(
    `SELECT i.indexrelid::text AS "index",
  i.indisunique AND i.indimmediate AS "isUnique",
  a.attname AS "column",
  pg_get_expr(i.indpred, i.indrelid) AS "condition"
FROM pg_index AS i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = to_regclass($1) AND i.indisvalid AND k.place <= i.indnkeyatts
ORDER BY i.indexrelid, k.place`,
    [table],
  );
  return { columns, indexes };
}

/** The statements that give the user of the connection the privileges that sessions need. */
export async function grantInPostgres(run: RunSql, { path, table }: SqlNames): Promise<string> {
  const [row] = await run<{ user: string }>('SELECT current_user::text AS "user"', []);
  const user = postgresSchema.quote(row!.user);
  const grants = [`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${user};`];
  if (path.length > 1) grants.unshift(`GRANT USAGE ON SCHEMA ${postgresSchema.quote(path[0]!)} TO ${user};`);
  return grants.join('\n');
}
