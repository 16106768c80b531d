import { createCipheriv, createDecipheriv, createHash, hash, randomBytes } from 'node:crypto';
import { messages } from '../errors/messages.js';
import { SessionDataError } from '../errors/session-data.error.js';

/**
 * A new session id: 256 bits from the system's CSPRNG, as 43 characters of base64url.
 *
 * @see OWASP ASVS 5.0, 7.2.3 (at least 128 bits of entropy from a CSPRNG)
 */
export function generateId(): string {
  return randomBytes(32).toString('base64url');
}

/** The public name of a session: base64url of SHA-256 of its id. Who reads it from a database or a page cannot get back to the id. */
export function handleOf(id: string): string {
  return hash('sha256', id, 'base64url');
}

/** Whether a string may be a session id: 1 to 256 printable ASCII characters, neither space nor control. */
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
 * Seals the new id of a rotated session for whoever holds the old one. Within the grace period every request that
 * still comes with the old id can be given the new cookie, although no id is ever stored in the clear.
 */
export function sealSuccessor(id: string, previousId: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', successorKey(previousId), nonce);
  return Buffer.concat([nonce, cipher.update(id, 'latin1'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

/** Opens what {@link sealSuccessor} sealed; throws when it was sealed for another id or was altered. */
export function openSuccessor(sealed: string, previousId: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', successorKey(previousId), bytes.subarray(0, 12), {
    authTagLength: 16,
  });
  decipher.setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(12, -16), undefined, 'latin1') + decipher.final('latin1');
}
