import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionStore } from '../../../lib/index.js';
import { RedisSessionStore } from '../../../lib/stores/redis/index.js';
import { connectRedis } from '../../support/redis.js';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import type { Undone } from './traffic.js';

/** The data of a server that was killed, in a server of its own that the others do not know. */
export async function formerServer(killed: RedisServer, ends: (() => unknown)[]): Promise<SessionStore> {
  const folder = await mkdtemp(join(tmpdir(), 'nest-session-redis-'));
  ends.push(() => rm(folder, { recursive: true }));
  await cp(join(killed.dir, 'appendonlydir'), join(folder, 'appendonlydir'), { recursive: true });
  const copy = await startRedisServer('--dir', folder);
  ends.push(() => copy.close());
  const client = await connectRedis(copy.url);
  ends.push(() => client.destroy());
  return new RedisSessionStore({ client });
}

/** What a session holds there, null if it is not there. */
export async function contentIn(
  store: SessionStore,
  { handle }: Undone,
): Promise<Undone['expected'][number]> {
  const [record] = await store.read([handle]);
  if (record === undefined) return null;
  return { userId: record.userId ?? null, n: (JSON.parse(record.data) as { n?: number }).n ?? null };
}
