import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { findResource } from './resources/find.js';

/** The address of the Redis for tests; undefined where there is none. */
export const REDIS_URL = await findResource('Redis');

/** A part of the Redis for tests that nobody else uses. */
export interface RedisSpace {
  readonly client: Awaited<ReturnType<typeof connectRedis>>;
  readonly prefix: string;
  /** The names of the keys in it, without the prefix. */
  keys(): Promise<string[]>;
  clear(): Promise<void>;
  /** Clears it and closes the client. */
  close(): Promise<void>;
}

export async function openRedisSpace(): Promise<RedisSpace> {
  const client = await connectRedis(REDIS_URL!);
  const prefix = `test-${randomBytes(8).toString('hex')}:`;
  const all = async (): Promise<string[]> => {
    const found = new Set<string>();
    for await (const some of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 }))
      for (const key of some) found.add(key);
    return [...found];
  };
  const clear = async (): Promise<void> => {
    const keys = await all();
    if (keys.length > 0) await client.unlink(keys);
  };
  return {
    client,
    prefix,
    keys: async () => (await all()).map((key) => key.slice(prefix.length)).sort(),
    clear,
    async close() {
      await clear();
      await client.close();
    },
  };
}

export async function connectRedis(url: string) {
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => undefined); // the calls that fail tell of it
  await client.connect();
  return client;
}
