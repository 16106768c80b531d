import type {
  SessionChange,
  SessionRecord,
  SessionSummary,
} from '../../../../lib/core/record/session-record.js';
import type {
  SessionStore,
  StoreOutcome,
  UserSessionStore,
} from '../../../../lib/core/store/session-store.js';

export type StoreCall = 'read' | 'create' | 'update' | 'delete' | 'deleteOwned' | 'findByUser';

/** A store that keeps its contract, tells what it was asked, and does what a test wants before and after each call. */
export class FakeStore implements SessionStore, Pick<UserSessionStore, 'findByUser' | 'deleteOwned'> {
  readonly rows = new Map<string, SessionRecord>();
  readonly calls: { readonly call: StoreCall; readonly keys: readonly string[] }[] = [];
  /** Runs before a call has done anything: a promise holds it, an error fails it. */
  before: (call: StoreCall, keys: readonly string[]) => unknown = () => undefined;
  /** Runs when a call has done its work and before it answers. */
  after: (call: StoreCall, keys: readonly string[]) => unknown = () => undefined;
  /** Whether the answer to a write is lost on its way: what was applied is answered with `false`. */
  losesAnswer: (call: 'create' | 'update' | 'delete') => boolean = () => false;

  /** How often it was asked this. */
  asked(...calls: StoreCall[]): number {
    return this.calls.filter(({ call }) => calls.includes(call)).length;
  }

  /** The one row there is. */
  get row(): SessionRecord {
    if (this.rows.size !== 1) throw new Error(`There are ${this.rows.size} rows.`);
    return [...this.rows.values()][0]!;
  }

  /** Overwrites fields of the one row, as somebody else would. */
  vandalize(fields: Partial<SessionRecord>): void {
    this.rows.set(this.row.key, { ...this.row, ...fields });
  }

  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return this.#call('read', keys, () => keys.map((key) => this.rows.get(key)));
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return this.#call(
      'create',
      records.map(({ key }) => key),
      () =>
        records.map((record) => {
          if (this.rows.has(record.key)) return false;
          this.rows.set(record.key, copyOf(record));
          return !this.losesAnswer('create');
        }),
    );
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return this.#call(
      'update',
      changes.map(({ key }) => key),
      () =>
        changes.map(({ key, version, next }) => {
          const old = this.rows.get(key);
          if (old?.version !== version) return false;
          const { lastSeenAt, expiresAt, ip, userAgent } = next;
          const isTouch = next.version === version;
          this.rows.set(key, isTouch ? { ...old, lastSeenAt, expiresAt, ip, userAgent } : copyOf(next));
          return !this.losesAnswer('update');
        }),
    );
  }

  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return this.#call('delete', keys, () =>
      keys.map((key) => this.rows.delete(key) && !this.losesAnswer('delete')),
    );
  }

  deleteOwned(userId: string, keys: readonly string[], createdUntil = Infinity): Promise<StoreOutcome[]> {
    return this.#call('deleteOwned', keys, () =>
      keys.map((key) => {
        const row = this.rows.get(key);
        return row?.userId === userId && row.createdAt <= createdUntil && this.rows.delete(key);
      }),
    );
  }

  findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    return this.#call('findByUser', [userId], () =>
      [...this.rows.values()]
        .filter((row) => row.userId === userId && row.expiresAt > now)
        .sort((a, b) => b.createdAt - a.createdAt),
    );
  }

  async #call<T>(call: StoreCall, keys: readonly string[], work: () => T): Promise<T> {
    this.calls.push({ call, keys });
    await this.before(call, keys);
    const answer = work();
    await this.after(call, keys);
    return answer;
  }
}

/** Nothing that a caller does to its record later may reach the row. */
function copyOf(record: SessionRecord): SessionRecord {
  return Object.freeze({ ...record });
}
