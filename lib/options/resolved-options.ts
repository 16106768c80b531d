import type { IncomingMessage } from 'node:http';
import type { EngineSettings } from '../core/engine-settings.js';
import type { CookieDefaults } from '../core/session-cookie.js';
import type { SessionModuleOptions } from './session-options.interface.js';

/** What the HTTP side of the module needs to know. */
export interface HttpSettings {
  /** The name of the cookie. */
  readonly cookieName: string;
  /** The cookie settings for a request. */
  readonly cookieFor: (request: IncomingMessage) => CookieDefaults;
  readonly load: 'eager' | 'lazy';
  readonly unset: 'keep' | 'destroy';
  readonly proxy: boolean | undefined;
}

/** The options of the module after they were checked, with every default filled in. */
export interface ResolvedOptions {
  readonly engine: EngineSettings;
  readonly http: HttpSettings;
  /** Milliseconds. */
  readonly storeTimeout: number;
  readonly store: SessionModuleOptions['store'];
  readonly forRoutes: SessionModuleOptions['forRoutes'];
  readonly exclude: SessionModuleOptions['exclude'];
  /** What is allowed but deserves a word in the log. */
  readonly warnings: readonly string[];
}
