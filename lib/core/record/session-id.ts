import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hash,
  randomBytes,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';
import { messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import { ownText, RecentMap } from './recent-map.js';

/** Bytes of a new key (128 bits) and of a secret (256 bits) out of the system's CSPRNG. */
const KEY_BYTES = 16;
const SECRET_BYTES = 32;

/** Separates key and secret: no character of base64url. */
const DIVIDER = '~';

/** An id that carries its key: 22 characters of a new key, or 43 of the digest of a foreign id, and the secret. */
const KEYED_ID = /^(?:[\w-]{22}|[\w-]{43})~[\w-]{43}$/;

/** How many digests are remembered: some 1 MB. */
const REMEMBERED = 5_000;

/**
 * Makes session ids and derives key and token from them. Every id contains or yields the key of its session, so that the
 * cookie is enough to find a session, however often its id is renewed.
 */
export interface IdScheme {
  /** An id for a new session. */
  generate(request: unknown): string;
  /** A new id for the session with this key. */
  renew(key: string): string;
  /** The key of the session that an id belongs to. */
  keyOf(id: string): string;
  /** The digest of an id, which is stored in its place. */
  tokenOf(id: string): string;
}

/** Key and token of an id. */
export interface IdParts {
  readonly key: string;
  readonly token: string;
}

export function partsOf(id: string): IdParts {
  const token = digestOf(id);
  const key = KEYED_ID.test(id) ? ownText(id.slice(0, id.indexOf(DIVIDER))) : token;
  return { key, token };
}

/** Ids as `<key>~<secret>`. The key of an id of another form, such as one of express-session, is its digest. */
export class KeyedIds implements IdScheme {
  /** Saves the digest for most requests of a busy session. */
  readonly #known = new RecentMap<IdParts>(REMEMBERED);
  readonly #foreignId: ((request: unknown) => string) | undefined;

  /** @param foreignId - Makes the application's own ids, for new sessions. */
  constructor(foreignId?: (request: unknown) => string) {
    this.#foreignId = foreignId;
  }

  /** @see OWASP ASVS 5.0, 7.2.3 (at least 128 bits of entropy from a CSPRNG) */
  generate(request: unknown): string {
    return this.#foreignId?.(request) ?? this.renew(randomText(KEY_BYTES));
  }

  renew(key: string): string {
    return key + DIVIDER + randomSecret();
  }

  keyOf(id: string): string {
    return this.#partsOf(id).key;
  }

  tokenOf(id: string): string {
    return this.#partsOf(id).token;
  }

  #partsOf(id: string): IdParts {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const parts = partsOf(id);
    this.#known.add(id, parts);
    return parts;
  }
}

/** Random bytes that are drawn at once: many cost hardly more than a few. */
const POOL = Buffer.allocUnsafeSlow(4_096);

/** Where the bytes begin that are not used yet. */
let unused = POOL.length;

/** Bytes out of the system's CSPRNG, as base64url. Each is used once, and then removed from memory. */
function randomText(bytes: number): string {
  if (unused + bytes > POOL.length) {
    randomFillSync(POOL);
    unused = 0;
  }
  const begin = unused;
  unused += bytes;
  const text = POOL.toString('base64url', begin, unused);
  POOL.fill(0, begin, unused);
  return text;
}

/** 256 bits from the system's CSPRNG, as 43 characters of base64url. */
export function randomSecret(): string {
  return randomText(SECRET_BYTES);
}

/** base64url of SHA-256. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Compares two tokens in constant time. */
export function isSameToken(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** Whether a value may be a session id: 1 to 256 printable ASCII characters without spaces. */
export function isWellFormedId(id: unknown): id is string {
  return typeof id === 'string' && /^[\x21-\x7e]{1,256}$/.test(id);
}

/** An id from the application's own generator, checked: it goes into a cookie. @throws SessionDataError */
export function checkedId(id: unknown): string {
  if (!isWellFormedId(id)) throw new SessionDataError(messages.idInvalid);
  return id;
}

function successorKey(previousId: string): Buffer {
  return createHash('sha256').update('nest-session successor\0').update(previousId).digest();
}

/**
 * Seals the new id of a rotated session for the holder of the old one. During the grace period, requests with the old id get
 * the new cookie, although no id is ever stored in plain text.
 */
export function sealSuccessor(id: string, previousId: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', successorKey(previousId), nonce);
  return Buffer.concat([nonce, cipher.update(id, 'latin1'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

/** Opens what {@link sealSuccessor} sealed. @throws if it was sealed for another id, or altered. */
export function openSuccessor(sealed: string, previousId: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', successorKey(previousId), bytes.subarray(0, 12), {
    authTagLength: 16,
  });
  decipher.setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(12, -16), undefined, 'latin1') + decipher.final('latin1');
}

/**
 * A user id as text: a string of 1 to 255 characters, or a finite number; undefined for anything else. NUL and lone
 * surrogates do not count as characters: databases refuse them, or treat all lone surrogates as equal.
 */
export function userIdText(userId: unknown): string | undefined {
  if (typeof userId === 'number' && Number.isFinite(userId)) return String(userId);
  return typeof userId === 'string' && /^[^\0\p{Surrogate}]{1,255}$/u.test(userId) ? userId : undefined;
}
