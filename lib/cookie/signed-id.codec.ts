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

/** A signature that was found to be right. */
interface Verified {
  readonly signature: string;
  /** Whether it was made with the first secret. */
  readonly isCurrent: boolean;
}

const MALFORMED: OpenedToken = { rejected: 'malformed' };
const WRONG: OpenedToken = { rejected: 'signature' };

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
  readonly #verified = new RecentMap<Verified>(REMEMBERED);

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
    if (token.length > maxLength || !token.startsWith('s:') || dot < 0) return MALFORMED;
    const id = token.slice(2, dot);
    const known = this.#verified.entry(id);
    if (known === undefined && !isId(id)) return MALFORMED;
    const given = Buffer.from(token.slice(dot + 1));
    if (given.length !== SIGNATURE_LENGTH) return WRONG;
    if (known !== undefined && isSame(given, Buffer.from(known.value.signature))) return { id: known.key };
    const secret = this.#secrets.findIndex((one) => isSame(given, Buffer.from(sign(id, one))));
    if (secret < 0) return WRONG;
    const verified = { signature: given.toString(), isCurrent: secret === 0 };
    // A copy of the id, which may be kept longer than the header.
    return { id: this.#verified.add(id, verified) };
  }

  seal(id: string): string {
    const known = this.#verified.get(id);
    if (known?.isCurrent) return `s:${id}.${known.signature}`;
    const signature = sign(id, this.#secrets[0]);
    this.#verified.add(id, { signature, isCurrent: true });
    return `s:${id}.${signature}`;
  }
}

function sign(id: string, secret: CipherKey): string {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
}

/** Compares in constant time (GHSA-92vm-wfm5-mxvv). */
function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
