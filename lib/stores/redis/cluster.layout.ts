import type { SessionChange, SessionRecord } from '../../core/session-record.js';
import type { RedisConnection } from './redis-client.js';
import type { RedisNames } from './redis-names.js';
import { runScript } from './redis-scripts.js';
import {
  filing,
  indexesOf,
  lifeOf,
  readThrough,
  type ReadValues,
  type SessionLayout,
  unfile,
  write,
} from './session-layout.js';
import { pointerTo, recordIn, targetOf } from './stored-session.js';

/** How many sessions' places are remembered. */
const MAX_PLACES = 10_000;

/** What the script `write` says of a session that is not there any more; a key that is gone never comes back. */
const GONE = -1;

/**
 * A Redis Cluster: a session stays in the slot where it began, for there alone a script can change it all at once.
 * A session whose key was renewed goes to another name in that slot, and its new key is a pointer to it. Pointers and
 * indexes are in slots of their own: they are written before the session, so that whatever stops in between leaves
 * pointers and entries that lead nowhere, and never a session that is not found. What they lead to is always compared with
 * the session itself.
 */
export class ClusterLayout implements SessionLayout {
  /** Where sessions with a renewed key were last seen: saves the way by the pointer, and is checked as the pointer is. */
  readonly #places = new Map<string, string>();

  constructor(
    private readonly connection: RedisConnection,
    private readonly names: RedisNames,
  ) {}

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const known = keys.map((key) => this.#places.get(key));
    const names = keys.map((key, index) => known[index] ?? this.names.session(key));
    const { records, places } = await readThrough(this.#values, names, keys);
    const gone = keys.filter((key, index) => known[index] !== undefined && records[index]?.key !== key);
    for (const key of gone) this.#places.delete(key);
    records.forEach((record, index) => {
      const place = places[index];
      if (place !== undefined && record?.key === keys[index]) this.#remember(keys[index]!, place);
    });
    if (gone.length === 0) return records;
    const found = await this.read(gone);
    return keys.map((key, index) => (gone.includes(key) ? found[gone.indexOf(key)] : records[index]));
  }

  async create(next: SessionRecord): Promise<boolean> {
    const name = this.names.session(next.key);
    await this.#prepare(next, name);
    const add = (ignored: string): Promise<unknown> =>
      write(this.connection, { next, from: name, to: name, ignored });
    let answer = await add('');
    const place = targetOf(answer);
    if (place !== undefined) {
      const [there] = await this.#values([place]);
      if (recordIn(there, next.key)?.key === next.key) return false;
      answer = await add(answer as string); // the pointer leads nowhere, or is a previous key
    }
    return answer === 1;
  }

  async update(change: SessionChange): Promise<boolean> {
    const { key, next } = change;
    const name = this.names.session(key);
    const isMoved = next.key !== key;
    const known = this.#places.get(key) ?? (isMoved ? await this.#placeOf(name) : name);
    let answer = await this.#write(change, known);
    const place = targetOf(answer);
    if (place !== undefined) answer = await this.#write(change, place);
    else if (answer !== 1 && known !== name) {
      this.#places.delete(key);
      const actual = await this.#placeOf(name);
      if (actual !== known) answer = await this.#write(change, actual);
    }
    if (answer === 1 && isMoved) {
      this.#places.delete(key);
      await unfile(this.connection, indexesOf(this.names, { key, userId: next.userId }), key);
    }
    // It was ended, or has another key: what it was filed under for nothing would be counted.
    if (answer === GONE && !isMoved) await unfile(this.connection, indexesOf(this.names, next), key);
    return answer === 1;
  }

  async #write(change: SessionChange, from: string): Promise<unknown> {
    const { key, next } = change;
    const { names } = this;
    const isMoved = next.key !== key;
    const to = isMoved && from === names.session(key) ? names.inSlotOf(key, next.key) : from;
    if (!(await this.#prepare(next, to))) return 0;
    const { previousKey } = next;
    const isNear = previousKey !== null && names.sharesSlot(to, previousKey);
    const answer = await write(this.connection, {
      change,
      next,
      from,
      to,
      previous: isNear ? names.session(previousKey) : undefined,
      ignored: '',
    });
    if (answer === 1 && to !== names.session(next.key)) this.#remember(next.key, to);
    return answer;
  }

  /** What has to be there before the session is; false where its new key is taken. */
  async #prepare(next: SessionRecord, to: string): Promise<boolean> {
    const { connection, names } = this;
    const { member, score, ttl, cutoff } = filing(next);
    const filed = indexesOf(names, next).map((index) =>
      // GT: of two at once the later expiry counts, whichever is last, so that none is dropped from the index too early.
      runScript(connection, 'file', [index], [member, score, ttl, cutoff, 'GT']),
    );
    const pointed = this.#point(next.key, to, next);
    const { previousKey } = next;
    const pointedBefore = previousKey === null ? 1 : this.#point(previousKey, to, next);
    const [isFree] = await Promise.all([pointed, pointedBefore, ...filed]);
    return isFree === 1;
  }

  /** Points a key to where its session is, unless that is where the key itself leads or its slot is the session's. */
  #point(key: string, to: string, next: SessionRecord): Promise<unknown> | number {
    if (this.names.sharesSlot(to, key)) return 1;
    return runScript(this.connection, 'point', [this.names.session(key)], [pointerTo(to), lifeOf(next)]);
  }

  /** One command each: no two names need be on one server. */
  readonly #values: ReadValues = (names) =>
    Promise.all(names.map((name) => this.connection.send(name, ['GET', name])));

  async #placeOf(name: string): Promise<string> {
    const [there] = await this.#values([name]);
    return targetOf(there) ?? name;
  }

  #remember(key: string, place: string): void {
    this.#places.delete(key);
    this.#places.set(key, place);
    if (this.#places.size <= MAX_PLACES) return;
    for (const oldest of this.#places.keys()) {
      this.#places.delete(oldest);
      return;
    }
  }
}
