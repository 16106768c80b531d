import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { TokenCodec } from '../../core/record/token-codec.js';
import { KEY_BYTES, keyBytes } from '../../core/record/record-seal.js';
import { counterOf, type SessionChange, type SessionRecord } from '../../core/record/session-record.js';
import type {
  CookieSealingStore,
  SealingApplication,
  SessionStore,
  StoreOutcome,
} from '../../core/store/session-store.js';
import { refuseUnknownOptions } from '../../core/store/store-options.js';
import { describe, show } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';
import { RecentSessions } from './recent-sessions.js';
import { SealedSessionCodec } from './sealed-session.codec.js';

/** Options of {@link CookieSessionStore}. */
export interface CookieSessionStoreOptions {
  /**
   * Keys of 32 random bytes, as Buffers or as hex, base64 or base64url text. The first key encrypts, all decrypt. To
   * replace a key, put the new one first. A session is encrypted with the new key when it is next used, so you can
   * remove the old key after the idle timeout.
   *
   * @defaultValue one derived from each `secret` of the module (HKDF, RFC 5869)
   */
  readonly keys?: readonly (string | Uint8Array)[];

  /**
   * How many cookies one session may take: 1 to 8. Beyond 4096 bytes it is split over `sid`, `sid.1`, `sid.2` and so
   * on. Each request carries all of them: Node accepts 16 KiB of headers by default (`--max-http-header-size`), and
   * many proxies 8. If you lower the number, sessions with more cookies end.
   *
   * @defaultValue 1
   */
  readonly chunks?: number;
}

const KNOWN = ['keys', 'chunks'] as const satisfies readonly (keyof CookieSessionStoreOptions)[];

const MOST_CHUNKS = 8;

/**
 * Keeps each session in its own cookie, sealed with AES-256-GCM. There is no server state, so a session cannot be ended
 * everywhere. A logout or a new id has these limits:
 *
 * - **Within one process**, `logout()`, `login()`, `rotate()` and every change take effect for older copies of the cookie
 *   as well, for five minutes. The process remembers the newest record, or the end, of the sessions it has written in this
 *   time: at most 10,000 sessions and 16 million characters; the oldest are removed first. After a restart it remembers none.
 * - **Across processes**, and after that time, **a copy of a cookie stays valid until its idle or absolute timeout**, even
 *   after a logout.
 * - **Parallel requests** of one session are merged within one process. Across processes, the last cookie that reaches the
 *   browser replaces the whole session.
 *
 * Messages of a WebSocket read the session that their handshake brought, and cannot change it (`SessionUsageError`).
 * Sessions cannot be listed, counted or revoked, and ids cannot be renewed on a schedule; these calls and options are a
 * `SessionCapabilityError`. A cookie has room for 2,927 bytes of JSON under the name `__Host-sid`. More is a
 * `SessionDataError`, and the previous cookie stays good.
 *
 * @example
 * ```ts
 * SessionModule.forRoot({ secret, store: new CookieSessionStore(), cookie: { secure: true }, idleTimeout: '30m' })
 * ```
 */
export class CookieSessionStore implements SessionStore, CookieSealingStore {
  readonly sharesCalls = false;
  readonly maxCookies: number;
  readonly #keys: readonly [KeyObject, ...KeyObject[]] | undefined;
  /**
   * Shared by all applications of the store: `update()` and `delete()` do not know the application, and keys are unique.
   */
  readonly #recent = new RecentSessions(() => Date.now());

  /** @throws SessionOptionsError naming the wrong option. */
  constructor(options: CookieSessionStoreOptions = {}) {
    refuseUnknownOptions('CookieSessionStore', options, KNOWN);
    const { keys, chunks = 1 } = options;
    if (!Number.isInteger(chunks) || chunks < 1 || chunks > MOST_CHUNKS)
      throw new SessionOptionsError(messages.cookieChunks(show(chunks), MOST_CHUNKS));
    this.maxCookies = chunks;
    this.#keys = keys === undefined ? undefined : keysOf(keys);
  }

  /** The codec that seals sessions into their cookies. The module calls this once per application. */
  codecFor({ cookieName, secrets, maxLength }: SealingApplication): TokenCodec {
    const { maxCookies } = this;
    const keys = this.#keys ?? (secrets.map(derivedKey) as [KeyObject, ...KeyObject[]]);
    return new SealedSessionCodec({ keys, cookieName, maxLength, maxCookies });
  }

  newest(record: SessionRecord): SessionRecord | undefined {
    const known = this.#recent.get(record.key);
    if (known === 'ended') return undefined;
    if (known === undefined || known.version === record.version) return record;
    if (isNewer(known, record)) return known;
    this.#recent.add(record);
    return record;
  }

  /** The newest records that this process knows; `undefined` for a session that it has ended or does not know. */
  read(keys: readonly string[]): Promise<readonly (SessionRecord | undefined)[]> {
    return Promise.resolve(
      keys.map((key) => {
        const known = this.#recent.get(key);
        return known === 'ended' ? undefined : known;
      }),
    );
  }

  /** Accepts records whose key is new to this process. The cookie carries them. */
  create(records: readonly SessionRecord[]): Promise<readonly StoreOutcome[]> {
    return Promise.resolve(
      records.map((record) => {
        if (this.#recent.get(record.key) !== undefined) return false;
        this.#recent.add(record);
        return true;
      }),
    );
  }

  /** Accepts changes, unless this process has ended the session or knows another version that is not older. */
  update(changes: readonly SessionChange[]): Promise<readonly StoreOutcome[]> {
    return Promise.resolve(
      changes.map(({ key, version, next }) => {
        const known = this.#recent.get(key);
        if (known === 'ended') return false;
        if (known !== undefined && known.version !== version && !isOvertaken(known, version, next))
          return false;
        this.#recent.add(next);
        return true;
      }),
    );
  }

  /** Remembers that the sessions ended, known or not; `false` if they had ended already. */
  delete(keys: readonly string[]): Promise<readonly StoreOutcome[]> {
    return Promise.resolve(
      keys.map((key) => {
        const isAlive = this.#recent.get(key) !== 'ended';
        this.#recent.end(key);
        return isAlive;
      }),
    );
  }
}

/** Whether a record of a session is newer than another: by its epoch, then by how often the session was changed. */
function isNewer(record: SessionRecord, other: SessionRecord): boolean {
  if (record.epoch !== other.epoch) return record.epoch > other.epoch;
  return counterOf(record.version) > counterOf(other.version);
}

/** Whether a change is based on a newer record than the known one, because another process has written it. */
function isOvertaken(known: SessionRecord, version: number, next: SessionRecord): boolean {
  return known.epoch <= next.epoch && counterOf(known.version) < counterOf(version);
}

/** Keys as bytes. Because keys are secret, errors name only the kind of a value. */
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

/** Derives a key for this purpose from a secret that signs cookies elsewhere (NIST SP 800-57 part 1, section 5.2). */
function derivedKey(secret: string | Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'nest-session cookie key', KEY_BYTES)));
}
