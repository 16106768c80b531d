import { CHANGEABLE, type Column, COLUMNS, SUMMARY, TOUCHED } from '../session-table.js';
import type { SqlNames } from '../sql-names.js';

export type SqliteStatements = ReturnType<typeof sqliteStatements>;

/**
 * The statements for SQLite, put together once. Each takes its sessions as one JSON text, so that one statement is one
 * prepared statement, however many sessions it is about, and no limit of parameters matters.
 */
export function sqliteStatements({ table, column }: SqlNames) {
  const [key, version, userId, reference, expiresAt, createdAt] = (
    ['key', 'version', 'userId', 'reference', 'expiresAt', 'createdAt'] as const
  ).map(column);

  /** Columns under the names of their properties. */
  const select = (columns: readonly Column[]): string =>
    columns.map((name) => `${column(name)} AS "${name}"`).join(', ');

  /** The elements of a JSON array under these names. */
  const elements = (names: readonly string[]): string =>
    names.map((name, index) => `json_extract(value, '$[${index}]') AS "${name}"`).join(',\n    ');

  /** A touch has the version that is there, and leaves alone what it does not move. */
  const changed = (name: Column): string =>
    TOUCHED.includes(name)
      ? `c."${name}"`
      : `CASE WHEN c."version" = s.${version} THEN s.${column(name)} ELSE c."${name}" END`;

  const given = 'WITH given AS (SELECT value FROM json_each(?))';

  return {
    read: `${given}
SELECT ${select(COLUMNS)}
FROM ${table}
WHERE ${key} IN given`,

    // Without a WHERE, SQLite would take ON CONFLICT for the condition of a join.
    create: `INSERT INTO ${table} (${COLUMNS.map(column).join(', ')})
SELECT ${elements(COLUMNS)}
FROM json_each(?)
WHERE true
ON CONFLICT (${key}) DO NOTHING
RETURNING ${key} AS "key"`,

    update: `UPDATE ${table} AS s
SET ${CHANGEABLE.map((name) => `${column(name)} = ${changed(name)}`).join(',\n  ')}
FROM (
  SELECT ${elements(['key', 'oldVersion', ...CHANGEABLE])}
  FROM json_each(?)
) AS c
WHERE s.${key} = c."key" AND s.${version} = c."oldVersion"
RETURNING ${key} AS "key"`,

    delete: `${given}
DELETE FROM ${table}
WHERE ${key} IN given
RETURNING ${key} AS "key"`,

    deleteOwned: `${given}
DELETE FROM ${table}
WHERE ${key} IN given AND ${userId} = ? AND ${createdAt} <= ?
RETURNING ${key} AS "key"`,

    deleteByUser: `${given}
DELETE FROM ${table}
WHERE ${key} NOT IN given AND ${userId} = ?
RETURNING ${key} AS "key"`,

    // Without a user, any owner matches.
    deleteByReference: `DELETE FROM ${table}
WHERE ${reference} = ? AND ${userId} IS coalesce(?, ${userId})
RETURNING ${key} AS "key"`,

    deleteAll: `DELETE FROM ${table}`,

    prune: `DELETE FROM ${table}
WHERE ${key} IN (
  SELECT ${key}
  FROM ${table}
  WHERE ${expiresAt} <= ?
  ORDER BY ${expiresAt}
  LIMIT ?
)`,

    keysOfReference: `SELECT ${select(['key'])}
FROM ${table}
WHERE ${reference} = ?`,

    findByUser: `SELECT ${select(SUMMARY)}
FROM ${table}
WHERE ${expiresAt} > ? AND ${userId} = ?
ORDER BY ${createdAt} DESC, ${key}`,

    count: `SELECT count(*) AS "count"
FROM ${table}
WHERE ${expiresAt} > ?`,

    countUser: `SELECT count(*) AS "count"
FROM ${table}
WHERE ${expiresAt} > ? AND ${userId} = ?`,

    // No key is empty.
    probe: `DELETE FROM ${table}
WHERE ${key} = ''`,
  };
}
