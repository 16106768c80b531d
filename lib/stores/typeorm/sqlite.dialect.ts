import type { SessionChange, SessionRecord, SessionSummary } from '../../core/session-record.js';
import type { StoreOutcome } from '../../core/session-store.js';
import { checked, COLUMNS, refusing, SUMMARY, withNumbers } from './session-row.js';
import { isolating } from './shared-write.js';
import type { Column, RunSql, SqlDialect, SqlNames } from './sql-dialect.js';
import { sqliteMessage } from './sqlite.drivers.js';

/**
 * The statements for SQLite, put together once. Each takes its sessions as one JSON text, so that one statement,
 * however many sessions it is about, is one prepared statement and no limit of parameters matters.
 */
export class SqliteDialect implements SqlDialect {
  readonly #sql: Readonly<
    Record<
      'read' | 'readPrevious' | 'create' | 'update' | 'delete' | 'findByUser' | 'count' | 'countUser',
      string
    >
  > &
    Readonly<Record<'deleteByUser' | 'deleteAll' | 'prune' | 'probe', string>>;

  constructor({ table, column }: SqlNames) {
    const select = (columns: readonly Column[]): string =>
      columns.map((name) => `${column(name)} AS "${name}"`).join(', ');
    const fields = (names: readonly string[]): string =>
      names.map((name, index) => `json_extract(value, '$[${index}]') AS "${name}"`).join(', ');
    const [key, previousKey, version, userId, expiresAt] = (
      ['key', 'previousKey', 'version', 'userId', 'expiresAt'] as const
    ).map(column);
    const assignments = COLUMNS.map((name) => {
      // A touch, which has the version that is there, leaves what the application stored alone.
      const isKept = name === 'data' || name === 'meta';
      const touched = `CASE WHEN c."version" = s.${version} THEN s.${column(name)} ELSE c."${name}" END`;
      return `${column(name)} = ${isKept ? touched : `c."${name}"`}`;
    }).join(', ');
    const given = 'WITH given AS (SELECT value FROM json_each(?))';
    const names = `${key} AS "key", ${previousKey} AS "previousKey"`;
    const alive = `${expiresAt} > ?`;

    this.#sql = {
      read: `${given} SELECT ${select(COLUMNS)} FROM ${table} WHERE ${key} IN given`,
      readPrevious: `${given} SELECT ${select(COLUMNS)} FROM ${table} WHERE ${previousKey} IN given`,
      // Without a WHERE, SQLite would take ON CONFLICT for the condition of a join.
      create: `INSERT INTO ${table} (${COLUMNS.map(column).join(', ')}) SELECT ${fields(COLUMNS)} FROM json_each(?) WHERE true ON CONFLICT (${key}) DO NOTHING RETURNING ${key} AS "key"`,
      update: `UPDATE ${table} AS s SET ${assignments} FROM (SELECT ${fields([...COLUMNS, 'oldKey', 'oldVersion'])} FROM json_each(?)) AS c WHERE s.${key} = c."oldKey" AND s.${version} = c."oldVersion" RETURNING ${key} AS "key"`,
      delete: `${given} DELETE FROM ${table} WHERE ${key} IN given OR ${previousKey} IN given RETURNING ${names}`,
      findByUser: `SELECT ${select(SUMMARY)} FROM ${table} WHERE ${alive} AND ${userId} = ? ORDER BY ${column('createdAt')} DESC, ${key}`,
      count: `SELECT count(*) AS "count" FROM ${table} WHERE ${alive}`,
      countUser: `SELECT count(*) AS "count" FROM ${table} WHERE ${alive} AND ${userId} = ?`,
      deleteByUser: `${given} DELETE FROM ${table} WHERE ${userId} = ? AND ${key} NOT IN given AND (${previousKey} IS NULL OR ${previousKey} NOT IN given) RETURNING ${key} AS "key"`,
      deleteAll: `DELETE FROM ${table}`,
      prune: `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${expiresAt} <= ? ORDER BY ${expiresAt} LIMIT ?)`,
      probe: `SELECT ${select(COLUMNS)} FROM ${table} LIMIT 0`,
    };
  }

  async read(run: RunSql, keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const rows = await run<SessionRecord>(this.#sql.read, [JSON.stringify(keys)]);
    const found = new Map(rows.map((row) => [row.key, checked(withNumbers(row))]));
    const missing = keys.filter((key) => !found.has(key));
    if (missing.length > 0) {
      for (const row of await run<SessionRecord>(this.#sql.readPrevious, [JSON.stringify(missing)]))
        found.set(row.previousKey!, checked(withNumbers(row)));
    }
    return keys.map((key) => found.get(key));
  }

  create(run: RunSql, records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionRecord[]): Promise<boolean[]> => {
      const rows = JSON.stringify(some.map((record) => COLUMNS.map((column) => record[column])));
      const made = new Set((await run<{ key: string }>(this.#sql.create, [rows])).map(({ key }) => key));
      return some.map(({ key }) => made.delete(key));
    };
    return refusing(
      records,
      (record) => record,
      (good) => isolating(good, write, isRefusal, lengthOf),
    );
  }

  update(run: RunSql, changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionChange[]): Promise<boolean[]> => {
      const rows = some.map(({ key, version, next }) => {
        const sent = next.version === version ? { ...next, data: null, meta: null } : next; // a touch
        return [...COLUMNS.map((column) => sent[column]), key, version];
      });
      const answer = await run<{ key: string }>(this.#sql.update, [JSON.stringify(rows)]);
      const written = new Set(answer.map(({ key }) => key));
      return some.map(({ next }) => written.has(next.key));
    };
    return refusing(
      changes,
      ({ next }) => next,
      (good) => isolating(good, write, isRefusal, ({ next }) => lengthOf(next)),
    );
  }

  async delete(run: RunSql, keys: readonly string[]): Promise<StoreOutcome[]> {
    type Names = Pick<SessionRecord, 'key' | 'previousKey'>;
    const rows = await run<Names>(this.#sql.delete, [JSON.stringify(keys)]);
    const gone = new Set(rows.flatMap(({ key, previousKey }) => [key, previousKey]));
    return keys.map((key) => gone.has(key));
  }

  async findByUser(run: RunSql, userId: string, now: number): Promise<SessionSummary[]> {
    return (await run<SessionSummary>(this.#sql.findByUser, [now, userId])).map(withNumbers);
  }

  async count(run: RunSql, userId: string | undefined, now: number): Promise<number> {
    const [row] =
      userId === undefined
        ? await run<{ count: number }>(this.#sql.count, [now])
        : await run<{ count: number }>(this.#sql.countUser, [now, userId]);
    return Number(row?.count ?? 0);
  }

  async deleteByUser(run: RunSql, userId: string, except: readonly string[]): Promise<string[]> {
    const rows = await run<{ key: string }>(this.#sql.deleteByUser, [JSON.stringify(except), userId]);
    return rows.map(({ key }) => key);
  }

  deleteAll(run: RunSql): Promise<number> {
    return changesOf(run, this.#sql.deleteAll, []);
  }

  prune(run: RunSql, now: number, limit: number): Promise<number> {
    return changesOf(run, this.#sql.prune, [now, limit]);
  }

  probe(run: RunSql): Promise<unknown> {
    return run(this.#sql.probe, []);
  }

  isTableMissing(error: unknown): boolean {
    return /no such (table|column)/.test(sqliteMessage(error));
  }
}

/** Whether SQLite refused a statement for what is in it, and so did nothing. */
function isRefusal(error: unknown): boolean {
  return /constraint failed|too big|too large|datatype mismatch/.test(sqliteMessage(error));
}

function lengthOf({ data, meta }: SessionRecord): number {
  return data.length + (meta?.length ?? 0);
}

async function changesOf(run: RunSql, sql: string, parameters: readonly unknown[]): Promise<number> {
  const [answer] = await run<{ changes: number }>(sql, parameters);
  return Number(answer?.changes ?? 0);
}
