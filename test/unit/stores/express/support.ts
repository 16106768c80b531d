import { digestOf } from '../../../../lib/core/record/session-id.js';
import {
  type SessionChange,
  type SessionRecord,
  versionAfter,
} from '../../../../lib/core/record/session-record.js';
import type {
  ExpressSessionStore,
  StoreAnswer,
} from '../../../../lib/stores/express/express-session-store.js';
import { newKey, newRecord, newToken } from '../../../../lib/testing/contract/records.js';

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

/** A record as it is written to a store that keeps ids. */
export type RecordWithId = SessionRecord & { readonly id: string };

/** An id as the module makes them. */
export const newId = (key = newKey()): string => `${key}~${newToken()}`;

/** A new session under an id of its own. */
export function newSession(fields: Partial<SessionRecord> = {}): RecordWithId {
  const key = newKey();
  const id = newId(key);
  return { ...newRecord({ key, token: digestOf(id) }), id, ...fields };
}

/** A session as a store returns it. */
export function found({ id, ...record }: RecordWithId): SessionRecord {
  return { ...record, token: digestOf(id) };
}

/** A change of a session: another version, with these fields. */
export function changeOf(
  session: RecordWithId,
  fields: Partial<RecordWithId> = {},
): SessionChange & { readonly next: RecordWithId } {
  const next = { ...session, version: versionAfter(session.version), ...fields };
  return { key: session.id, version: session.version, next };
}

/** A change that gives a session another id. */
export function renewalOf(session: RecordWithId, id = newId(session.key)): ReturnType<typeof changeOf> {
  return changeOf(session, { id, token: digestOf(id) });
}
