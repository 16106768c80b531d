import type { SessionChange, SessionRecord, SessionSummary } from '../../../core/record/session-record.js';
import type { StoreOutcome } from '../../../core/store/session-store.js';
import { messages } from '../../../errors/messages.js';
import { StoreFault } from '../../../errors/store-fault.js';
import { READ_ONLY } from './mysql.connection.js';
import { checkMysql, grantInMysql, inspectMysql, probeMysql } from './mysql.check.js';
import { mysqlSchema } from './mysql.schema.js';
import { type Lock, MysqlRows, type Row, SKIPPING, WAITING } from './mysql.rows.js';
import { MysqlStatement } from './mysql.statement.js';
import { refusing, withNumbers } from '../session-row.js';
import { CHANGEABLE, COLUMNS, TOUCHED } from '../session-table.js';
import { deletedOf, deletingLocked, isolating, retryingLocked } from '../shared-write.js';
import type { RunSql, RunTransaction, TransactionalConnection } from '../sql-connection.js';
import type { ConnectionLimit, SqlDialect } from '../sql-dialect.js';
import type { SqlNames } from '../sql-names.js';
import type { FoundTable } from '../table-schema.js';

/** Bytes of a statement beside the texts: names, numbers, short texts, for each session. */
const OVERHEAD = 8 * 1024;

/** What `max_allowed_packet` is where the server was not asked: the least that is usual (MariaDB). */
const USUAL_PACKET = 16 * 1024 * 1024;

/** Refusals that MySQL gives no SQLSTATE of its own: cut off, not valid in its character set, a constraint. */
const REFUSALS: ReadonlySet<unknown> = new Set([1265, 1300, 1366, 3819]);

const DUPLICATE = 1062;

/** The user may not do that with a database, a table or a column. */
const DENIED: ReadonlySet<unknown> = new Set([1044, 1142, 1143]);

/**
 * Sessions in MySQL and MariaDB, in SQL that both understand. Neither has an UPDATE that says which rows it wrote. So a
 * change of known sessions locks them first, in a transaction that skips the rows that others hold (`SKIP LOCKED`), and
 * comes back for these.
 */
export class MysqlDialect implements SqlDialect {
  readonly schema = mysqlSchema;
  readonly names: SqlNames;
  readonly #run: RunSql;
  readonly #transaction: RunTransaction;
  readonly #rows: MysqlRows;
  #packet = USUAL_PACKET;

  constructor({ run, transaction }: TransactionalConnection, names: SqlNames) {
    this.names = names;
    this.#run = run;
    this.#transaction = transaction;
    this.#rows = new MysqlRows(names);
  }

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const rows = await this.#rows.of<SessionRecord>(this.#run, 'record', keys);
    const found = new Map(rows.map((row) => [row.key, withNumbers(row)]));
    return keys.map((key) => found.get(key));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    const columns = COLUMNS.map(this.names.column).join(', ');
    const write = async (some: readonly SessionRecord[]): Promise<StoreOutcome[]> => {
      // In one order, so that two calls with the same keys wait for each other in one direction only.
      const ordered = [...some].sort((a, b) => (a.key < b.key ? -1 : 1));
      const into = new MysqlStatement();
      const rows = ordered.map((record) => `(${into.all(COLUMNS.map((column) => record[column]))})`);
      try {
        await into.run(
          this.#run,
          `INSERT INTO ${this.names.table} (${columns})
VALUES ${rows.join(',\n  ')}`,
        );
      } catch (error) {
        const [only, ...others] = some;
        if (errnoOf(error) !== DUPLICATE || others.length > 0) throw error;
        const taken = await this.#rows.of(this.#run, 'row', [only!.key]);
        return [taken.some(({ key }) => key === only!.key) ? false : (error as Error)];
      }
      return some.map(() => true);
    };
    return refusing(
      records,
      (record) => record,
      (good) => this.#isolating(good, write, (record) => record),
    );
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    const write = (some: readonly SessionChange[]): Promise<StoreOutcome[]> =>
      this.#transaction(async (inside) => {
        const keys = some.map(({ key }) => key);
        const locked = versionsOf(await this.#rows.of<Row>(inside, 'row', keys, SKIPPING));
        const held = some.filter(({ key, version }) => locked.get(key) === version);
        const full = held.filter((change) => !isTouch(change));
        await this.#rows.write(inside, held.filter(isTouch), TOUCHED);
        await this.#rows.write(inside, full, CHANGEABLE);
        return some.map((change) => held.includes(change));
      });
    const stillDue = async (some: readonly SessionChange[]): Promise<SessionChange[]> => {
      const keys = some.map(({ key }) => key);
      const versions = versionsOf(await this.#rows.of<Row>(this.#run, 'row', keys));
      return some.filter(({ key, version }) => versions.get(key) === version);
    };
    return refusing(
      changes,
      ({ next }) => next,
      (good) => retryingLocked(good, (some) => this.#isolating(some, write, ({ next }) => next), stillDue),
    );
  }

  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return this.#delete(keys, () => true);
  }

  deleteOwned(userId: string, keys: readonly string[], createdUntil = Infinity): Promise<StoreOutcome[]> {
    return this.#delete(keys, (row) => row.userId === userId && Number(row.createdAt) <= createdUntil);
  }

  #delete(keys: readonly string[], isDue: (row: Row) => boolean): Promise<StoreOutcome[]> {
    const write = (lock: Lock, some: readonly string[]): Promise<StoreOutcome[]> =>
      isolating(
        some,
        async (given) => {
          const gone = await this.#transaction((inside) => this.#remove(inside, given, lock, isDue));
          return given.map((key) => gone.includes(key));
        },
        isRefusal,
        () => 0,
      );
    return deletingLocked(
      keys,
      (some) => write(SKIPPING, some),
      (some) => write(WAITING, some),
    );
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    const { column } = this.names;
    const find = new MysqlStatement();
    const where = `${column('userId')} = ${find.put(userId)} AND ${column('expiresAt')} > ${find.put(now)}`;
    const rows = await find.run<SessionSummary>(
      this.#run,
      `${this.#rows.select.summary}
WHERE ${where}
ORDER BY ${column('createdAt')} DESC, ${column('key')}`,
    );
    return rows.filter((row) => row.userId === userId).map(withNumbers); // exactly, see #keysOf
  }

  async count(userId: string | undefined, now: number): Promise<number> {
    const count = new MysqlStatement();
    const alive = `${this.names.column('expiresAt')} > ${count.put(now)}`;
    const where = userId === undefined ? alive : `${alive} AND ${this.#rows.is(count, 'userId', userId)}`;
    const sql = `SELECT count(*) AS \`count\`
FROM ${this.names.table}
WHERE ${where}`;
    const [row] = await count.run<{ count: string | number }>(this.#run, sql);
    return Number(row?.count ?? 0);
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    const kept = new Set(except);
    const keys = (await this.#keysOf('userId', userId)).filter((key) => !kept.has(key));
    return deletedOf(keys, await this.deleteOwned(userId, keys));
  }

  findByReference(reference: string): Promise<string[]> {
    return this.#keysOf('reference', reference);
  }

  async deleteByReference(reference: string, userId?: string): Promise<string[]> {
    const keys = await this.findByReference(reference);
    const isDue = (row: Row): boolean =>
      row.reference === reference && (userId === undefined || row.userId === userId);
    return deletedOf(keys, await this.#delete(keys, isDue));
  }

  async deleteAll(): Promise<number> {
    const [answer] = await this.#run<{ affectedRows: number }>(`DELETE FROM ${this.names.table}`, []);
    return answer!.affectedRows;
  }

  async prune(now: number, limit: number): Promise<number> {
    const expiresAt = this.names.column('expiresAt');
    const find = new MysqlStatement();
    const rows = await find.run<Row>(
      this.#run,
      `${this.#rows.select.row}
WHERE ${expiresAt} <= ${find.put(now)}
ORDER BY ${expiresAt}
LIMIT ${find.put(limit)}`,
    );
    if (rows.length === 0) return 0;
    const keys = rows.map(({ key }) => key);
    const isDue = (row: Row): boolean => Number(row.expiresAt) <= now;
    return (await this.#transaction((inside) => this.#remove(inside, keys, SKIPPING, isDue))).length;
  }

  /** Learns as well how long a statement may be. */
  async inspect(): Promise<FoundTable | undefined> {
    const { packet, engine } = await checkMysql(this.#run, this.names);
    this.#packet = packet;
    return inspectMysql(this.#run, this.names, engine);
  }

  probe(): Promise<unknown> {
    return probeMysql(this.#run, this.names);
  }

  limitIn(error: unknown): ConnectionLimit | undefined {
    const errno = errnoOf(error);
    if (READ_ONLY.has(errno)) return 'read-only';
    return DENIED.has(errno) ? 'denied' : undefined;
  }

  grant(): Promise<string> {
    return grantInMysql(this.#run, this.names);
  }

  /** Locks the rows with these keys, deletes those that are due once they are locked, and returns their keys. */
  async #remove(
    inside: RunSql,
    keys: readonly string[],
    lock: Lock,
    isDue: (row: Row) => boolean,
  ): Promise<string[]> {
    const wanted = new Set(keys);
    const locked = await this.#rows.of<Row>(inside, 'row', keys, lock);
    const due = locked.filter((row) => wanted.has(row.key) && isDue(row)).map(({ key }) => key);
    await this.#rows.remove(inside, due);
    return due;
  }

  async #keysOf(column: 'userId' | 'reference', value: string): Promise<string[]> {
    const find = new MysqlStatement();
    // MySQL ignores blanks at the end, so the exact value is compared here. A condition on the length would be checked in the index,
    // which already shows changes that are not committed. It would miss a session that another transaction is moving to such a value.
    const sql = `${this.#rows.select.row}
WHERE ${this.names.column(column)} = ${find.put(value)}`;
    // In a transaction, which reads what is committed, whatever the isolation of the connection.
    const rows = await this.#transaction((inside) => find.run<Row>(inside, sql));
    return rows.filter((row) => row[column] === value).map(({ key }) => key);
  }

  #isolating<Item>(
    items: readonly Item[],
    write: (items: readonly Item[]) => Promise<StoreOutcome[]>,
    recordOf: (item: Item) => SessionRecord,
  ): Promise<StoreOutcome[]> {
    const writeWhatFits = async (some: readonly Item[]): Promise<StoreOutcome[]> => {
      const bytes = bytesOf(recordOf(some[0]!));
      if (some.length === 1 && bytes > this.#packet)
        return [new StoreFault(messages.packetTooLarge(bytes, this.#packet))];
      return write(some);
    };
    return isolating(
      items,
      writeWhatFits,
      isRefusal,
      (item) => bytesOf(recordOf(item)),
      Math.min(this.#packet, USUAL_PACKET),
    );
  }
}

function isTouch({ version, next }: SessionChange): boolean {
  return next.version === version;
}

function versionsOf(rows: readonly Row[]): Map<string, number> {
  return new Map(rows.map(({ key, version }) => [key, Number(version)]));
}

/** What a session takes of a statement, in which texts are hexadecimal. */
function bytesOf({ data, meta }: SessionRecord): number {
  return 2 * (Buffer.byteLength(data) + Buffer.byteLength(meta ?? '')) + OVERHEAD;
}

/** Whether the server refused a statement for what is in it, and so did nothing (classes of SQLSTATE, and a trigger's own). */
function isRefusal(error: unknown): boolean {
  const { sqlState } = error as { sqlState?: unknown };
  return (typeof sqlState === 'string' && /^(22|23|45)/.test(sqlState)) || REFUSALS.has(errnoOf(error));
}

function errnoOf(error: unknown): number | undefined {
  const { errno } = error as { errno?: unknown };
  return typeof errno === 'number' ? errno : undefined;
}
