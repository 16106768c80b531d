import type { DataSource } from 'typeorm';
// A namespace import. Otherwise an old version without DataSource would fail before it can be refused.
import * as typeorm from 'typeorm';
import type { SessionStoreFactory, StoreDependency } from '../../options/store-factory.interface.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { TypeOrmSessionStore, type TypeOrmSessionStoreOptions } from './typeorm-session.store.js';
import { requireTypeOrm } from './typeorm-version.js';

/** Options of {@link typeOrmStore}. */
export interface TypeOrmStoreOptions extends TypeOrmSessionStoreOptions {
  /**
   * The token of a `DataSource` other than the default one: `getDataSourceToken('name')` of `@nestjs/typeorm`.
   *
   * @defaultValue `DataSource`
   */
  readonly dataSource?: StoreDependency;
}

/**
 * Creates a {@link TypeOrmSessionStore} with the application's injected `DataSource`.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: typeOrmStore() })
 * ```
 */
export function typeOrmStore({
  dataSource = typeorm.DataSource,
  ...options
}: TypeOrmStoreOptions = {}): SessionStoreFactory {
  requireTypeOrm();
  return {
    inject: [{ token: tokenOf(dataSource), optional: true }],
    useFactory: (source: DataSource | undefined) => {
      if (source === undefined) throw new SessionOptionsError(messages.dataSourceMissing(nameOf(dataSource)));
      return new TypeOrmSessionStore(source, options);
    },
  };
}

type Token = Extract<StoreDependency, { optional: boolean }>['token'];

function tokenOf(dependency: StoreDependency): Token {
  return typeof dependency === 'object' && 'optional' in dependency ? dependency.token : dependency;
}

function nameOf(dependency: StoreDependency): string {
  const token: unknown = tokenOf(dependency);
  return typeof token === 'function' ? token.name : String(token);
}
