import type { SessionChange, SessionRecord, SessionSummary } from '../../core/record/session-record.js';
import { within } from '../../core/record/time-limit.js';
import type {
  ReferenceSessionStore,
  SessionStore,
  StoreOutcome,
  UserSessionStore,
} from '../../core/store/session-store.js';
import { refuseUnknownOptions } from '../../core/store/store-options.js';
import { show } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { StoreFault } from '../../errors/store-fault.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { connectionOf, type RedisConnection, type RedisSessionClient } from './redis-client.js';
import { RedisNames } from './redis-names.js';
import { SessionLayout } from './session-layout.js';
import type { Owner } from './stored-session.js';

/** Options of a {@link RedisSessionStore}. */
export interface RedisSessionStoreOptions {
  /**
   * A connected client of node-redis 5 or 6 (`createClient()`, `createClientPool()`, `createSentinel()`, `createCluster()`)
   * or ioredis 5 or 6 (`new Redis()`, `new Cluster()`). The store uses it and never closes it.
   */
  readonly client: RedisSessionClient;
  /**
   * The prefix of every Redis key. Applications that share a database need different prefixes. It must not contain
   * braces, because braces determine the slot in a Redis Cluster.
   *
   * @defaultValue `'session:'`
   */
  readonly prefix?: string;
}

/** How many sessions are removed at the same time, so that other commands are not delayed. */
const CHUNK = 256;

/** Milliseconds that the server may take for an answer when the application starts. */
const START_TIMEOUT = 10_000;

/**
 * Keeps sessions in Redis 6.2 or later, or Valkey: on one server (with or without replicas) or a Cluster.
 *
 * Each write is one atomic script that checks the version on the server. Indexes list the sessions of each user, those
 * with a reference, and all sessions. An index contains every session; entries without a session are ignored.
 *
 * A client may send a command again if the connection broke before the answer: ioredis and `createSentinel()` do. A create
 * or update that was already applied is then answered in the same way and not applied again.
 *
 * Redis removes expired sessions, by its own clock and counted from the last write.
 *
 * @example
 * ```ts
 * const client = createClient({ url: 'redis://localhost', disableOfflineQueue: true });
 * await client.connect();
 * const store = new RedisSessionStore({ client });
 * ```
 */
export class RedisSessionStore implements SessionStore, UserSessionStore, ReferenceSessionStore {
  readonly capabilities = ['users', 'references'] as const;

  readonly #connection: RedisConnection;
  readonly #names: RedisNames;
  readonly #layout: SessionLayout;

  /** @throws SessionOptionsError if `client` is not one of these clients, or `prefix` is wrong. */
  constructor(options: RedisSessionStoreOptions) {
    refuseUnknownOptions('RedisSessionStore', options, ['client', 'prefix']);
    const { client, prefix = 'session:' } = options;
    if (typeof prefix !== 'string' || /[{}]/.test(prefix))
      throw new SessionOptionsError(messages.redisPrefix(show(prefix)));
    this.#connection = connectionOf(client);
    this.#names = new RedisNames(prefix);
    this.#layout = new SessionLayout(this.#connection, this.#names);
  }

  /** Checks that the server answers. @throws SessionOptionsError if the client is not connected. */
  async start(): Promise<void> {
    if (this.#connection.isClosed) throw new SessionOptionsError(messages.redisClosed);
    const part = this.#names.part('');
    const answer = this.#connection.send(part, ['ZCARD', part]);
    await within(START_TIMEOUT, answer, () => new Error(messages.redisSilent(START_TIMEOUT)));
  }

  read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    return this.#layout.read(keys);
  }

  create(records: readonly SessionRecord[]): Promise<StoreOutcome[]> {
    return outcomesOf(records.map((record) => this.#layout.create(record)));
  }

  update(changes: readonly SessionChange[]): Promise<StoreOutcome[]> {
    return outcomesOf(changes.map((change) => this.#layout.update(change)));
  }

  /** On one server, a removal that the client sent again is answered with `false`: there was nothing left to remove. */
  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return outcomesOf(keys.map((key) => this.#layout.remove(key)));
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    const records = await this.read(await this.#layout.entries(this.#names.user(userId)));
    return records
      .filter((record) => record !== undefined)
      .filter((record) => record.userId === userId && record.expiresAt > now)
      .sort((a, b) => b.createdAt - a.createdAt || (a.key < b.key ? -1 : 1))
      .map(summaryOf);
  }

  /**
   * How many sessions there are. The sessions of a user are read. For all sessions the index is counted; it may list a
   * session that Redis evicted for lack of memory, and on a Cluster one that ended at the moment of a change, until that
   * session would have expired.
   */
  async count(userId: string | undefined, now: number): Promise<number> {
    if (userId !== undefined) return (await this.findByUser(userId, now)).length;
    const counts = await Promise.all(
      this.#names.parts.map((part) => this.#connection.send(part, ['ZCOUNT', part, `(${now}`, '+inf'])),
    );
    return counts.reduce((sum: number, count) => sum + Number(count), 0);
  }

  deleteOwned(userId: string, keys: readonly string[], createdUntil?: number): Promise<StoreOutcome[]> {
    return outcomesOf(keys.map((key) => this.#layout.remove(key, { userId }, createdUntil)));
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    const keys = await this.#layout.entries(this.#names.user(userId));
    return this.#removeAll(
      keys.filter((key) => !except.includes(key)),
      { userId },
    );
  }

  async findByReference(reference: string): Promise<string[]> {
    const records = await this.read(await this.#layout.entries(this.#names.reference(reference)));
    return records.filter((record) => record?.reference === reference).map((record) => record!.key);
  }

  async deleteByReference(reference: string, userId?: string): Promise<string[]> {
    const keys = await this.#layout.entries(this.#names.reference(reference));
    return this.#removeAll(keys, { reference, ...(userId !== undefined && { userId }) });
  }

  async deleteAll(): Promise<number> {
    let removed = 0;
    for (const part of this.#names.parts)
      removed += (await this.#removeAll(await this.#layout.entries(part))).length;
    return removed;
  }

  /** Returns the keys of the sessions that it removed. @throws the first error of a removal */
  async #removeAll(keys: readonly string[], of?: Partial<Owner>): Promise<string[]> {
    const removed: string[] = [];
    for (let from = 0; from < keys.length; from += CHUNK) {
      const chunk = keys.slice(from, from + CHUNK);
      const outcomes = await Promise.allSettled(chunk.map((key) => this.#layout.remove(key, of)));
      outcomes.forEach((outcome, index) => {
        if (outcome.status === 'rejected') throw errorOf(outcome.reason);
        if (outcome.value) removed.push(chunk[index]!);
      });
    }
    return removed;
  }
}

function summaryOf(record: SessionRecord): SessionSummary {
  const { token, previousToken, previousUntil, reference, data, meta, ...summary } = record;
  return summary;
}

/** The outcome of each write. @throws the first error if all of them failed: then the store as a whole did */
async function outcomesOf(writes: readonly Promise<boolean>[]): Promise<StoreOutcome[]> {
  const settled = await Promise.allSettled(writes);
  const outcomes = settled.map((one): StoreOutcome =>
    one.status === 'fulfilled' ? one.value : errorOf(one.reason),
  );
  const [first] = outcomes;
  if (first instanceof Error && outcomes.every((outcome) => outcome instanceof Error)) throw first;
  return outcomes;
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new StoreFault(messages.notAnError(`a ${typeof reason}`));
}
