import { clearTimeout, setTimeout } from 'node:timers';
import type { SessionChange, SessionRecord, SessionSummary } from '../../core/session-record.js';
import type { SessionStore, StoreOutcome, UserSessionStore } from '../../core/session-store.js';
import { refuseUnknownOptions } from '../../core/store-options.js';
import { messages, show } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { ClusterLayout } from './cluster.layout.js';
import { connectionOf, type RedisConnection, type RedisSessionClient } from './redis-client.js';
import { RedisNames } from './redis-names.js';
import { INDEX_MARGIN, runScript } from './redis-scripts.js';
import { indexesOf, type SessionLayout, unfile } from './session-layout.js';
import { SingleServerLayout } from './single-server.layout.js';
import { recordIn, targetOf } from './stored-session.js';

/** Options of a {@link RedisSessionStore}. */
export interface RedisSessionStoreOptions {
  /**
   * A connected client of node-redis 5 or 6 (`createClient()`, `createClientPool()`, `createCluster()`) or ioredis 5 or 6
   * (`new Redis()`, `new Cluster()`). The store uses it and never closes it.
   */
  readonly client: RedisSessionClient;
  /**
   * What the name of every key begins with: applications that share a database need different ones. Without braces, which
   * decide where a Redis Cluster puts a key.
   *
   * @defaultValue `'session:'`
   */
  readonly prefix?: string;
}

/** So many sessions are removed at a time, that a great many of them do not hold up everybody else. */
const CHUNK = 256;

/** How often all sessions are gone through at most: one that gets a new key meanwhile may go where nobody looks again. */
const PASSES = 3;

/** Milliseconds that the server may take for an answer when the application starts. */
const START_TIMEOUT = 10_000;

/**
 * Keeps sessions in Redis 6.2 or later, or Valkey: on one server (with replicas, if you like) or a Cluster.
 *
 * Each write is one script, which checks the version in the server: all of it happens, or nothing. On one server the
 * indexes are written by the same script. On a Cluster all of one session is in one slot, and indexes are written before
 * it: what breaks off in between leaves an index entry that leads nowhere, which readers pass over, and never a session
 * that is in no index.
 *
 * Redis removes expired sessions by itself, counting from the last write by its own clock.
 *
 * @example
 * ```ts
 * const client = createClient({ url: 'redis://localhost', disableOfflineQueue: true });
 * await client.connect();
 * const store = new RedisSessionStore({ client });
 * ```
 */
export class RedisSessionStore implements SessionStore, UserSessionStore {
  readonly #connection: RedisConnection;
  readonly #names: RedisNames;
  readonly #layout: SessionLayout;

  /** @throws SessionOptionsError when `client` is no client of the named kinds, or `prefix` is wrong. */
  constructor(options: RedisSessionStoreOptions) {
    refuseUnknownOptions('RedisSessionStore', options, ['client', 'prefix']);
    const { client, prefix = 'session:' } = options;
    if (typeof prefix !== 'string' || /[{}]/.test(prefix))
      throw new SessionOptionsError(messages.redisPrefix(show(prefix)));
    this.#connection = connectionOf(client);
    this.#names = new RedisNames(prefix);
    this.#layout = this.#connection.isCluster
      ? new ClusterLayout(this.#connection, this.#names)
      : new SingleServerLayout(this.#connection, this.#names);
  }

  /** Checks that the server answers. @throws SessionOptionsError when the client is not connected. */
  async start(): Promise<void> {
    if (this.#connection.isClosed) throw new SessionOptionsError(messages.redisClosed);
    const part = this.#names.part('');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(messages.redisSilent(START_TIMEOUT))), START_TIMEOUT);
    });
    try {
      await Promise.race([this.#connection.send(part, ['ZCARD', part]), late]);
    } finally {
      clearTimeout(timer);
    }
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

  delete(keys: readonly string[]): Promise<StoreOutcome[]> {
    return outcomesOf(keys.map((key) => this.#remove(key)));
  }

  async findByUser(userId: string, now: number): Promise<SessionSummary[]> {
    const index = this.#names.user(userId);
    const [keys] = await Promise.all([
      this.#entries(index),
      this.#connection.send(index, ['ZREMRANGEBYSCORE', index, '-inf', String(now - INDEX_MARGIN)]),
    ]);
    return (await this.#ofUser(userId, keys))
      .filter(({ expiresAt }) => expiresAt > now)
      .sort((a, b) => b.createdAt - a.createdAt || (a.key < b.key ? -1 : 1));
  }

  /**
   * How many sessions there are. Those of a user are looked at, each; of all the index is counted, which holds a session that
   * Redis evicted for want of memory until it would have expired.
   */
  async count(userId: string | undefined, now: number): Promise<number> {
    if (userId !== undefined) return (await this.findByUser(userId, now)).length;
    const counts = await Promise.all(
      this.#names.parts.map((part) => this.#connection.send(part, ['ZCOUNT', part, `(${now}`, '+inf'])),
    );
    return counts.reduce((sum: number, count) => sum + Number(count), 0);
  }

  async deleteByUser(userId: string, except: readonly string[]): Promise<string[]> {
    const index = this.#names.user(userId);
    const gone: string[] = [];
    for (let missed = true; missed;) {
      const due = (await this.#ofUser(userId, await this.#entries(index)))
        .filter(
          ({ key, previousKey }) => !except.includes(key) && !(previousKey && except.includes(previousKey)),
        )
        .map(({ key }) => key);
      const outcomes = await this.#removeAll(due);
      gone.push(...due.filter((_, at) => outcomes[at] === true));
      // One that was not there any more was ended, or got a new key in between: then it is in the index again.
      missed = outcomes.includes(false);
    }
    return gone;
  }

  async deleteAll(): Promise<number> {
    let removed = 0;
    for (let pass = 0; pass < PASSES; pass++) {
      let missed = false;
      for (const part of this.#names.parts) {
        const outcomes = await this.#removeAll(await this.#entries(part));
        removed += outcomes.filter(Boolean).length;
        missed ||= outcomes.includes(false);
      }
      if (!missed) break;
    }
    return removed;
  }

  async #entries(index: string): Promise<string[]> {
    return (await this.#connection.send(index, ['ZRANGE', index, '0', '-1'])) as string[];
  }

  /** The sessions of these keys that are the user's now: an index may be behind. */
  async #ofUser(userId: string, keys: readonly string[]): Promise<SessionRecord[]> {
    const records = await this.read(keys);
    return records.filter(
      (record, index): record is SessionRecord => record?.key === keys[index] && record?.userId === userId,
    );
  }

  async #removeAll(keys: readonly string[]): Promise<boolean[]> {
    const outcomes: boolean[] = [];
    for (let from = 0; from < keys.length; from += CHUNK) {
      outcomes.push(...(await Promise.all(keys.slice(from, from + CHUNK).map((key) => this.#remove(key)))));
    }
    return outcomes;
  }

  async #remove(key: string): Promise<boolean> {
    const name = this.#names.session(key);
    let answer = await runScript(this.#connection, 'remove', [name], [key]);
    const place = targetOf(answer);
    if (place !== undefined) answer = await runScript(this.#connection, 'remove', [place], [key]);
    if (typeof answer !== 'string' || targetOf(answer) !== undefined) return false;
    const record = recordIn(`${answer}=`, key);
    if (record !== undefined) await unfile(this.#connection, indexesOf(this.#names, record), record.key);
    return true;
  }
}

/** What became of each; where all of several failed, the store did. */
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
  return reason instanceof Error ? reason : new Error(messages.notAnError(typeof reason), { cause: reason });
}
