import { randomBytes, timingSafeEqual } from 'node:crypto';

/** Bytes of a secret, and of the mask over it: 256 bits, twice what OWASP ASVS 5.0 (7.2.3) asks of a session id. */
const BYTES = 32;

/** A new secret for a session: 256 bits from the system's CSPRNG, as 43 characters of base64url. */
export function newCsrfSecret(): string {
  return randomBytes(BYTES).toString('base64url');
}

/** Whether a value has the form of such a secret. */
export function isCsrfSecret(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value);
}

/**
 * A token for a secret: a random mask and the masked secret, as 86 characters of base64url. No two tokens are equal, so that
 * a compressed page does not reveal the secret (BREACH).
 */
export function csrfTokenFor(secret: string): string {
  const mask = randomBytes(BYTES);
  return Buffer.concat([mask, under(mask, bytesOf(secret))]).toString('base64url');
}

/** Whether a value has the form of a token. */
export function isCsrfToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{86}$/.test(value);
}

/** Whether a token belongs to a secret, compared in constant time. */
export function isTokenFor(secret: string, token: string): boolean {
  const bytes = bytesOf(token);
  return timingSafeEqual(under(bytes.subarray(0, BYTES), bytes.subarray(BYTES)), bytesOf(secret));
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

function under(mask: Uint8Array, bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte ^ mask[index]!);
}
