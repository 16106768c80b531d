export { CookieSessionStore, type CookieSessionStoreOptions } from './cookie-session.store.js';
