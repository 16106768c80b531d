import { randomBytes } from 'node:crypto';
import type { SessionChange, SessionRecord } from '../../../../lib/core/session-record.js';
import type {
  ExpressSessionStore,
  StoreAnswer,
} from '../../../../lib/stores/express/express-session-store.js';

export type Method = 'get' | 'set' | 'destroy';

/** A store for express-session in the hands of the test: what it was asked, and what happens before it answers. */
export class FakeStore implements ExpressSessionStore {
  readonly rows = new Map<string, unknown>();
  readonly calls: string[] = [];
  /** Runs before a call does its work: a promise holds it, an error fails it. */
  before: (method: Method, id: string) => unknown = () => undefined;
  /** Runs when a call has done its work and before it answers. */
  after: (method: Method, id: string) => unknown = () => undefined;

  get(id: string, done: StoreAnswer): void {
    this.#call('get', id, done, () => this.rows.get(id));
  }

  set(id: string, session: unknown, done: StoreAnswer): void {
    const row: unknown = JSON.parse(JSON.stringify(session));
    this.#call('set', id, done, () => void this.rows.set(id, row));
  }

  destroy(id: string, done: StoreAnswer): void {
    this.#call('destroy', id, done, () => void this.rows.delete(id));
  }

  #call(method: Method, id: string, done: StoreAnswer, work: () => unknown): void {
    this.calls.push(`${method} ${id}`);
    const run = async (): Promise<unknown> => {
      await this.before(method, id);
      const value = work();
      await this.after(method, id);
      return value;
    };
    run().then(
      (value) => done(null, value),
      (error: unknown) => done(error),
    );
  }
}

/** A key as the module makes them of ids: 43 characters of base64url. */
export const newKey = (): string => randomBytes(32).toString('base64url');

export function newRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
  return {
    key: newKey(),
    version: 1,
    data: '{"n":1}',
    meta: null,
    userId: null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + 3_600_000,
    authenticatedAt: null,
    ip: null,
    userAgent: null,
    previousKey: null,
    ...fields,
  };
}

/** A change of a record: the next version, with these fields. */
export function changeOf(record: SessionRecord, fields: Partial<SessionRecord> = {}): SessionChange {
  const next = { ...record, version: record.version + 1, ...fields };
  return { key: record.key, version: record.version, next };
}
