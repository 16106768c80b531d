import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import type { SessionStoreFactory, StoreDependency } from '../../options/store-factory.interface.js';
import type { SqlHandle } from './sql-handle.js';
import { SqlSessionStore, type SqlSessionStoreOptions } from './sql-session.store.js';

/** Options of {@link sqlStore}: exactly one of `client` and `inject`. */
export interface SqlStoreOptions extends SqlSessionStoreOptions {
  /** A handle, as for `SqlSessionStore`. */
  readonly client?: SqlHandle;
  /** The injection token of the application's handle. */
  readonly inject?: StoreDependency;
}

/**
 * Creates a {@link SqlSessionStore} with your handle, or with an injected one.
 *
 * @throws SessionOptionsError unless exactly one of `client` and `inject` is given.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: sqlStore({ inject: PG_POOL }) }) // as in { provide: PG_POOL, useFactory: ... }
 * SessionModule.forRoot({ secret, store: sqlStore({ client: pool }) })
 * ```
 */
export function sqlStore({ client, inject, ...options }: SqlStoreOptions): SessionStoreFactory {
  const given = [client, inject].filter((one) => one !== undefined);
  if (given.length !== 1) throw new SessionOptionsError(messages.sqlStoreOptions(given.length));
  if (inject === undefined) return { useFactory: () => new SqlSessionStore(client!, options) };
  return {
    inject: [inject],
    useFactory: (found: SqlHandle) => new SqlSessionStore(found, options),
  };
}
