import { randomUUID } from 'node:crypto';
import type { SessionChange, SessionRecord } from '../../core/record/session-record.js';
import { StoreFault } from '../../errors/store-fault.js';
import type { RedisConnection } from './redis-client.js';
import type { RedisNames } from './redis-names.js';
import { FORGOTTEN, NO_SESSION, runScript } from './redis-scripts.js';
import { bodyOf, headOf, HOLD, type Owner, ownerIn, ownerLine, recordIn } from './stored-session.js';

/** Milliseconds that Redis keeps any session at least: `expiresAt` ends it earlier, and an odd time loses none. */
const SHORTEST_LIFE = 60_000;

/** Milliseconds after which Redis removes a hold: its process ended before it could. */
const HOLD_LIFE = '600000';

/** Milliseconds that the mark of a write stays: longer than a client that lost its master sends a command again. */
const MARK_LIFE = '60000';

/**
 * The layout of sessions and their indexes in Redis. A session has the same Redis key for its whole life. Indexes list
 * it: that of its user, that of its reference if it has one, and a part of the index of all sessions.
 *
 * An entry is added no later than the session is written, and removed only after the session has ended, or long after
 * it has expired. So no session is ever missing from its indexes. Readers ignore entries without a session and entries
 * whose session belongs to another user.
 *
 * - On one server, one script writes or removes a session together with its entries.
 * - On a Cluster, indexes are in other slots. Entries are added before the session is written. A hold stands in its place
 *   while a session is created, and from its end until its entries are removed. So a session cannot be created under a key
 * whose entries are about to be removed, and a creation that is sent again cannot restore an ended session.
 */
export class SessionLayout {
  constructor(
    private readonly connection: RedisConnection,
    private readonly names: RedisNames,
  ) {}

  /** One command on one server, one for each session on a Cluster; one round trip on either. */
  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    if (keys.length === 0) return [];
    const values = await this.#values(keys.map((key) => this.names.session(key)));
    return keys.map((key, index) => recordIn(values[index], key));
  }

  async create(record: SessionRecord): Promise<boolean> {
    if (!this.connection.isCluster) return (await this.#write(record, '', this.#indexesOf(record))) === 1;
    const name = this.names.session(record.key);
    const hold = `${HOLD}${record.version}`;
    // The write checks whether the hold is there. The answer to a command that was sent again does not say it.
    await Promise.all([this.#hold(name, hold), this.#addEntries(record)]);
    return (await this.#write(record, hold)) === 1;
  }

  async update({ version, next, keepsIndexes = false }: SessionChange): Promise<boolean> {
    const expected = String(version);
    const indexes = keepsIndexes ? [] : this.#indexesOf(next);
    if (!this.connection.isCluster) return (await this.#write(next, expected, indexes)) === 1;
    if (!keepsIndexes) await this.#addEntries(next);
    const answer = await this.#write(next, expected);
    if (answer === NO_SESSION && !keepsIndexes) await this.#dropEntries(next.key, indexes);
    return answer === 1;
  }

  /**
   * @param of - Where given, the session is removed only if it has this user, or this reference, or both.
   * @param createdUntil - Where given, it is removed only if it was created no later than this.
   */
  async remove(key: string, of: Partial<Owner> = {}, createdUntil?: number): Promise<boolean> {
    // The script has to be told the owner, for that decides the index. A wrong guess is answered with the right one.
    for (let owner = ownerLine({ userId: null, reference: null, ...of }); ;) {
      const outcome = await this.#removeOwned(key, owner, createdUntil);
      if (typeof outcome === 'boolean') return outcome;
      const { userId, reference } = ownerIn(outcome);
      if ((of.userId ?? userId) !== userId || (of.reference ?? reference) !== reference) return false;
      owner = outcome;
    }
  }

  /** The keys that an index lists. */
  async entries(index: string): Promise<string[]> {
    return (await this.connection.send(index, ['ZRANGE', index, '0', '-1'])) as string[];
  }

  async #values(names: readonly string[]): Promise<readonly unknown[]> {
    const { connection } = this;
    if (connection.isCluster) return Promise.all(names.map((name) => connection.send(name, ['GET', name])));
    return (await connection.send(names[0]!, ['MGET', ...names])) as unknown[];
  }

  /** @param expected - The version, or the hold, that must stand there; empty if nothing may. */
  async #write(record: SessionRecord, expected: string, indexes: readonly string[] = []): Promise<number> {
    const { key, version, expiresAt } = record;
    const isTouch = String(version) === expected;
    const { losses, resendsUnnoticed } = this.connection;
    const leavesMark = resendsUnnoticed && !isTouch;
    const answer = await runScript(
      this.connection,
      'write',
      [this.names.session(key), ...indexes, ...(leavesMark ? [this.names.mark(key, version)] : [])],
      [
        expected,
        String(version),
        headOf(record),
        isTouch ? '' : bodyOf(record),
        lifeOf(record),
        leavesMark ? MARK_LIFE : '',
        // No condition for the indexes: one server sees all writes in one order, so the last one is right.
        ...(indexes.length > 0 ? [key, String(expiresAt), 'CH'] : []),
      ],
    );
    // To write again what may be written already would count an update() twice.
    if (Number(answer) === FORGOTTEN && !isTouch && expected !== '' && losses !== this.connection.losses)
      throw new StoreFault(
        'The connection to Redis was lost, and it is not known whether the session was written.',
      );
    return Number(answer);
  }

  /** Adds a session to its indexes, ahead of the session itself. */
  async #addEntries(record: SessionRecord): Promise<void> {
    // GT: if two writes happen at the same time, the later expiry counts.
    const args = [record.key, String(record.expiresAt), lifeOf(record), 'GT'];
    const indexes = this.#indexesOf(record);
    await Promise.all(indexes.map((index) => runScript(this.connection, 'file', [index], args)));
  }

  /** Removes a session of this owner; the owner that it has instead, if it has another. */
  async #removeOwned(key: string, owner: string, createdUntil?: number): Promise<boolean | string> {
    const { connection } = this;
    const name = this.names.session(key);
    const indexes = this.#indexesOf({ key, ...ownerIn(owner) });
    const hold = connection.isCluster ? HOLD + randomUUID() : '';
    const inScript = connection.isCluster ? [] : indexes;
    const args = [owner, key, hold, HOLD_LIFE, String(createdUntil ?? '')];
    const [removed, other] = (await runScript(connection, 'remove', [name, ...inScript], args)) as [
      removed: number | string,
      owner?: string,
    ];
    if (Number(removed) !== 1) return other ?? false;
    if (connection.isCluster) await this.#removeEntries(key, indexes, hold);
    return true;
  }

  /** Removes entries that were added for a session that has ended, unless it is created again. */
  async #dropEntries(key: string, indexes: readonly string[]): Promise<void> {
    const hold = HOLD + randomUUID();
    const answer = await this.#hold(this.names.session(key), hold).catch(() => undefined);
    if (answer === 'OK') await this.#removeEntries(key, indexes, hold);
  }

  /** Puts a hold where a session would stand, if nothing stands there. */
  #hold(name: string, hold: string): Promise<unknown> {
    return this.connection.send(name, ['SET', name, hold, 'NX', 'PX', HOLD_LIFE]);
  }

  /** Removes entries of a session that has ended, and then the hold in its place. A failure does no harm: both expire. */
  async #removeEntries(key: string, indexes: readonly string[], hold: string): Promise<void> {
    const removals = indexes.map((index) => this.connection.send(index, ['ZREM', index, key]));
    const settled = await Promise.allSettled(removals);
    // A removal that failed may still be carried out later: the hold stays.
    if (settled.some(({ status }) => status === 'rejected')) return;
    await runScript(this.connection, 'release', [this.names.session(key)], [hold]).catch(() => undefined);
  }

  #indexesOf({ key, userId, reference }: Pick<SessionRecord, 'key' | keyof Owner>): string[] {
    const indexes = [this.names.part(key)];
    if (userId !== null) indexes.push(this.names.user(userId));
    if (reference !== null) indexes.push(this.names.reference(reference));
    return indexes;
  }
}

/**
 * How long Redis keeps a session, in milliseconds from the write on. The server counts them by its own clock, so that the
 * wrong clock of an instance ends no session early.
 */
function lifeOf({ expiresAt, lastSeenAt }: Pick<SessionRecord, 'expiresAt' | 'lastSeenAt'>): string {
  return String(Math.max(SHORTEST_LIFE, Math.ceil(expiresAt - lastSeenAt)));
}
