import type { CookieChanges, CookieDefaults, SessionCookie } from './session-cookie.js';
import type { SessionEngine } from './session-engine.js';
import type { RejectedReason } from './session-events.js';
import type { SessionLifetimes } from './lifetime.js';
import { FlashClaims } from './flash-claims.js';
import { RecentMap } from './recent-map.js';
import { handleOf } from './session-id.js';
import type { SessionSchema } from './session-schema.js';
import type { SessionRecord } from './session-record.js';
import type { SessionState } from './session-state.js';
import { sealsCookies, type SessionStore } from './session-store.js';

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
  /** A new id for a request. */
  readonly generateId: (request: unknown) => string;
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
  /** Send the cookie with every response; false: of a persistent one, with those that change the data; undefined: when it is persistent. */
  readonly rolling: boolean | undefined;
  readonly onStoreError: 'fail' | 'anonymous';
}

/** The settings together with what follows from the store. */
export interface EngineRules extends EngineSettings {
  /** The store's key for an id. */
  readonly keyOf: (id: string) => string;
  /** The public name of the session under a key. */
  readonly handleOf: (key: string) => string;
  /** Whether records carry the cookie settings. */
  readonly keepsCookies: boolean;
  /** Whether the record stands in the session's cookie, and nowhere else. */
  readonly sealsCookies: boolean;
  /** Who has taken which flash value. */
  readonly flashClaims: FlashClaims;
}

/**
 * What sessions that stand in their cookies do not have: whose device it was, which nobody could list; and a cookie that
 * is sent anew with every response, unless that was asked for: a request that only reads would undo what another changes.
 */
function forCookies({ rolling = false }: EngineSettings): Pick<EngineSettings, 'trackDevice' | 'rolling'> {
  return { trackDevice: false, rolling };
}

/** What holds for sessions in a store. */
export function rulesFor(settings: EngineSettings, store: SessionStore): EngineRules {
  const same = (text: string): string => text;
  return {
    ...settings,
    ...(sealsCookies(store) && forCookies(settings)),
    ...(store.keepsIds ? { keyOf: same, handleOf } : { keyOf: remembering(handleOf), handleOf: same }),
    keepsCookies: store.keepsCookies ?? false,
    sealsCookies: sealsCookies(store),
    flashClaims: new FlashClaims(settings.now),
  };
}

/** Ids whose key is remembered: some 1 MB. */
const REMEMBERED = 5_000;

/** The same function, which works out only what it was not asked for a moment ago. */
function remembering(work: (text: string) => string): (text: string) => string {
  const known = new RecentMap<string>(REMEMBERED);
  return (text) => {
    let result = known.get(text);
    if (result === undefined) known.add(text, (result = work(text)));
    return result;
  };
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
  /** Whether a cookie with these settings may be sent over this connection. */
  canSend(cookie: SessionCookie): boolean;
  /** Who is asking. */
  device(): { readonly ip: string | null; readonly userAgent: string | null };
  /** Makes a session (or, after `destroy()`, none) the one of the request. */
  setCurrent(state: SessionState | undefined): void;
}

/** What a commit means for the cookie. */
export type Commit =
  | { readonly cookie: 'none' }
  | { readonly cookie: 'clear' }
  | { readonly cookie: 'set'; readonly token: string };
