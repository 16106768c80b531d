import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { type SessionRecord, unreadable } from './session-record.js';

/** Seals and opens records between the engine, which sees plain sessions, and the store. */
export interface RecordSeal {
  /** A stored record for the engine. One that cannot be opened is returned as unreadable. */
  open(record: SessionRecord): SessionRecord;
  /** A record for the store. */
  seal(record: SessionRecord): SessionRecord;
}

/** The beginning of sealed data, which is a JSON object like all data. */
const BEGIN = '{"$sealed":"';
const FORMAT = '1.';
const SEALED = /^\{"\$sealed":"1\.([\w-]{6})\.([\w-]+)"\}$/;

/**
 * Data that looks like sealed data of any format, with the zeros before its format. Sealed data has no zeros.
 */
const LIKE_SEALED = /^\{"\$sealed":"(0*)[1-9]\d*\.[^"\\]*"\}$/;

/** Bytes of the nonce and of the tag of AES-256-GCM (NIST SP 800-38D). */
const NONCE = 12;
const TAG = 16;

/** Separates data from meta in the sealed text: no JSON text contains this character. */
const DIVIDER = '\0';

/**
 * Stores sessions without encryption. If an application's own data looks sealed, one more zero before its format marks it as
 * data, and is removed when it is read. The mark is part of the only value, so it survives stores that parse and rewrite the
 * JSON. Data that really is sealed is unreadable, and never shown as data.
 */
export const PLAIN_RECORDS: RecordSeal = {
  open(record) {
    const [, zeros] = LIKE_SEALED.exec(record.data) ?? [];
    if (zeros === undefined) return record;
    if (zeros === '') return unreadable(record);
    return { ...record, data: BEGIN + record.data.slice(BEGIN.length + 1) };
  },
  seal(record) {
    if (!LIKE_SEALED.test(record.data)) return record;
    return { ...record, data: `${BEGIN}0${record.data.slice(BEGIN.length)}` };
  },
};

/** Options of {@link SealedRecords}. */
export interface SealedRecordsOptions {
  /** Keys of 32 bytes: the first seals, all open. */
  readonly keys: readonly [KeyObject, ...KeyObject[]];
  /** Whether rows without a seal are accepted. */
  readonly acceptPlain: boolean;
  /** Called if a record was sealed with an unknown key. */
  readonly onUnknownKey: () => void;
}

/**
 * Seals the data of sessions with AES-256-GCM. Each session has its own key (HKDF, RFC 5869), each write its own nonce. The
 * seal is bound to the fields that decide access: data that was sealed for one row opens in no other row, and for no other
 * id, user or login.
 *
 * It stores `{"$sealed":"1.<key>.<base64url of nonce, ciphertext and tag>"}`, where `<key>` names the key.
 */
export class SealedRecords implements RecordSeal {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #current: string;
  readonly #options: SealedRecordsOptions;

  constructor(options: SealedRecordsOptions) {
    this.#options = options;
    this.#keys = new Map(options.keys.map((key) => [nameOf(key), key]));
    this.#current = nameOf(options.keys[0]);
  }

  seal(record: SessionRecord): SessionRecord {
    const nonce = randomBytes(NONCE);
    const key = keyFor(record, this.#keys.get(this.#current)!);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(identityOf(record));
    const text = record.meta === null ? record.data : record.data + DIVIDER + record.meta;
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    const data = `${BEGIN}${FORMAT}${this.#current}.${sealed.toString('base64url')}"}`;
    return { ...record, data, meta: null };
  }

  open(record: SessionRecord): SessionRecord {
    const [, name, sealed] = SEALED.exec(record.data) ?? [];
    if (name === undefined || sealed === undefined) {
      return this.#options.acceptPlain
        ? { ...PLAIN_RECORDS.open(record), due: 'changed' }
        : unreadable(record);
    }
    const key = this.#keys.get(name);
    if (key === undefined) this.#options.onUnknownKey();
    const text = key && opened(record, key, Buffer.from(sealed, 'base64url'));
    if (text === undefined) return unreadable(record);
    const divider = text.indexOf(DIVIDER);
    const parts = divider < 0 ? [text] : [text.slice(0, divider), text.slice(divider + 1)];
    return {
      ...record,
      data: parts[0]!,
      meta: parts[1] ?? null,
      // Its first use seals it again, so that the old key can be removed in time.
      ...(name !== this.#current && { due: 'changed' as const }),
    };
  }
}

function opened(record: SessionRecord, key: KeyObject, sealed: Buffer): string | undefined {
  if (sealed.length < NONCE + TAG) return undefined;
  const nonce = sealed.subarray(0, NONCE);
  const decipher = createDecipheriv('aes-256-gcm', keyFor(record, key), nonce, { authTagLength: TAG });
  decipher.setAAD(identityOf(record)).setAuthTag(sealed.subarray(-TAG));
  const text = decipher.update(sealed.subarray(NONCE, -TAG));
  try {
    decipher.final();
  } catch {
    return undefined; // sealed for another row, or altered
  }
  return text.toString('utf8');
}

/** A key for one session, so that random nonces can collide only among the writes of one session. */
function keyFor({ key }: SessionRecord, secret: KeyObject): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `nest-session record\0${key}`, 32));
}

/**
 * The fields that decide access, to which the seal is bound. A touch rewrites `lastSeenAt`, `expiresAt`, `ip` and
 * `userAgent` without a new seal, so these are not bound.
 */
function identityOf(record: SessionRecord): Buffer {
  const { key, token, previousToken, previousUntil, epoch, userId, createdAt, authenticatedAt } = record;
  const ids = [key, token, previousToken, previousUntil];
  const references = record.reference === null ? [] : [record.reference];
  return Buffer.from(JSON.stringify([...ids, epoch, userId, createdAt, authenticatedAt, ...references]));
}

/** A name for a key that reveals nothing of it. */
function nameOf(key: KeyObject): string {
  return createHash('sha256')
    .update('nest-session key name\0')
    .update(key.export())
    .digest('base64url')
    .slice(0, 6);
}

/** The length of a key of AES-256. */
export const KEY_BYTES = 32;

/** The bytes of a key that is given as bytes, or as hex, base64 or base64url text; undefined for any other text. */
export function keyBytes(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key;
  if (typeof key !== 'string') return undefined;
  if (/^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, 'hex');
  if (/^[A-Za-z0-9+/]{43}=?$/.test(key)) return Buffer.from(key, 'base64');
  if (/^[A-Za-z0-9_-]{43}=?$/.test(key)) return Buffer.from(key, 'base64url');
  return undefined;
}
