import { DataSource } from 'typeorm';
import type { SessionStoreFactory, StoreDependency } from '../../options/session-options.interface.js';
import { TypeOrmSessionStore, type TypeOrmSessionStoreOptions } from './typeorm-session.store.js';

/** Options of {@link typeOrmStore}. */
export interface TypeOrmStoreOptions extends TypeOrmSessionStoreOptions {
  /**
   * The token of the `DataSource`, where it is not the default one: `getDataSourceToken('name')` of `@nestjs/typeorm`.
   *
   * @defaultValue `DataSource`
   */
  readonly dataSource?: StoreDependency;
}

/**
 * A {@link TypeOrmSessionStore} on the application's own `DataSource`, taken out of the container.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: typeOrmStore() })
 * ```
 */
export function typeOrmStore({
  dataSource = DataSource,
  ...options
}: TypeOrmStoreOptions = {}): SessionStoreFactory {
  return {
    inject: [dataSource],
    useFactory: (source: DataSource) => new TypeOrmSessionStore(source, options),
  };
}
