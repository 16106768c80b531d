import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';
import type { SessionStore } from '../core/store/session-store.js';
import type { ExpressSessionStore } from '../stores/express/express-session-store.js';

/** An injection token, or an optional dependency in Nest's format. */
export type StoreDependency = InjectionToken | OptionalFactoryDependency;

/** A store of this package, or one for express-session. */
type StoreLike = SessionStore | ExpressSessionStore;

/** Creates a store with injected providers, for example a `DataSource`. */
export interface SessionStoreFactory {
  /** The tokens whose values are passed to {@link useFactory}. */
  readonly inject?: readonly StoreDependency[];
  /** Creates the store. */
  readonly useFactory: (...dependencies: never[]) => StoreLike | Promise<StoreLike>;
}
