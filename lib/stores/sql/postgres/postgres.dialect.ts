import { randomUUID } from 'node:crypto';
import type { SessionChange, SessionRecord, SessionSummary } from '../../../core/record/session-record.js';
import type { StoreOutcome } from '../../../core/store/session-store.js';
import { isJoined, type PostgresStatements, postgresStatements } from './postgres.statements.js';
import { withNumbers } from '../session-row.js';
import { CHANGEABLE, type Column, COLUMNS } from '../session-table.js';
import { deletedOf, deletingLocked, isolating, retryingLocked } from '../shared-write.js';
import type { RunSql, SqlConnection } from '../sql-connection.js';
import type { ConnectionLimit, SqlDialect } from '../sql-dialect.js';
import type { SqlNames } from '../sql-names.js';
import type { FoundTable } from '../table-schema.js';
import { grantInPostgres, inspectPostgres, postgresSchema } from './postgres.schema.js';

/** What stands between joined texts, and for one that is null: JSON holds neither. */
const MARK = '\x1f';
const NONE = '\x1e';

type Found = Pick<SessionRecord, 'key' | 'version'>;

/** Sessions in PostgreSQL. Statements that change known sessions skip locked rows, and come back for them. */
export class PostgresDialect implements SqlDialect {
  readonly schema = postgresSchema;
  readonly names: SqlNames;
  readonly #run: RunSql;
  readonly #sql: PostgresStatements;

  constructor({ run }: SqlConnection, names: SqlNames) {
    this.names = names;
    this.#run = run;
    this.#sql = postgresStatements(names);
  }

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const rows =
      keys.length === 1
        ? await this.#run<SessionRecord>(this.#sql.readOne, keys)
        : await this.#run<SessionRecord>(this.#sql.read, [arrayLiteral(keys)]);
    const found = new Map(rows.map((row) => [row.key, withNumbers(row)]));
    return keys.map((key) => found.get(key));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionRecord[]): Promise<boolean[]> => {
      const made = keysOf(await this.#run<Found>(this.#sql.create, valuesOf(COLUMNS, some)));
      return some.map(({ key }) => made.delete(key));
    };
    return isolating(records, write, isRefusal, lengthOf);
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    const write = async (some: readonly SessionChange[]): Promise<boolean[]> => {
      const old = [some.map(({ key }) => key), some.map(({ version }) => version)].map(arrayLiteral);
      // A touch sends no data: the statement leaves the text that is there.
      const next = some.map((change) =>
        change.next.version === change.version ? { ...change.next, data: null, meta: null } : change.next,
      );
      const written = keysOf(
        await this.#run<Found>(this.#sql.update, [...old, ...valuesOf(CHANGEABLE, next)]),
      );
      return some.map(({ key }) => written.has(key));
    };
    const stillDue = async (some: readonly SessionChange[]): Promise<SessionChange[]> => {
      const rows = await this.#run<Found>(this.#sql.versions, [some.map(({ key }) => key)]);
      const versions = new Map(rows.map(({ key, version }) => [key, Number(version)]));
      return some.filter(({ key, version }) => versions.get(key) === version);
    };
    return retryingLocked(
      changes,
      (some) => isolating(some, write, isRefusal, ({ next }) => lengthOf(next)),
      stillDue,
    );
  }

  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return this.#delete(keys, this.#sql.delete, []);
  }

  deleteOwned(
    userId: string,
    keys: readonly string[],
    createdUntil = Number.MAX_SAFE_INTEGER,
  ): Promise<StoreOutcome[]> {
    return this.#delete(keys, this.#sql.deleteOwned, [userId, createdUntil]);
  }

  #delete(
    keys: readonly string[],
    statements: PostgresStatements['delete'],
    conditions: readonly unknown[],
  ): Promise<StoreOutcome[]> {
    const write = (sql: string, some: readonly string[]): Promise<StoreOutcome[]> =>
      isolating(
        some,
        async (given) => {
          const gone = keysOf(await this.#run<Found>(sql, [given, ...conditions]));
          return given.map((key) => gone.has(key));
        },
        isRefusal,
        () => 0,
      );
    return deletingLocked(
      keys,
      (some) => write(statements.skipping, some),
      (some) => write(statements.waiting, some),
    );
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    return (await this.#run<SessionSummary>(this.#sql.findByUser, [userId, now])).map(withNumbers);
  }

  count(userId: string | undefined, now: number): Promise<number> {
    return userId === undefined
      ? countOf(this.#run, this.#sql.count, [now])
      : countOf(this.#run, this.#sql.countUser, [now, userId]);
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    const keys = [...keysOf(await this.#run<Found>(this.#sql.keysOfUser, [userId, except]))];
    return deletedOf(keys, await this.deleteOwned(userId, keys));
  }

  async findByReference(reference: string): Promise<string[]> {
    return [...keysOf(await this.#run<Found>(this.#sql.keysOfReference, [reference]))];
  }

  async deleteByReference(reference: string, userId?: string): Promise<string[]> {
    const keys = await this.findByReference(reference);
    const conditions = [reference, userId ?? null];
    return deletedOf(keys, await this.#delete(keys, this.#sql.deleteReferenced, conditions));
  }

  deleteAll(): Promise<number> {
    return countOf(this.#run, this.#sql.deleteAll, []);
  }

  prune(now: number, limit: number): Promise<number> {
    return countOf(this.#run, this.#sql.prune, [now, limit]);
  }

  inspect(): Promise<FoundTable | undefined> {
    return inspectPostgres(this.#run, this.names);
  }

  probe(): Promise<unknown> {
    return this.#run(this.#sql.probe, []);
  }

  limitIn(error: unknown): ConnectionLimit | undefined {
    const state = sqlState(error);
    if (state === '25006') return 'read-only';
    return state === '42501' ? 'denied' : undefined;
  }

  grant(): Promise<string> {
    return grantInPostgres(this.#run, this.names);
  }
}

function keysOf(rows: readonly Found[]): Set<string> {
  return new Set(rows.map(({ key }) => key));
}

/** Whether the database refused a statement for what is in it or beside it, and so did nothing (classes of SQLSTATE). */
function isRefusal(error: unknown): boolean {
  return /^(22|23|40|54|55P03)/.test(sqlState(error) ?? '');
}

function lengthOf({ data, meta }: SessionRecord): number {
  return data.length + (meta?.length ?? 0);
}

/** The columns of records as parameters, with the mark that is between texts at the end. */
function valuesOf(
  columns: readonly Column[],
  records: readonly Readonly<Record<Column, string | number | null>>[],
): unknown[] {
  const texts = columns.filter(isJoined).flatMap((column) => records.map((record) => record[column]));
  const isMarked = texts.some((text) => typeof text === 'string' && text.includes(MARK));
  const mark = isMarked ? MARK + randomUUID() : MARK;
  const values = columns.map((column) => {
    const some = records.map((record) => record[column]);
    return isJoined(column) ? some.map((text) => text ?? NONE).join(mark) : arrayLiteral(some);
  });
  return [...values, mark];
}

/**
 * An array as PostgreSQL reads it. Hardly any text that a session is found by has anything to escape, which one look
 * shows: the driver would rewrite each of them twice.
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
