import type { IncomingMessage } from 'node:http';
import type { SessionCallback } from '../core/request/session-calls.js';
import type { StoreCallback, StoredSession } from '../stores/express/express-session-store.js';

/** What a session that was made by hand asks of its store. */
interface RequestStore {
  get(id: string, callback: StoreCallback<StoredSession | null>): unknown;
  set(id: string, session: object, callback?: StoreCallback): unknown;
  destroy(id: string, callback?: StoreCallback): unknown;
  regenerate(req: ExpressSessionRequest, callback: SessionCallback): void;
  createSession(req: ExpressSessionRequest, stored: StoredSession): object;
}

/** What a request has of its session. */
export interface ExpressSessionRequest extends Partial<IncomingMessage> {
  /** The session; undefined once it is destroyed, and where there is none. */
  session: unknown;
  /** The secret id of the session. */
  sessionID: string;
  /** Where the session is kept. */
  sessionStore: RequestStore;
  /** The secret that cookie-parser signs with; it signs sessions, too, where `session()` was given none. */
  secret?: unknown;
  /** What cookie-parser read. */
  cookies?: unknown;
  signedCookies?: unknown;
  /** The address before a mount point was taken off it. */
  originalUrl?: string;
}
