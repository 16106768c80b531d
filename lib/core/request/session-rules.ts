import type { CookieChanges, CookieDefaults, SessionCookie } from '../record/session-cookie.js';
import type { SessionLifetimes } from '../record/lifetime.js';
import type { IdScheme } from '../record/session-id.js';
import type { SessionRecord } from '../record/session-record.js';
import type { SessionSchema } from '../record/session-schema.js';
import type { FlashClaims } from './flash.js';

/** How sessions behave: as for Nest applications, or as in express-session. Chosen once. */
export interface SessionProfile {
  /** Names on the session object that are not data. */
  readonly memberNames: ReadonlySet<string>;
  /** Whether values are refused that JSON would silently drop or change. */
  readonly strict: boolean;
  /** Whether a change of the cookie settings alone is sent to the client. */
  readonly sendsCookieChanges: boolean;
  /** Whether `save()` writes an unchanged session. */
  readonly savesUnchanged: boolean;
  /** Whether an empty session is stored after `regenerate()`. */
  readonly savesRegenerated: boolean;
  /** The cookie settings of a session; `changes`: those that are stored with it. */
  cookie(defaults: CookieDefaults, changes: CookieChanges | undefined, now: () => number): SessionCookie;
}

/** The settings of all sessions, resolved at start. */
export interface SessionSettings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly lifetimes: SessionLifetimes;
  /** A duration in milliseconds, given as such or as text. @throws SessionOptionsError naming the value. */
  readonly durationOf: (name: string, given: number | string) => number;
  /** The longest `cookie.maxAge` that the policy allows, in milliseconds, and what warns of a longer one. */
  readonly policyCap?: { readonly maxAge: number; warn(): void };
  /** Whether the cookie's `maxAge` is the idle timeout: none is configured, and the cookie settings depend on the request. */
  readonly idleFollowsCookie: boolean;
  readonly profile: SessionProfile;
  readonly ids: IdScheme;
  /** Finds the user in the data. */
  readonly userIdOf: (data: object) => unknown;
  /** The application's schema of the data, if any. */
  readonly schema: SessionSchema | undefined;
  readonly maxSessionsPerUser: number | undefined;
  readonly maxDataBytes: number;
  readonly trackDevice: boolean;
  /** Whether each request writes the session, changed or not. */
  readonly resave: boolean;
  /** Whether empty sessions are stored. */
  readonly saveUninitialized: boolean;
  /**
   * When a cookie is renewed without need: with every response; with a touch or a change (if persistent); with a change of the
   * data only (if persistent); or never. It is sent only after a write that found it current.
   */
  readonly rolling: 'always' | 'touch' | 'change' | 'never';
  readonly onStoreError: 'fail' | 'anonymous';
  /** Whether a sign-in asks the browser to bind the session to its device. @defaultValue false */
  readonly bindsDevices?: boolean;
}

/** The settings, and those that follow from the store. */
export interface SessionRules extends SessionSettings {
  /** Whether the store keeps sessions under their ids. */
  readonly keepsIds: boolean;
  /** Whether records carry the cookie settings. */
  readonly keepsCookies: boolean;
  /** Whether the store finds sessions by the reference that `login()` gave. */
  readonly keepsReferences: boolean;
  /** Whether sessions are kept in their cookies. */
  readonly sealsCookies: boolean;
  /** The newest known version of a record that came in its cookie; undefined if the session has ended. */
  readonly newestOf: (record: SessionRecord) => SessionRecord | undefined;
  readonly flashClaims: FlashClaims;
}
