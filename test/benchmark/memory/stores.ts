import { hash } from 'node:crypto';
import expressSession from 'express-session';
import memorystore from 'memorystore';
import { MemorySessionStore, type SessionRecord } from 'nest-session';
import { newContent, type SessionContent } from '../app/session-content.js';

/** How long a session lives; also how far the clock is put forward. */
export const LIFE = 3_600_000;

/** A store in memory, as the measurement handles it. */
export interface MemoryStore {
  /** Stores one session; returns how long the JSON of its content is. */
  add(index: number): number;
  /** How many sessions it holds, without touching any. */
  size(): number;
  /** Begins to remove what has expired, where the store does not do that by itself. */
  expire?(): void;
}

/** The stores, each in a process of its own. */
export const MEMORY_STORES: Readonly<Record<string, () => MemoryStore>> = {
  'nest-session': own,
  'express-session': expressMemory,
  memorystore: lruMemory,
};

function own(): MemoryStore {
  const store = new MemorySessionStore({ maxSessions: Number.MAX_SAFE_INTEGER });
  return {
    add(index) {
      const record = recordOf(index, newContent());
      void store.create([record]);
      return record.data.length;
    },
    size: () => store.size,
  };
}

/** As the engine stores somebody who has logged in. */
function recordOf(index: number, content: SessionContent): SessionRecord {
  const now = Date.now();
  return {
    key: flat(idOf(index).slice(0, 22)),
    token: flat(hash('sha256', idOf(index), 'base64url')),
    previousToken: null,
    previousUntil: null,
    epoch: 1,
    version: 2 ** 24 + index,
    data: JSON.stringify(content),
    meta: null,
    userId: flat(content.userId),
    reference: null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + LIFE,
    authenticatedAt: now,
    ip: flat(`10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`),
    userAgent: flat(`Mozilla/5.0 (X11; Linux x86_64; rv:${index % 20}.0) Gecko/20100101`),
  };
}

interface ExpressStore {
  set(id: string, session: object): void;
}

function expressMemory(): MemoryStore {
  const { MemoryStore: Store } = expressSession as {
    MemoryStore: new () => ExpressStore & { sessions: object; all(): void };
  };
  const store = new Store();
  const { add } = filling(store);
  let added = 0;
  let asked = false;
  return {
    add(index) {
      added += 1;
      return add(index);
    },
    // Counting a million keys is work of its own, not to be mistaken for that of the store.
    size: () => (asked ? Object.keys(store.sessions).length : added),
    // It removes what is asked for after its end, and otherwise nothing; `all` asks for everything.
    expire() {
      store.all();
      asked = true;
    },
  };
}

function lruMemory(): MemoryStore {
  const create = memorystore as (
    session: unknown,
  ) => new (options: object) => ExpressStore & { store: { itemCount: number } };
  const store = new (create(expressSession))({ checkPeriod: 1000 });
  return { ...filling(store), size: () => store.store.itemCount };
}

function filling(store: ExpressStore): Pick<MemoryStore, 'add'> {
  return {
    add(index) {
      const content = newContent();
      const cookie = {
        originalMaxAge: LIFE,
        maxAge: LIFE,
        expires: new Date(Date.now() + LIFE),
        httpOnly: true,
        path: '/',
      };
      store.set(flat(idOf(index).slice(0, 32)), { cookie, ...content });
      return JSON.stringify(content).length;
    },
  };
}

/** A text in one piece, as what comes out of a socket or JSON is; one that was put together holds on to its parts. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

/** As long as an id's hash, different from the beginning on, and a text of its own. */
function idOf(index: number): string {
  return Buffer.from(`${Math.imul(index, 0x9e3779b1) >>> 0}-${index}`.padStart(32, '0')).toString(
    'base64url',
  );
}
