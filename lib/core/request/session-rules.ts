import type { CookieChanges, CookieDefaults, SessionCookie } from '../record/session-cookie.js';
import type { SessionLifetimes } from '../record/lifetime.js';
import type { IdScheme } from '../record/session-id.js';
import type { SessionRecord } from '../record/session-record.js';
import type { SessionSchema } from '../record/session-schema.js';
import type { FlashClaims } from './flash-claims.js';

/** How sessions look and behave: as Nest applications have them, or as express-session has them. Chosen once, as a whole. */
export interface SessionProfile {
  /** Names on the session object that are not data. */
  readonly memberNames: ReadonlySet<string>;
  /** Whether values that JSON would drop or change without a word are refused. */
  readonly strict: boolean;
  /** Whether a change of the cookie settings alone is sent to the client. */
  readonly sendsCookieChanges: boolean;
  /** Whether `save()` writes even what did not change. */
  readonly savesUnchanged: boolean;
  /** Whether a session that holds nothing is stored where it took the place of one that `regenerate()` ended. */
  readonly savesRegenerated: boolean;
  /** The cookie settings of a session; `changes` is what is kept of them with it. */
  cookie(defaults: CookieDefaults, changes: CookieChanges | undefined, now: () => number): SessionCookie;
}

/** The rules sessions live by, resolved once at start. */
export interface SessionSettings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly lifetimes: SessionLifetimes;
  /** Whether the cookie's `maxAge` is the idle timeout where none was configured (cookie settings that depend on the request). */
  readonly idleFollowsCookie: boolean;
  readonly profile: SessionProfile;
  /** How ids are made, and what follows from them. */
  readonly ids: IdScheme;
  /** Finds in the data whose session it is. */
  readonly userIdOf: (data: object) => unknown;
  /** What the data looks like, where the application has said so. */
  readonly schema: SessionSchema | undefined;
  readonly maxSessionsPerUser: number | undefined;
  readonly maxDataBytes: number;
  readonly trackDevice: boolean;
  /** Whether even what did not change is written, once a request. */
  readonly resave: boolean;
  /** Whether sessions that hold nothing are stored. */
  readonly saveUninitialized: boolean;
  /**
   * When a cookie is renewed that need not be: with every response, together with a touch or a change (of a persistent
   * cookie), with a change of the data alone (likewise), or never. It leaves only after a write that found it current.
   */
  readonly rolling: 'always' | 'touch' | 'change' | 'never';
  readonly onStoreError: 'fail' | 'anonymous';
  /** Whether a sign-in asks the browser to bind the session to its device. @defaultValue false */
  readonly bindsDevices?: boolean;
}

/** The settings together with what follows from the store. */
export interface SessionRules extends SessionSettings {
  /** Whether the store keeps sessions under their ids. */
  readonly keepsIds: boolean;
  /** Whether records carry the cookie settings. */
  readonly keepsCookies: boolean;
  /** Whether the record stands in the session's cookie, and nowhere else. */
  readonly sealsCookies: boolean;
  /** What holds of a record that came in its cookie; undefined where the session was ended since. */
  readonly newestOf: (record: SessionRecord) => SessionRecord | undefined;
  /** Who has taken which flash value. */
  readonly flashClaims: FlashClaims;
}
