export { session as default } from './express-session.js';
export { Cookie, type CookieOptions } from './cookie.js';
export { MemoryStore } from './memory-store.js';
export type { SessionOptions } from './options.js';
export type { ExpressSessionRequest } from './request.js';
export { Session } from './session.js';
export { Store } from './store.js';
// A star export: only then do applications in ESM and in CommonJS merge their keys into one SessionData.
export * from './session-data.js';
export type { SessionMiddleware } from './express-session.js';
export {
  ExpressStoreAdapter,
  type ExpressStoreAdapterOptions,
} from '../stores/express/express-store.adapter.js';
export type { ExpressSessionStore, StoredSession } from '../stores/express/express-session-store.js';
