import { randomUUID } from 'node:crypto';
import type { SessionChange, SessionRecord, SessionSummary } from '../../core/session-record.js';
import type { StoreOutcome } from '../../core/session-store.js';
import { withNumbers } from './session-row.js';
import { comingBack, isolating } from './shared-write.js';
import type { Column, RunSql, SqlDialect, SqlNames } from './sql-dialect.js';

const TYPES = {
  key: 'varchar',
  previousKey: 'varchar',
  version: 'int',
  userId: 'varchar',
  data: 'text',
  meta: 'text',
  createdAt: 'bigint',
  lastSeenAt: 'bigint',
  expiresAt: 'bigint',
  authenticatedAt: 'bigint',
  ip: 'varchar',
  userAgent: 'varchar',
} as const satisfies Record<Column, string>;

const PROPERTIES = Object.keys(TYPES) as Column[];

/**
 * Long texts go as one with marks between them: as elements of an array literal the driver would have to escape every
 * quotation mark of their JSON, and the database to take that back.
 */
function isText(property: Column): boolean {
  return TYPES[property] === 'text';
}

/** What stands between texts, and for one that is not there: JSON holds neither. */
const MARK = '\x1f';
const NONE = '\x1e';

function splitText(texts: number, mark: number): string {
  // Of one empty text string_to_array would make no text at all.
  return `CASE WHEN $${texts}::text = '' THEN ARRAY[''] ELSE string_to_array($${texts}, $${mark}::text, E'\\x1e') END`;
}
const SUMMARY = PROPERTIES.filter((property) => !['data', 'meta', 'previousKey'].includes(property));

type Names = Pick<SessionRecord, 'key' | 'previousKey' | 'version'>;

/**
 * The statements for PostgreSQL, put together once. Each takes whole columns as arrays, so that one statement, however
 * many sessions it is about, is one plan and one round trip. Those that write known sessions pass over locked rows
 * (`SKIP LOCKED`) and come back for them.
 */
export class PostgresDialect implements SqlDialect {
  readonly #sql: Readonly<
    Record<
      'readOne' | 'read' | 'readPrevious' | 'create' | 'update' | 'delete' | 'find' | 'findByUser',
      string
    >
  > &
    Readonly<Record<'count' | 'countUser' | 'deleteByUser' | 'deleteAll' | 'prune' | 'probe', string>>;

  constructor({ table, column }: SqlNames) {
    const select = (properties: readonly Column[]): string =>
      properties.map((property) => `${column(property)} AS "${property}"`).join(', ');
    const arrays = (first: number): string =>
      PROPERTIES.map((p, index) =>
        isText(p) ? splitText(first + index, first + PROPERTIES.length) : `$${first + index}::${TYPES[p]}[]`,
      ).join(', ');
    const [key, version, userId, expiresAt] = (['key', 'version', 'userId', 'expiresAt'] as const).map(
      column,
    );
    const previousKey = column('previousKey');
    const aliases = PROPERTIES.map((property) => `"${property}"`).join(', ');
    // A touch, which has the version that is there, leaves what the application stored alone.
    const valueOf = (property: Column): string =>
      isText(property)
        ? `CASE WHEN c."version" = s.${version} THEN s.${column(property)} ELSE c."${property}" END`
        : `c."${property}"`;
    const assignments = PROPERTIES.map((property) => `${column(property)} = ${valueOf(property)}`).join(', ');
    const incoming = `unnest($1::varchar[], $2::int[], ${arrays(3)}) AS c(old_key, old_version, ${aliases})`;
    const byEitherKey = `${key} = ANY($1::varchar[]) OR ${previousKey} = ANY($1::varchar[])`;

    this.#sql = {
      // Its plan is kept. For an array of one key PostgreSQL makes one anew each time: it expects arrays to be longer.
      readOne: `SELECT ${select(PROPERTIES)} FROM ${table} WHERE ${key} = $1::varchar`,
      read: `SELECT ${select(PROPERTIES)} FROM ${table} WHERE ${key} = ANY($1::varchar[])`,
      readPrevious: `SELECT ${select(PROPERTIES)} FROM ${table} WHERE ${previousKey} = ANY($1::varchar[])`,
      // In one order, so that two calls with the same keys wait for each other in one direction only.
      create: `INSERT INTO ${table} (${PROPERTIES.map(column).join(', ')}) SELECT * FROM unnest(${arrays(1)}) ORDER BY 1 ON CONFLICT (${key}) DO NOTHING RETURNING ${key} AS "key"`,
      // The version is checked on the row as it is when it is locked: READ COMMITTED looks at it anew.
      update: `UPDATE ${table} AS s SET ${assignments} FROM (SELECT c.* FROM ${incoming} JOIN ${table} AS l ON l.${key} = c.old_key AND l.${version} = c.old_version FOR NO KEY UPDATE OF l SKIP LOCKED) AS c WHERE s.${key} = c.old_key AND s.${version} = c.old_version RETURNING c.old_key AS "key"`,
      // ARRAY(…) runs the locking part exactly once, whatever the planner thinks; a join may run it once for every row.
      delete: `DELETE FROM ${table} WHERE ${key} = ANY(ARRAY(SELECT ${key} FROM ${table} WHERE ${byEitherKey} FOR UPDATE SKIP LOCKED)) RETURNING ${key} AS "key", ${previousKey} AS "previousKey"`,
      find: `SELECT ${select(['key', 'previousKey', 'version'])} FROM ${table} WHERE ${byEitherKey}`,
      findByUser: `SELECT ${select(SUMMARY)} FROM ${table} WHERE ${userId} = $1 AND ${expiresAt} > $2 ORDER BY ${column('createdAt')} DESC, ${key}`,
      count: `SELECT count(*) AS "count" FROM ${table} WHERE ${expiresAt} > $1`,
      countUser: `SELECT count(*) AS "count" FROM ${table} WHERE ${expiresAt} > $1 AND ${userId} = $2`,
      deleteByUser: `DELETE FROM ${table} WHERE ${userId} = $1 AND NOT (${key} = ANY($2::varchar[])) AND NOT COALESCE(${previousKey} = ANY($2::varchar[]), false) RETURNING ${key} AS "key"`,
      deleteAll: `WITH gone AS (DELETE FROM ${table} RETURNING 1) SELECT count(*) AS "count" FROM gone`,
      prune: `WITH gone AS (DELETE FROM ${table} WHERE ${key} = ANY(ARRAY(SELECT ${key} FROM ${table} WHERE ${expiresAt} <= $1 ORDER BY ${expiresAt} LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1) SELECT count(*) AS "count" FROM gone`,
      probe: `SELECT ${select(PROPERTIES)} FROM ${table} LIMIT 0`,
    };
  }

  async read(run: RunSql, keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const rows =
      keys.length === 1
        ? await run<SessionRecord>(this.#sql.readOne, keys)
        : await run<SessionRecord>(this.#sql.read, [arrayLiteral(keys)]);
    const found = new Map(rows.map((row) => [row.key, withNumbers(row)]));
    const missing = keys.filter((key) => !found.has(key));
    if (missing.length > 0) {
      for (const row of await run<SessionRecord>(this.#sql.readPrevious, [arrayLiteral(missing)]))
        found.set(row.previousKey!, withNumbers(row));
    }
    return keys.map((key) => found.get(key));
  }

  create(run: RunSql, records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionRecord[]): Promise<boolean[]> => {
      const rows = await run<{ key: string }>(this.#sql.create, columnsOf(some));
      const made = new Set(rows.map(({ key }) => key));
      return some.map(({ key }) => made.delete(key));
    };
    return isolating(records, write, isRefusal, lengthOf);
  }

  update(run: RunSql, changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionChange[]): Promise<boolean[]> => {
      const old = [some.map(({ key }) => key), some.map(({ version }) => version)].map(arrayLiteral);
      // A touch sends no data: COALESCE leaves the text that is there.
      const next = some.map((change) =>
        change.next.version === change.version ? { ...change.next, data: null } : change.next,
      );
      const rows = await run<{ key: string }>(this.#sql.update, [...old, ...columnsOf(next)]);
      const written = new Set(rows.map(({ key }) => key));
      return some.map(({ key }) => written.has(key));
    };
    const stillDue = async (some: readonly SessionChange[]): Promise<SessionChange[]> => {
      const rows = await this.#find(
        run,
        some.map(({ key }) => key),
      );
      const versions = new Map(rows.map(({ key, version }) => [key, version]));
      return some.filter(({ key, version }) => versions.get(key) === version);
    };
    return comingBack(
      changes,
      (some) => isolating(some, write, isRefusal, ({ next }) => lengthOf(next)),
      stillDue,
    );
  }

  delete(run: RunSql, keys: readonly string[]): Promise<StoreOutcome[]> {
    const namedIn = (rows: readonly Names[]): ((key: string) => boolean) => {
      const names = new Set(rows.flatMap(({ key, previousKey }) => [key, previousKey]));
      return (key) => names.has(key);
    };
    const write = async (some: readonly string[]): Promise<boolean[]> =>
      some.map(namedIn(await run<Names>(this.#sql.delete, [some])));
    const stillDue = async (some: readonly string[]): Promise<string[]> =>
      some.filter(namedIn(await this.#find(run, some)));
    return comingBack(keys, (some) => isolating(some, write, isRefusal, () => 0), stillDue);
  }

  async findByUser(run: RunSql, userId: string, now: number): Promise<SessionSummary[]> {
    return (await run<SessionSummary>(this.#sql.findByUser, [userId, now])).map(withNumbers);
  }

  count(run: RunSql, userId: string | undefined, now: number): Promise<number> {
    return userId === undefined
      ? countOf(run, this.#sql.count, [now])
      : countOf(run, this.#sql.countUser, [now, userId]);
  }

  async deleteByUser(run: RunSql, userId: string, except: readonly string[]): Promise<string[]> {
    return (await run<{ key: string }>(this.#sql.deleteByUser, [userId, except])).map(({ key }) => key);
  }

  deleteAll(run: RunSql): Promise<number> {
    return countOf(run, this.#sql.deleteAll, []);
  }

  prune(run: RunSql, now: number, limit: number): Promise<number> {
    return countOf(run, this.#sql.prune, [now, limit]);
  }

  probe(run: RunSql): Promise<unknown> {
    return run(this.#sql.probe, []);
  }

  isTableMissing(error: unknown): boolean {
    return ['42P01', '42703'].includes(sqlState(error) ?? '');
  }

  async #find(run: RunSql, keys: readonly string[]): Promise<Names[]> {
    const rows = await run<Names>(this.#sql.find, [keys]);
    return rows.map((row) => ({ ...row, version: Number(row.version) }));
  }
}

/** Whether the database refused a statement for what is in it or beside it, and so did nothing (classes of SQLSTATE). */
function isRefusal(error: unknown): boolean {
  return /^(22|23|40|54|55P03)/.test(sqlState(error) ?? '');
}

function lengthOf({ data, meta }: SessionRecord): number {
  return data.length + (meta?.length ?? 0);
}

/** The columns of records as parameters, with the mark that is between texts at the end. */
function columnsOf(
  records: readonly (Omit<SessionRecord, 'data'> & { readonly data: string | null })[],
): unknown[] {
  const isMarked = records.some(({ data, meta }) => [data, meta].some((text) => text?.includes(MARK)));
  const mark = isMarked ? MARK + randomUUID() : MARK;
  const columns = PROPERTIES.map((property) => {
    const values = records.map((record) => record[property]);
    return isText(property) ? values.map((text) => text ?? NONE).join(mark) : arrayLiteral(values);
  });
  return [...columns, mark];
}

/**
 * An array as PostgreSQL reads it. Nearly no text that a session is found by has anything to escape, which a look tells:
 * the driver would rewrite each one twice.
 */
function arrayLiteral(values: readonly (string | number | null)[]): string {
  const elements = values.map((value) => {
    if (typeof value !== 'string') return value === null ? 'NULL' : String(value);
    return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
  });
  return `{${elements.join(',')}}`;
}

async function countOf(run: RunSql, sql: string, parameters: readonly unknown[]): Promise<number> {
  const [row] = await run<{ count: string }>(sql, parameters);
  return Number(row?.count ?? 0);
}

function sqlState(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
