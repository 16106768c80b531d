import { RedisSessionStore } from 'nest-session/redis';
import { createClient } from 'redis';
import { prefixOf } from '../app/setup.js';
import type { StoreServer } from '../measure/store-server.js';
import { isExpired, recordOf } from './rows.js';
import type { ScaleTarget } from './target.js';

/** Redis is filled up to here: memory that everything else on the machine does without. */
const MOST_BYTES = 4 * 2 ** 30;

export async function openRedis(server: StoreServer): Promise<ScaleTarget> {
  const client = createClient({ url: await server.fresh('scale') });
  await client.connect();
  const store = new RedisSessionStore({ client, prefix: prefixOf('scale') });
  const used = async (): Promise<number> =>
    Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  const empty = await used();
  return {
    title: 'redis',
    server: server.description,
    store,
    async fill(from, to) {
      const indexes = Array.from({ length: to - from }, (_, index) => from + index);
      for (let at = 0; at < indexes.length; at += 500) {
        // Redis has no expired sessions that somebody would have to remove.
        const some = indexes.slice(at, at + 500).filter((index) => !isExpired(index));
        await store.create(some.map((index) => recordOf(index, 1)));
      }
      return (await used()) < MOST_BYTES;
    },
    settle: () => server.settle('scale'),
    bytes: async () => new Map([['memory', (await used()) - empty]]),
    cpu: async () => server.cpu(),
    async close() {
      await client.close();
    },
  };
}
