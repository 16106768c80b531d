export type { RedisSessionClient } from './redis-client.js';
export { RedisSessionStore, type RedisSessionStoreOptions } from './redis-session.store.js';
export { redisStore, type RedisStoreOptions } from './redis-store.js';
