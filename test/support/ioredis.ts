import type { IoRedisClient } from '../../lib/stores/redis/redis-client.js';
import { findResource } from './resources/find.js';

/** A client of ioredis, as far as tests use it. */
export type IoRedis = IoRedisClient & {
  quit(): Promise<unknown>;
  once(event: string, listener: () => void): unknown;
  on(event: string, listener: () => void): unknown;
};

interface IoRedisModule {
  readonly Redis: new (url: string | object, options?: object) => IoRedis;
  readonly Cluster: new (nodes: readonly string[], options?: object) => IoRedis;
}

const place = await findResource('ioredis');

/** The package; undefined where it is not installed. */
export const ioredis: IoRedisModule | undefined = place
  ? ((await import(place)) as IoRedisModule)
  : undefined;
