import type { IoRedisClient } from '../../lib/stores/redis/redis-client.js';

/** A client of ioredis, as far as tests use it. */
export type IoRedis = IoRedisClient & {
  quit(): Promise<unknown>;
  once(event: string, listener: () => void): unknown;
};

interface IoRedisModule {
  readonly Redis: new (
    url: string,
    options?: { keyPrefix?: string; stringNumbers?: boolean; retryStrategy?: () => number },
  ) => IoRedis;
  readonly Cluster: new (nodes: readonly string[]) => IoRedis;
}

/** The package; undefined where it is not installed (global-setup.ts looks for it). */
export const ioredis: IoRedisModule | undefined = process.env.TEST_IOREDIS
  ? ((await import(process.env.TEST_IOREDIS)) as IoRedisModule)
  : undefined;
