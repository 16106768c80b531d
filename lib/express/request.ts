import type { IncomingMessage } from 'node:http';
import type { SessionCallback } from '../core/request/session-calls.js';
import type { StoreCallback, StoredSession } from '../stores/express/express-session-store.js';

/** The methods of a store that a session without an engine uses. */
interface RequestStore {
  get(id: string, callback: StoreCallback<StoredSession | null>): unknown;
  set(id: string, session: object, callback?: StoreCallback): unknown;
  destroy(id: string, callback?: StoreCallback): unknown;
  regenerate(req: ExpressSessionRequest, callback: SessionCallback): void;
  createSession(req: ExpressSessionRequest, stored: StoredSession): object;
}

/** The properties of a request about its session. */
export interface ExpressSessionRequest extends Partial<IncomingMessage> {
  /** The session; undefined if it is destroyed, or there is none. */
  session: unknown;
  /** The secret id of the session. */
  sessionID: string;
  /** The store of the session. */
  sessionStore: RequestStore;
  /** The secret of cookie-parser, which also signs sessions if `session()` has none. */
  secret?: unknown;
  /** The cookies that cookie-parser read. */
  cookies?: unknown;
  signedCookies?: unknown;
  /** The URL with its mount point. */
  originalUrl?: string;
}
