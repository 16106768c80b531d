import type { SessionChange, SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import type {
  PrunableSessionStore,
  ReferenceSessionStore,
  SessionStore,
  StoreOutcome,
  UserSessionStore,
} from '../../core/store/session-store.js';
import { refuseUnknownOptions } from '../../core/store/store-options.js';
import { show } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import type { SqlDialect } from './sql-dialect.js';
import { faultsOf } from './table-schema.js';

/** Options of every store in a database. */
export interface DatabaseSessionStoreOptions {
  /**
   * Milliseconds between two removals of expired rows (each jittered by half), or `false` for none.
   *
   * @defaultValue 600 000 (ten minutes)
   */
  readonly pruneInterval?: number | false;
}

/** The calls of a store that keeps sessions in a table. Subclasses open the connection. */
export abstract class DatabaseSessionStore
  implements SessionStore, UserSessionStore, ReferenceSessionStore, PrunableSessionStore
{
  readonly capabilities = ['users', 'references', 'prune'] as const;
  readonly pruneInterval: number | false | undefined;

  protected constructor(options: DatabaseSessionStoreOptions, known: readonly string[]) {
    const { name } = new.target;
    refuseUnknownOptions(name, options, known);
    const { pruneInterval } = options;
    if (
      pruneInterval !== undefined &&
      pruneInterval !== false &&
      !(Number.isFinite(pruneInterval) && pruneInterval > 0)
    ) {
      throw new SessionOptionsError(messages.pruneInterval(name, show(pruneInterval)));
    }
    this.pruneInterval = pruneInterval;
  }

  /** The statements, and the way to the database. Asked for with every call. @throws Error if the way is closed */
  protected abstract readonly dialect: SqlDialect;

  /** What to do where the table is missing. */
  protected abstract howToCreate(dialect: SqlDialect): string;

  /**
   * Checks the server, the table with its columns and indexes, and that it can be read and written to.
   *
   * @throws SessionOptionsError that says what is missing or wrong, with the statement that corrects it.
   */
  async start(): Promise<void> {
    const { dialect } = this;
    try {
      await this.#check(dialect);
    } catch (cause) {
      const store = this.constructor.name;
      switch (dialect.limitIn(cause)) {
        case 'read-only':
          throw new SessionOptionsError(messages.databaseReadOnly(store), { cause });
        case 'denied': {
          const table = dialect.names.path.join('.');
          throw new SessionOptionsError(messages.tableDenied(store, table, await dialect.grant()), { cause });
        }
        case undefined:
          throw cause;
      }
    }
  }

  async #check(dialect: SqlDialect): Promise<void> {
    const { names, schema } = dialect;
    const found = await dialect.inspect();
    if (found === undefined)
      throw new SessionOptionsError(messages.tableMissing(names.path.join('.'), this.howToCreate(dialect)));
    const wrong = faultsOf(found, names, schema);
    if (wrong !== undefined)
      throw new SessionOptionsError(
        messages.tableFaults(names.path.join('.'), wrong.faults.join('; '), wrong.remedy),
      );
    await dialect.probe();
  }

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return this.dialect.read(keys);
  }

  async create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return this.dialect.create(records);
  }

  async update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return this.dialect.update(changes);
  }

  async delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return this.dialect.delete(keys);
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    return this.dialect.findByUser(userId, now);
  }

  async count(userId: string | undefined, now: number): Promise<number> {
    return this.dialect.count(userId, now);
  }

  async deleteOwned(userId: string, keys: readonly string[], createdUntil?: number): Promise<StoreOutcome[]> {
    return this.dialect.deleteOwned(userId, keys, createdUntil);
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    return this.dialect.deleteByUser(userId, except);
  }

  async findByReference(reference: string): Promise<string[]> {
    return this.dialect.findByReference(reference);
  }

  async deleteByReference(reference: string, userId?: string): Promise<string[]> {
    return this.dialect.deleteByReference(reference, userId);
  }

  async deleteAll(): Promise<number> {
    return this.dialect.deleteAll();
  }

  async prune(now: number, limit: number): Promise<number> {
    return this.dialect.prune(now, limit);
  }
}
