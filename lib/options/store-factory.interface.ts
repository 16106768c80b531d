import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';
import type { SessionStore } from '../core/store/session-store.js';
import type { ExpressSessionStore } from '../stores/express/express-session-store.js';

/** A token of the container, or an optional one as Nest writes it. */
export type StoreDependency = InjectionToken | OptionalFactoryDependency;

/** A store of this package, or one for express-session. */
type StoreLike = SessionStore | ExpressSessionStore;

/** Makes a store with providers of the container, for example its `DataSource`. */
export interface SessionStoreFactory {
  /** The tokens whose values are passed to {@link useFactory}. */
  readonly inject?: readonly StoreDependency[];
  /** Makes the store. */
  readonly useFactory: (...dependencies: never[]) => StoreLike | Promise<StoreLike>;
}
