import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import type { SessionStoreFactory, StoreDependency } from '../../options/store-factory.interface.js';
import type { RedisSessionClient } from './redis-client.js';
import { RedisSessionStore } from './redis-session.store.js';

/** Where the clients of Redis look if no address is given. */
const LOCAL_SERVER = 'redis://localhost:6379';

/** Options of {@link redisStore}: at most one of `client`, `inject` and `url`. */
export interface RedisStoreOptions {
  /** A connected client. The store never closes it. */
  readonly client?: RedisSessionClient;
  /** The injection token of the application's client. */
  readonly inject?: StoreDependency;
  /**
   * The address of a single server, such as `redis://:password@host:6379/0`, or `rediss:` for TLS. The store connects
   * with the package `redis`, and disconnects when the application stops.
   *
   * @defaultValue `'redis://localhost:6379'`, without `client` and `inject`
   */
  readonly url?: string;
  /** As in `RedisSessionStoreOptions`. @defaultValue `'session:'` */
  readonly prefix?: string;
}

/**
 * Creates a {@link RedisSessionStore} with your client, with an injected client, or with its own client.
 *
 * @throws SessionOptionsError if more than one of `client`, `inject` and `url` is given, or one of them is undefined.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: redisStore({ url: process.env.REDIS_URL! }) })
 * SessionModule.forRoot({ secret, store: redisStore() }) // redis://localhost:6379
 * SessionModule.forRoot({ secret, store: redisStore({ inject: REDIS }) }) // as in { provide: REDIS, useFactory: ... }
 * ```
 */
export function redisStore(options: RedisStoreOptions = {}): SessionStoreFactory {
  const { client, inject, url = LOCAL_SERVER, ...rest } = options;
  const given = (['client', 'inject', 'url'] as const).filter((name) => Object.hasOwn(options, name));
  // Such as a variable of the environment that is not set: no reason to use another server.
  const missing = given.find((name) => options[name] === undefined);
  if (missing !== undefined) throw new SessionOptionsError(messages.redisStoreUndefined(missing));
  if (given.length > 1) throw new SessionOptionsError(messages.redisStoreOptions(given.length));
  if (client !== undefined) return { useFactory: () => new RedisSessionStore({ client, ...rest }) };
  if (inject === undefined) return { useFactory: () => connect(url, rest) };
  return {
    inject: [inject],
    useFactory: (found: RedisSessionClient) => new RedisSessionStore({ client: found, ...rest }),
  };
}

/** A store with its own connection, which it closes. */
class ConnectedRedisStore extends RedisSessionStore {
  constructor(
    private readonly own: RedisSessionClient & { close(): Promise<void> },
    options: { readonly prefix?: string },
  ) {
    super({ client: own, ...options });
  }

  async close(): Promise<void> {
    await this.own.close();
  }
}

/** Milliseconds between two attempts to connect again: longer each time, up to the longest. */
const PAUSE = 50;
const LONGEST_PAUSE = 2_000;

async function connect(url: string, options: { readonly prefix?: string }): Promise<RedisSessionStore> {
  const { createClient } = await import('redis').catch((cause: unknown) => {
    throw new SessionOptionsError(messages.redisPackage, { cause });
  });
  let connected = false;
  const client = createClient({
    url,
    // Fails immediately while the server is unreachable, because clients would not wait long enough.
    disableOfflineQueue: true,
    socket: {
      // Before the first connection, a failure means a wrong address. Later it means an outage.
      reconnectStrategy: (tries) => connected && Math.min((tries + 1) * PAUSE, LONGEST_PAUSE),
    },
  });
  // TypeScript knows only the version that is installed here.
  if (typeof (client as { close?: unknown }).close !== 'function')
    throw new SessionOptionsError(messages.redisPackageOld);
  client.on('error', () => undefined); // the calls that it affects fail, and are reported as storeError
  const store = new ConnectedRedisStore(client, options); // refuses wrong options before it connects
  try {
    await client.connect();
  } catch (cause) {
    throw new SessionOptionsError(messages.redisUnreachable, { cause });
  }
  connected = true;
  return store;
}
