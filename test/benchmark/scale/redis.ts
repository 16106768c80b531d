import { freemem } from 'node:os';
import { RedisSessionStore } from 'nest-session/redis';
import { createClient } from 'redis';
import { prefixOf } from '../app/setup.js';
import type { StoreServer } from '../measure/store-server.js';
import { isExpired, recordOf } from './rows.js';
import type { ScaleTarget } from './target.js';

/** The share of the free memory that Redis is filled with: everything else on the machine does without it. */
const SHARE = 0.6;

export async function openRedis(server: StoreServer): Promise<ScaleTarget> {
  const client = createClient({ url: await server.fresh('scale') });
  await client.connect();
  const store = new RedisSessionStore({ client, prefix: prefixOf('scale') });
  const used = async (): Promise<number> =>
    Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  const empty = await used();
  const most = SHARE * freemem();
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
      return (await used()) < most;
    },
    settle: () => server.settle('scale'),
    bytes: async () => new Map([['memory', (await used()) - empty]]),
    cpu: async () => server.cpu(),
    async close() {
      await client.close();
    },
  };
}
