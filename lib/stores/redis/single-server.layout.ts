import type { SessionChange, SessionRecord } from '../../core/session-record.js';
import type { RedisConnection } from './redis-client.js';
import type { RedisNames } from './redis-names.js';
import { indexesOf, readThrough, type ReadValues, type SessionLayout, write } from './session-layout.js';

/**
 * One server: a session stands under its key, and one script writes it together with its indexes. A session whose key is
 * renewed moves there; where its previous key still finds it, a pointer stays behind.
 */
export class SingleServerLayout implements SessionLayout {
  constructor(
    private readonly connection: RedisConnection,
    private readonly names: RedisNames,
  ) {}

  async read(keys: readonly string[]): Promise<(SessionRecord | undefined)[]> {
    const names = keys.map((key) => this.names.session(key));
    return (await readThrough(this.#values, names, keys)).records;
  }

  create(next: SessionRecord): Promise<boolean> {
    return this.#write(next);
  }

  update(change: SessionChange): Promise<boolean> {
    return this.#write(change.next, change);
  }

  readonly #values: ReadValues = async (names) => {
    const [first] = names;
    return first === undefined ? [] : ((await this.connection.send(first, ['MGET', ...names])) as unknown[]);
  };

  async #write(next: SessionRecord, change?: SessionChange): Promise<boolean> {
    const { names } = this;
    const from = change?.key ?? next.key;
    const answer = await write(this.connection, {
      ...(change && { change }),
      next,
      from: names.session(from),
      to: names.session(next.key),
      previous: next.previousKey === null ? undefined : names.session(next.previousKey),
      // With the next touch at the latest all is filed anew, should an index have been evicted.
      indexes: change?.keepsIndexes ? [] : indexesOf(names, next),
      left: from === next.key ? [] : [names.part(from)],
      ignored: '*', // here a pointer is a previous key, which is free
    });
    return answer === 1;
  }
}
