import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { type SessionRecord, unreadable } from './session-record.js';

/** What stands between the engine, which sees sessions in the clear, and the store. */
export interface RecordSeal {
  /** A record as the engine sees it; one that cannot be opened comes back as unreadable. */
  open(record: SessionRecord): SessionRecord;
  /** A record as it is stored. */
  seal(record: SessionRecord): SessionRecord;
}

/** How sealed data begins: it stays a JSON object, so that it fits wherever data does. */
const BEGIN = '{"$sealed":"1.';
const SEALED = /^\{"\$sealed":"1\.([\w-]{6})\.([\w-]+)"\}$/;

/** Bytes of the nonce and of the tag of AES-256-GCM (NIST SP 800-38D). */
const NONCE = 12;
const TAG = 16;

/** Parts data from meta in what is sealed: no JSON text holds this character. */
const DIVIDER = '\0';

/** Stores sessions as they are. One that was sealed is not shown as if its seal were data. */
export const PLAIN_RECORDS: RecordSeal = {
  open: (record) => (record.data.startsWith(BEGIN) ? unreadable(record) : record),
  seal: (record) => record,
};

/** How {@link SealedRecords} work. */
export interface SealedRecordsOptions {
  /** Keys of 32 bytes: the first seals, all open. */
  readonly keys: readonly [KeyObject, ...KeyObject[]];
  /** Whether rows that were stored without a seal are taken for what they say. */
  readonly acceptPlain: boolean;
  /** Told when a record was sealed with a key that is not known. */
  readonly onUnknownKey: () => void;
}

/**
 * Seals what an application keeps in its sessions with AES-256-GCM, under a key of each session's own (HKDF, RFC 5869)
 * and a nonce of each write's own, and binds it to the session: what was sealed for one row opens in no other, and
 * for no other user.
 *
 * Stored is `{"$sealed":"1.<key>.<base64url of nonce, ciphertext and tag>"}`, where `<key>` tells which key it was.
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
    const data = `${BEGIN}${this.#current}.${sealed.toString('base64url')}"}`;
    return { ...record, data, meta: null };
  }

  open(record: SessionRecord): SessionRecord {
    const { data } = record;
    if (!data.startsWith(BEGIN)) {
      return this.#options.acceptPlain ? { ...record, due: 'changed' } : unreadable(record);
    }
    const [, name, sealed] = SEALED.exec(data) ?? [];
    if (name === undefined || sealed === undefined) return unreadable(record);
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
      // Its first use seals it anew, so that the old key can be given up in time.
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
    return undefined; // sealed for another row, or altered since
  }
  return text.toString('utf8');
}

/** A key for one session alone: random nonces then meet only among the writes of one session. */
function keyFor({ key }: SessionRecord, secret: KeyObject): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `nest-session record\0${key}`, 32));
}

/** Whose session it is and since when: what nobody may exchange under a seal. None of it changes without a new seal. */
function identityOf({ key, userId, createdAt, authenticatedAt }: SessionRecord): Buffer {
  return Buffer.from(JSON.stringify([key, userId, createdAt, authenticatedAt]));
}

/** A name for a key that gives nothing of it away. */
function nameOf(key: KeyObject): string {
  return createHash('sha256')
    .update('nest-session key name\0')
    .update(key.export())
    .digest('base64url')
    .slice(0, 6);
}
