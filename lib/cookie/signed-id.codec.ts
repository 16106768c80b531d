import { type CipherKey, createHmac, timingSafeEqual } from 'node:crypto';
import type { OpenedToken, TokenCodec } from '../core/record/token-codec.js';
import { RecentMap } from '../core/record/recent-map.js';
import { isWellFormedId } from '../core/record/session-id.js';

/** The length of an HMAC-SHA256 in base64 without padding. */
const SIGNATURE_LENGTH = 43;

/** `s:`, at most 256 characters of id, `.` and the signature. */
const MAX_TOKEN_LENGTH = 2 + 256 + 1 + SIGNATURE_LENGTH;

/** How many signatures are remembered: some 1 MB. */
const REMEMBERED = 5_000;

/** The form of ids that a codec accepts. */
export interface IdRules {
  /** The most characters a cookie value may have. */
  readonly maxLength: number;
  /** Whether a text may be an id. */
  readonly isId: (id: string) => boolean;
}

/**
 * The cookie value of a session that is kept on the server: `s:<id>.<HMAC-SHA256 of the id>`, exactly as express-session
 * writes it, so that cookies survive a migration in both directions.
 */
export class SignedIdCodec implements TokenCodec {
  readonly #secrets: readonly [CipherKey, ...CipherKey[]];
  readonly #rules: IdRules;
  /**
   * Recently verified signatures, so that most requests of a busy session need no HMAC. They are still compared
   * completely, in constant time. They are kept as text, because a small Buffer keeps a larger block of memory alive.
   */
  readonly #verified = new RecentMap<string>(REMEMBERED);

  /**
   * @param secrets - The first signs, all verify.
   * @param rules - The format of ids. Other ids are refused before anything is computed.
   */
  constructor(
    secrets: readonly [CipherKey, ...CipherKey[]],
    rules: IdRules = { maxLength: MAX_TOKEN_LENGTH, isId: isWellFormedId },
  ) {
    this.#secrets = secrets;
    this.#rules = rules;
  }

  open(token: string): OpenedToken {
    const { maxLength, isId } = this.#rules;
    const dot = token.lastIndexOf('.');
    const id = token.slice(2, dot);
    if (token.length > maxLength || !token.startsWith('s:') || dot < 0 || !isId(id)) {
      return { rejected: 'malformed' };
    }
    const given = Buffer.from(token.slice(dot + 1));
    if (given.length !== SIGNATURE_LENGTH) return { rejected: 'signature' };
    const verified = this.#verify(id, given);
    return verified === undefined ? { rejected: 'signature' } : { id: verified };
  }

  /** Verifies a signature. Returns a copy of the id, which may be kept longer than the header. */
  #verify(id: string, given: Buffer): string | undefined {
    const known = this.#verified.entry(id);
    if (known !== undefined && isSame(given, Buffer.from(known.value))) return known.key;
    const isValid = this.#secrets.some((secret) => isSame(given, Buffer.from(sign(id, secret))));
    return isValid ? this.#verified.add(id, given.toString()) : undefined;
  }

  seal(id: string): string {
    return `s:${id}.${sign(id, this.#secrets[0])}`;
  }
}

function sign(id: string, secret: CipherKey): string {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
}

/** Compares in constant time (GHSA-92vm-wfm5-mxvv). */
function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
