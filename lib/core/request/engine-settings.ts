import type { CookieChanges, CookieDefaults, SessionCookie } from '../record/session-cookie.js';
import type { SessionEngine } from '../engine/session-engine.js';
import type { RejectedReason } from '../record/session-events.js';
import type { SessionLifetimes } from '../record/lifetime.js';
import { FlashClaims } from './flash-claims.js';
import type { SessionCalls } from './session-calls.js';
import type { IdScheme } from '../record/session-id.js';
import type { SessionSchema } from '../record/session-schema.js';
import type { SessionRecord } from '../record/session-record.js';
import type { SessionState } from './session-state.js';
import { type CookieSealingStore, sealsCookies, type SessionStore } from '../store/session-store.js';

/** What a cookie value turned out to be: a session's id, and its record where that stands in the cookie, too. */
export type OpenedToken =
  { readonly id: string; readonly record?: SessionRecord } | { readonly rejected: RejectedReason };

/** Turns what stands in the cookie into a session id, or into a session as a whole, and back. */
export interface TokenCodec {
  /** Checks a cookie value. */
  open(token: string): OpenedToken;
  /**
   * The cookie value for a session. The record is needed where it goes into the cookie, too.
   *
   * @throws SessionDataError when it is too large for that.
   */
  seal(id: string, record?: SessionRecord): string;
}

/** How an application sees a session: the object it works with, and that object's cookie settings. */
export interface SessionFace {
  /** Names on the object that are not data. */
  readonly memberNames: ReadonlySet<string>;
  /** Whether values that JSON would drop or change without a word are refused. */
  readonly strict: boolean;
  /** Whether a change of the cookie settings alone is sent to the client. */
  readonly sendsCookieChanges: boolean;
  /** The object for a session, without its data. */
  present(engine: SessionEngine, state: SessionState): object;
  /** The cookie settings of a session; `changes` is what is kept of them with it. */
  cookie(defaults: CookieDefaults, changes: CookieChanges | undefined, now: () => number): SessionCookie;
}

/** The rules sessions live by, resolved once at start. */
export interface EngineSettings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly lifetimes: SessionLifetimes;
  /** Whether the cookie's `maxAge` is the idle timeout where none was configured (cookie settings that depend on the request). */
  readonly idleFollowsCookie: boolean;
  readonly face: SessionFace;
  /** How ids are made, and what follows from them. */
  readonly ids: IdScheme;
  /** Finds in the data whose session it is. */
  readonly userIdOf: (data: object) => unknown;
  /** What the data looks like, where the application has said so. */
  readonly schema: SessionSchema | undefined;
  readonly maxSessionsPerUser: number | undefined;
  readonly maxDataBytes: number;
  readonly trackDevice: boolean;
  /** Write even what did not change, once a request. */
  readonly resave: boolean;
  /** Have `save()` write even what did not change. */
  readonly saveUnchanged: boolean;
  /** Store sessions that hold nothing. */
  readonly saveUninitialized: boolean;
  /** Store what holds nothing where it took the place of a session that `regenerate()` ended. */
  readonly saveRegenerated: boolean;
  /**
   * When a cookie is renewed that need not be: with every response, together with a touch or a change (of a persistent
   * cookie), with a change of the data alone (likewise), or never. It leaves only after a write that found it current.
   */
  readonly rolling: 'always' | 'touch' | 'change' | 'never';
  readonly onStoreError: 'fail' | 'anonymous';
}

/** The settings together with what follows from the store. */
export interface EngineRules extends EngineSettings {
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

/**
 * What sessions that stand in their cookies do not have: whose device it was, which nobody could list; and a cookie that
 * is renewed without need, unless that was asked for: a request that only reads would undo what another instance changes.
 */
function forCookies({ rolling }: EngineSettings): Pick<EngineSettings, 'trackDevice' | 'rolling'> {
  return { trackDevice: false, rolling: rolling === 'always' ? rolling : 'never' };
}

/** What holds for sessions in a store. */
export function rulesFor(settings: EngineSettings, store: SessionStore): EngineRules {
  const isSealing = sealsCookies(store);
  return {
    ...settings,
    ...(isSealing && forCookies(settings)),
    keepsIds: store.keepsIds ?? false,
    keepsCookies: store.keepsCookies ?? false,
    sealsCookies: isSealing,
    newestOf: isSealing ? (record) => newestIn(store, record) : (record) => record,
    flashClaims: new FlashClaims(settings.now),
  };
}

/** The newest record of a session that came in its cookie. A client with an older one is sent the newest. */
function newestIn(store: CookieSealingStore, record: SessionRecord): SessionRecord | undefined {
  const newest = store.newest(record);
  return newest === undefined || newest.version === record.version ? newest : { ...newest, due: 'touch' };
}

/** What the engine asks of the request a session belongs to. */
export interface SessionHost {
  /** The request, for `genid`. */
  readonly request: unknown;
  /** The application's cookie settings for this request. */
  readonly cookieDefaults: CookieDefaults;
  /** Reads and writes what stands in the cookie. */
  readonly codec: TokenCodec;
  /** Whether the head of the response has left, so that no cookie can be sent any more. */
  readonly headersSent: boolean;
  /** Whether it is decided which cookie the response has, so that no other can be sent. */
  readonly cookieSettled: boolean;
  /**
   * Whether a cookie may be renewed with the response. `'later'` where it has left, or where a shared cache may store it: then
   * a touch waits for the next one, too. `'impossible'` where there is none, as for a message of a WebSocket: a touch
   * then leaves a mark for the next response.
   */
  readonly renewal: 'possible' | 'later' | 'impossible';
  /** The calls of the request's session. */
  readonly calls: SessionCalls;
  /** Whether a cookie with these settings may be sent over this connection. */
  canSend(cookie: SessionCookie): boolean;
  /** Who is asking. */
  device(): { readonly ip: string | null; readonly userAgent: string | null };
  /** Makes a session (or, after `destroy()`, none) the one of the request. */
  setCurrent(state: SessionState | undefined): void;
  /** Gives the request the session back that `destroy()` took from it. */
  putBack(): void;
}

/** What a commit means for the cookie. */
export type Commit =
  | { readonly cookie: 'none' }
  | { readonly cookie: 'clear' }
  | { readonly cookie: 'set'; readonly token: string };
