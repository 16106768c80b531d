import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers';
import type { StoreCallback, StoredSession } from '../stores/express/express-session-store.js';
import { callable } from './callable.js';
import { Store } from './store.js';

/** Milliseconds between two searches for expired sessions. */
const PRUNE_INTERVAL = 60_000;

class BaseMemoryStore extends Store {
  /** The sessions as JSON, by id. */
  declare sessions: Record<string, string>;
  /** When expired sessions were last searched for. */
  declare prunedAt: number;

  constructor() {
    super();
    empty(this);
  }

  /** A copy of the session under an id. */
  get(id: string, callback: StoreCallback<StoredSession | null>): void {
    later(callback, aliveIn(this, id));
  }

  /** Stores a session as JSON. */
  set(id: string, session: object, callback?: StoreCallback): void {
    this.sessions[id] = JSON.stringify(session);
    if (Date.now() - this.prunedAt >= PRUNE_INTERVAL) allIn(this);
    later(callback);
  }

  /** Removes a session. */
  destroy(id: string, callback?: StoreCallback): void {
    Reflect.deleteProperty(this.sessions, id);
    later(callback);
  }

  /** Replaces the cookie of a stored session, and so its end. */
  override touch(id: string, session: object, callback?: StoreCallback): void {
    const stored = aliveIn(this, id);
    const { cookie } = session as StoredSession;
    if (stored !== undefined) this.sessions[id] = JSON.stringify({ ...stored, cookie });
    later(callback);
  }

  /** All sessions, by id. */
  all(callback?: StoreCallback<Record<string, StoredSession>>): void {
    later(callback, allIn(this));
  }

  /** Removes all sessions. */
  clear(callback?: StoreCallback): void {
    empty(this);
    later(callback);
  }

  /** How many sessions there are. */
  length(callback: StoreCallback<number>): void {
    later(callback, Object.keys(allIn(this)).length);
  }
}

/** Keeps sessions in this process, for development or a single process. Removes expired ones. */
export const MemoryStore = callable(BaseMemoryStore, (store) => {
  EventEmitter.call(store);
  empty(store);
});
export type MemoryStore = BaseMemoryStore;

function empty(store: BaseMemoryStore): void {
  store.sessions = Object.create(null) as Record<string, string>;
  store.prunedAt = Date.now();
}

/** A copy of a session. Removes it if it has expired. */
function aliveIn({ sessions }: BaseMemoryStore, id: string): StoredSession | undefined {
  const text = sessions[id];
  if (text === undefined) return undefined;
  const session = JSON.parse(text) as Partial<StoredSession>;
  const { expires } = session.cookie ?? {};
  if (!expires || new Date(expires).getTime() > Date.now()) return session as StoredSession;
  Reflect.deleteProperty(sessions, id);
  return undefined;
}

/** Copies of all sessions. Removes expired ones. */
function allIn(store: BaseMemoryStore): Record<string, StoredSession> {
  const all = Object.create(null) as Record<string, StoredSession>;
  for (const id of Object.keys(store.sessions)) {
    const session = aliveIn(store, id);
    if (session !== undefined) all[id] = session;
  }
  store.prunedAt = Date.now();
  return all;
}

function later<Value>(callback: StoreCallback<Value> | undefined, value?: Value): void {
  if (callback !== undefined) setImmediate(callback, null, value);
}
