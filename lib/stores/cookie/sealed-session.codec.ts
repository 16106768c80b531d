import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { OpenedToken, TokenCodec } from '../../core/record/token-codec.js';
import type { SessionRecord } from '../../core/record/session-record.js';
import { messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';
import { compact, expand } from './compact-record.js';

/** The first byte of sealed sessions. */
const FORMAT = 1;

/** Bytes of the salt, of the key and nonce that are derived with it, and of the tag of AES-256-GCM (NIST SP 800-38D). */
const SALT = 16;
const KEY = 32;
const NONCE = 12;
const TAG = 16;

/** Bytes before the sealed session, and around it in all. */
const HEAD = 1 + SALT;
const FRAME = HEAD + TAG;

/** Options of a {@link SealedSessionCodec}. */
export interface SealedSessionCodecOptions {
  /** Keys of 32 bytes: the first seals, all open. */
  readonly keys: readonly [KeyObject, ...KeyObject[]];
  /** The name of the cookie, to which the seal is bound. */
  readonly cookieName: string;
  /** The most characters that a sealed session may have. */
  readonly maxLength: number;
  /** How many cookies that is. */
  readonly maxCookies: number;
}

/**
 * The cookie value of a session that is kept only there: base64url of a format byte, a salt, the session sealed with
 * AES-256-GCM, and the tag. Key and nonce of each sealing come from the salt (HKDF-SHA-256, RFC 5869), so that the number
 * of sealings under one key has no practical limit.
 */
export class SealedSessionCodec implements TokenCodec {
  readonly #options: SealedSessionCodecOptions;
  readonly #context: Buffer;
  /** The seals of records: a record is sealed when it is written, and used when the cookie is sent. */
  readonly #sealed = new WeakMap<SessionRecord, string>();

  constructor(options: SealedSessionCodecOptions) {
    this.#options = options;
    this.#context = Buffer.from(`nest-session cookie\0${FORMAT}\0${options.cookieName}`);
  }

  open(token: string): OpenedToken {
    const { maxLength, keys } = this.#options;
    // Before anything is decoded or computed.
    if (token.length > maxLength || !/^[\w-]+$/.test(token)) return { rejected: 'malformed' };
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length < FRAME || bytes[0] !== FORMAT) return { rejected: 'malformed' };
    for (const key of keys) {
      const plain = this.#opened(bytes, key);
      if (plain === undefined) continue;
      const session = expand(plain);
      if (session === undefined) return { rejected: 'corrupt' };
      // Its first use seals it again, so that the old key can be removed in time.
      return key === keys[0] ? session : { ...session, record: { ...session.record, due: 'changed' } };
    }
    return { rejected: 'signature' };
  }

  seal(id: string, record: SessionRecord): string {
    const known = this.#sealed.get(record);
    if (known !== undefined) return known;
    const plain = compact(id, record);
    this.#refuseTooLarge(plain, record);
    const salt = randomBytes(SALT);
    const { key, nonce } = derived(this.#options.keys[0], salt);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(this.#context);
    const sealed = [Buffer.of(FORMAT), salt, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
    const token = Buffer.concat(sealed).toString('base64url');
    this.#sealed.set(record, token);
    return token;
  }

  #opened(bytes: Buffer, secret: KeyObject): Buffer | undefined {
    const { key, nonce } = derived(secret, bytes.subarray(1, HEAD));
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
    decipher.setAAD(this.#context).setAuthTag(bytes.subarray(-TAG));
    const plain = decipher.update(bytes.subarray(HEAD, -TAG));
    try {
      decipher.final();
    } catch {
      return undefined; // sealed with another key or for another cookie, or altered
    }
    return plain;
  }

  #refuseTooLarge(plain: Buffer, { data }: SessionRecord): void {
    const { maxLength, maxCookies } = this.#options;
    const length = Math.ceil(((FRAME + plain.length) * 4) / 3);
    if (length > maxLength) {
      const bytes = Buffer.byteLength(data);
      throw new SessionDataError(messages.sealTooLarge(bytes, length, maxLength, maxCookies));
    }
  }
}

/** Key and nonce of one seal. */
function derived(secret: KeyObject, salt: Buffer): { readonly key: Buffer; readonly nonce: Buffer } {
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, 'nest-session cookie seal', KEY + NONCE));
  return { key: bytes.subarray(0, KEY), nonce: bytes.subarray(KEY) };
}
