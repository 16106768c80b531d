import type { SessionChange, SessionRecord, SessionSummary } from '../../../core/record/session-record.js';
import type { StoreOutcome } from '../../../core/store/session-store.js';
import { checked, refusing, withNumbers } from '../session-row.js';
import { CHANGEABLE, COLUMNS } from '../session-table.js';
import { isolating } from '../shared-write.js';
import type { RunSql, SqlConnection } from '../sql-connection.js';
import type { ConnectionLimit, SqlDialect } from '../sql-dialect.js';
import type { SqlNames } from '../sql-names.js';
import type { FoundTable } from '../table-schema.js';
import { sqliteMessage } from './sqlite-text.js';
import { inspectSqlite, sqliteSchema } from './sqlite.schema.js';
import { type SqliteStatements, sqliteStatements } from './sqlite.statements.js';

type Found = Pick<SessionRecord, 'key'>;

/** Sessions in SQLite. A statement has the database to itself, so that none meets a change halfway. */
export class SqliteDialect implements SqlDialect {
  readonly schema = sqliteSchema;
  readonly names: SqlNames;
  readonly #run: RunSql;
  readonly #sql: SqliteStatements;

  constructor({ run }: SqlConnection, names: SqlNames) {
    this.names = names;
    this.#run = run;
    this.#sql = sqliteStatements(names);
  }

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const rows = await this.#run<SessionRecord>(this.#sql.read, [JSON.stringify(keys)]);
    const found = new Map(rows.map((row) => [row.key, checked(withNumbers(row))]));
    return keys.map((key) => found.get(key));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionRecord[]): Promise<boolean[]> => {
      const rows = some.map((record) => COLUMNS.map((column) => record[column]));
      const made = keysOf(await this.#run<Found>(this.#sql.create, [JSON.stringify(rows)]));
      return some.map(({ key }) => made.delete(key));
    };
    return refusing(
      records,
      (record) => record,
      (good) => isolating(good, write, isRefusal, lengthOf),
    );
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionChange[]): Promise<boolean[]> => {
      const rows = some.map(({ key, version, next }) => {
        const sent = next.version === version ? { ...next, data: null, meta: null } : next; // a touch
        return [key, version, ...CHANGEABLE.map((column) => sent[column])];
      });
      const written = keysOf(await this.#run<Found>(this.#sql.update, [JSON.stringify(rows)]));
      return some.map(({ key }) => written.has(key));
    };
    return refusing(
      changes,
      ({ next }) => next,
      (good) => isolating(good, write, isRefusal, ({ next }) => lengthOf(next)),
    );
  }

  async delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    const gone = keysOf(await this.#run<Found>(this.#sql.delete, [JSON.stringify(keys)]));
    return keys.map((key) => gone.has(key));
  }

  async deleteOwned(
    userId: string,
    keys: readonly string[],
    createdUntil = Number.MAX_SAFE_INTEGER,
  ): Promise<StoreOutcome[]> {
    const given = [JSON.stringify(keys), userId, createdUntil];
    const gone = keysOf(await this.#run<Found>(this.#sql.deleteOwned, given));
    return keys.map((key) => gone.has(key));
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    return (await this.#run<SessionSummary>(this.#sql.findByUser, [now, userId])).map(withNumbers);
  }

  async count(userId: string | undefined, now: number): Promise<number> {
    const [row] =
      userId === undefined
        ? await this.#run<{ count: number }>(this.#sql.count, [now])
        : await this.#run<{ count: number }>(this.#sql.countUser, [now, userId]);
    return Number(row?.count ?? 0);
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    return [...keysOf(await this.#run<Found>(this.#sql.deleteByUser, [JSON.stringify(except), userId]))];
  }

  async findByReference(reference: string): Promise<string[]> {
    return [...keysOf(await this.#run<Found>(this.#sql.keysOfReference, [reference]))];
  }

  async deleteByReference(reference: string, userId?: string): Promise<string[]> {
    return [...keysOf(await this.#run<Found>(this.#sql.deleteByReference, [reference, userId ?? null]))];
  }

  deleteAll(): Promise<number> {
    return changesOf(this.#run, this.#sql.deleteAll, []);
  }

  prune(now: number, limit: number): Promise<number> {
    return changesOf(this.#run, this.#sql.prune, [now, limit]);
  }

  inspect(): Promise<FoundTable | undefined> {
    return inspectSqlite(this.#run, this.names);
  }

  probe(): Promise<unknown> {
    return this.#run(this.#sql.probe, []);
  }

  /** SQLite has no users. */
  limitIn(error: unknown): ConnectionLimit | undefined {
    return sqliteMessage(error).includes('attempt to write a readonly database') ? 'read-only' : undefined;
  }

  grant(): Promise<string> {
    return Promise.resolve('');
  }
}

function keysOf(rows: readonly Found[]): Set<string> {
  return new Set(rows.map(({ key }) => key));
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
