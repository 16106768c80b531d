import type { IncomingMessage } from 'node:http';
import type { SessionData } from './session-data.js';
import type { Session } from './session.js';
import type { Store } from './store.js';

/** What a request has of its session. */
export interface ExpressSessionRequest extends Partial<IncomingMessage> {
  /** The session; undefined once it is destroyed, and where there is none. */
  session: unknown;
  /** The secret id of the session. */
  sessionID: string;
  /** Where the session is kept. */
  sessionStore: Store;
  /** The secret that cookie-parser signs with; it signs sessions, too, where `session()` was given none. */
  secret?: unknown;
  /** What cookie-parser read. */
  cookies?: unknown;
  signedCookies?: unknown;
  /** The address before a mount point was taken off it. */
  originalUrl?: string;
}

declare global {
  namespace Express {
    interface Request {
      /** The visitor's session. */
      session: Session & Partial<SessionData>;
      /** The secret id of the session. */
      sessionID: string;
      /** Where the session is kept. */
      sessionStore: Store;
    }
  }
}
