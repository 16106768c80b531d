import { CHANGEABLE, type Column, COLUMNS, SESSION_TABLE, SUMMARY, TOUCHED } from '../session-table.js';
import type { SqlNames } from '../sql-names.js';

/**
 * Whether the texts of a column are sent as one text with marks between them. As elements of an array literal, the driver
 * would have to escape every quotation mark of their JSON, and the database to take that back.
 */
export function isJoined(column: Column): boolean {
  return SESSION_TABLE[column].type === 'text';
}

export type PostgresStatements = ReturnType<typeof postgresStatements>;

/**
 * The statements for PostgreSQL, put together once. Each takes whole columns as arrays, so that one statement is one
 * plan and one round trip, however many sessions it is about.
 */
export function postgresStatements({ table, column }: SqlNames) {
  const [key, version, userId, reference, expiresAt, createdAt] = (
    ['key', 'version', 'userId', 'reference', 'expiresAt', 'createdAt'] as const
  ).map(column);

  /** Columns under the names of their properties. */
  const select = (columns: readonly Column[]): string =>
    columns.map((property) => `${column(property)} AS "${property}"`).join(', ');

  /** The values of columns, which are parameters from `first` on. The parameter after them is the mark between texts. */
  const arrays = (columns: readonly Column[], first: number): string =>
    columns
      .map((property, index) =>
        isJoined(property)
          ? splitText(first + index, first + columns.length)
          : `$${first + index}::${SESSION_TABLE[property].type}[]`,
      )
      .join(',\n    ');

  /** A touch has the version that is there, and leaves alone what it does not move. */
  const changed = (property: Column): string =>
    TOUCHED.includes(property)
      ? `c."${property}"`
      : `CASE WHEN c."version" = s.${version} THEN s.${column(property)} ELSE c."${property}" END`;

  /**
   * Deletes the rows that a locking query finds. When a row was changed by somebody else in the meantime, PostgreSQL
   * waits for the lock (or skips the row, with SKIP LOCKED) and then checks the conditions of the query again on the row
   * as it is now (READ COMMITTED). After that the row cannot change any more until it is deleted. ARRAY(…) runs the query
   * exactly once, whatever the planner thinks; a join may run it once for every row.
   */
  const remove = (where: string, lock: string, returning = `${key} AS "key"`): string => `DELETE FROM ${table}
WHERE ${key} = ANY (ARRAY(
  SELECT ${key}
  FROM ${table}
  WHERE ${where}
  ${lock}
))
RETURNING ${returning}`;

  const given = `${key} = ANY ($1::varchar[])`;
  const owned = `${given} AND ${userId} = $2 AND ${createdAt} <= $3`;
  const referenced = `${given} AND ${reference} = $2 AND ($3::varchar IS NULL OR ${userId} = $3)`;
  const skipping = 'FOR UPDATE SKIP LOCKED';
  // In one order, so that two calls wait for each other in one direction only.
  const waiting = `ORDER BY ${key} FOR UPDATE`;

  return {
    // PostgreSQL keeps its plan. For an array of one key it would plan anew each time: it expects longer arrays.
    readOne: `SELECT ${select(COLUMNS)}
FROM ${table}
WHERE ${key} = $1::varchar`,

    read: `SELECT ${select(COLUMNS)}
FROM ${table}
WHERE ${given}`,

    // In one order, so that two calls with the same keys wait for each other in one direction only.
    create: `INSERT INTO ${table} (${COLUMNS.map(column).join(', ')})
SELECT *
FROM unnest(
    ${arrays(COLUMNS, 1)}
)
ORDER BY 1
ON CONFLICT (${key}) DO NOTHING
RETURNING ${key} AS "key"`,

    // The version is compared on the row as it is once it is locked.
    update: `UPDATE ${table} AS s
SET ${CHANGEABLE.map((property) => `${column(property)} = ${changed(property)}`).join(',\n  ')}
FROM (
  SELECT c.*
  FROM unnest(
    $1::varchar[], $2::bigint[],
    ${arrays(CHANGEABLE, 3)}
  ) AS c("key", "oldVersion", ${CHANGEABLE.map((property) => `"${property}"`).join(', ')})
  JOIN ${table} AS l ON l.${key} = c."key" AND l.${version} = c."oldVersion"
  FOR NO KEY UPDATE OF l SKIP LOCKED
) AS c
WHERE s.${key} = c."key" AND s.${version} = c."oldVersion"
RETURNING c."key"`,

    delete: { skipping: remove(given, skipping), waiting: remove(given, waiting) },

    deleteOwned: { skipping: remove(owned, skipping), waiting: remove(owned, waiting) },

    deleteReferenced: { skipping: remove(referenced, skipping), waiting: remove(referenced, waiting) },

    deleteAll: `WITH gone AS (
DELETE FROM ${table}
RETURNING 1
)
SELECT count(*) AS "count" FROM gone`,

    prune: `WITH gone AS (
${remove(`${expiresAt} <= $1`, `ORDER BY ${expiresAt} LIMIT $2 ${skipping}`, '1')}
)
SELECT count(*) AS "count" FROM gone`,

    versions: `SELECT ${select(['key', 'version'])}
FROM ${table}
WHERE ${given}`,

    keysOfUser: `SELECT ${select(['key'])}
FROM ${table}
WHERE ${userId} = $1 AND ${key} <> ALL ($2::varchar[])`,

    keysOfReference: `SELECT ${select(['key'])}
FROM ${table}
WHERE ${reference} = $1`,

    findByUser: `SELECT ${select(SUMMARY)}
FROM ${table}
WHERE ${userId} = $1 AND ${expiresAt} > $2
ORDER BY ${createdAt} DESC, ${key}`,

    count: `SELECT count(*) AS "count"
FROM ${table}
WHERE ${expiresAt} > $1`,

    countUser: `SELECT count(*) AS "count"
FROM ${table}
WHERE ${expiresAt} > $1 AND ${userId} = $2`,

    // What may be done with which column is checked although there is no row.
    probe: `WITH created AS (
  INSERT INTO ${table} (${COLUMNS.map(column).join(', ')})
  SELECT ${COLUMNS.map(column).join(', ')}
  FROM ${table}
  WHERE false
), updated AS (
  UPDATE ${table}
  SET ${CHANGEABLE.map((property) => `${column(property)} = ${column(property)}`).join(', ')}
  WHERE false
), deleted AS (
  DELETE FROM ${table}
  WHERE false
)
SELECT 1`,
  };
}

/** The texts of a joined column. Of one empty text, string_to_array would make no text at all. */
function splitText(texts: number, mark: number): string {
  return `CASE WHEN $${texts}::text = '' THEN ARRAY[''] ELSE string_to_array($${texts}, $${mark}::text, E'\\x1e') END`;
}
