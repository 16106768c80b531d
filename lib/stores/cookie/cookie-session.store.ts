import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { TokenCodec } from '../../core/engine-settings.js';
import { KEY_BYTES, keyBytes } from '../../core/key-bytes.js';
import type { SessionChange, SessionRecord } from '../../core/session-record.js';
import type {
  CookieSealingStore,
  SealingApplication,
  SessionStore,
  StoreOutcome,
} from '../../core/session-store.js';
import { refuseUnknownOptions } from '../../core/store-options.js';
import { describe, messages, show } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { SealedSessionCodec } from './sealed-session.codec.js';

/** Options of {@link CookieSessionStore}. */
export interface CookieSessionStoreOptions {
  /**
   * Keys of 32 random bytes, as Buffers or as their hex, base64 or base64url text. The first seals, all open: to exchange
   * a key, put the new one first; a session under an old one is sealed anew by its next use, and after the longest time
   * a session may lie unused the old one can go.
   *
   * @defaultValue one derived from each `secret` of the module (HKDF, RFC 5869), so that exchanging the secret exchanges it, too
   */
  readonly keys?: readonly (string | Uint8Array)[];

  /**
   * How many cookies one session may take: 1 to 8. Beyond 4096 bytes it is split over `sid`, `sid.1`, `sid.2` and so on. Each
   * request carries them all: Node reads 16 KiB of headers unless it is told otherwise (`--max-http-header-size`), and many a
   * proxy 8. To lower the number ends the sessions that take more.
   *
   * @defaultValue 1
   */
  readonly chunks?: number;
}

const KNOWN = ['keys', 'chunks'] as const satisfies readonly (keyof CookieSessionStoreOptions)[];

/** As many as the cookie's name is numbered for. */
const MOST_CHUNKS = 8;

/**
 * Keeps each session in its own cookie, sealed with AES-256-GCM, and nothing on the server.
 *
 * The price: nobody but the browser can end a session. After a logout (or `login()`, `rotate()`, a change of rights) the
 * browser has another cookie or none, but **a copy of the old one that somebody has kept stays good until its idle or
 * absolute timeout**. Of requests at the same time the cookie that reaches the browser last wins, with all it holds.
 * Messages of WebSockets read the session that their handshake brought, and cannot change it (`SessionUsageError`).
 * Sessions cannot be listed, counted or revoked, nor ids renewed on a schedule: asking for that is a
 * `SessionCapabilityError`. 2,957 bytes of JSON fit under the name `__Host-sid`; more is a `SessionDataError`, and the cookie from before stays good.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: new CookieSessionStore(), cookie: { secure: true }, idleTimeout: '30m' })
 * ```
 */
export class CookieSessionStore implements SessionStore, CookieSealingStore {
  readonly sharesCalls = false;
  readonly keepsPreviousKeys = false;
  readonly maxCookies: number;
  readonly #keys: readonly [KeyObject, ...KeyObject[]] | undefined;

  /** @throws SessionOptionsError naming the option that is wrong. */
  constructor(options: CookieSessionStoreOptions = {}) {
    refuseUnknownOptions('CookieSessionStore', options, KNOWN);
    const { keys, chunks = 1 } = options;
    if (!Number.isInteger(chunks) || chunks < 1 || chunks > MOST_CHUNKS)
      throw new SessionOptionsError(messages.cookieChunks(show(chunks), MOST_CHUNKS));
    this.maxCookies = chunks;
    this.#keys = keys === undefined ? undefined : keysOf(keys);
  }

  /** What seals the sessions of an application into their cookies: called by the module, once. */
  codecFor({ cookieName, secrets, maxLength }: SealingApplication): TokenCodec {
    const { maxCookies } = this;
    const keys = this.#keys ?? (secrets.map(derivedKey) as [KeyObject, ...KeyObject[]]);
    return new SealedSessionCodec({ keys, cookieName, maxLength, maxCookies });
  }

  /** Finds nothing: what there is of a session came with its cookie. */
  read(keys: readonly string[]): Promise<readonly undefined[]> {
    return Promise.resolve(keys.map(() => undefined));
  }

  /** Answers that all is well: the record goes out with the cookie. */
  create(records: readonly SessionRecord[]): Promise<readonly StoreOutcome[]> {
    return Promise.resolve(records.map(() => true));
  }

  /** Answers that all is well: the record goes out with the cookie. */
  update(changes: readonly SessionChange[]): Promise<readonly StoreOutcome[]> {
    return Promise.resolve(changes.map(() => true));
  }

  /** Answers that all is well: the cookie is expired. */
  delete(keys: readonly string[]): Promise<readonly StoreOutcome[]> {
    return Promise.resolve(keys.map(() => true));
  }
}

/** Keys as bytes. What was given is a secret: an error says of which kind it is alone. */
function keysOf(given: unknown): [KeyObject, ...KeyObject[]] {
  if (!Array.isArray(given) || given.length === 0)
    throw new SessionOptionsError(messages.cookieKeys('keys', describe(given)));
  const keys = given.map((one: unknown, index) => {
    const bytes = keyBytes(one);
    if (bytes?.length !== KEY_BYTES)
      throw new SessionOptionsError(messages.cookieKeys(`keys[${index}]`, describe(one)));
    return createSecretKey(bytes);
  });
  const same = keys.findIndex((key, index) => keys.findIndex((other) => other.equals(key)) !== index);
  if (same >= 0) throw new SessionOptionsError(messages.cookieKeyTwice(same));
  return keys as [KeyObject, ...KeyObject[]];
}

/** A key for this purpose alone out of a secret that signs cookies elsewhere (NIST SP 800-57 part 1, section 5.2). */
function derivedKey(secret: string | Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'nest-session cookie key', KEY_BYTES)));
}
