import { digestOf, userIdText } from '../session-id.js';

/**
 * The digest of a reference to a session, which is kept and looked up in its place: the reference may be a secret of
 * another service. Undefined for what is no string of 1 to 255 characters without NUL.
 */
export function referenceDigest(reference: unknown): string | undefined {
  return typeof reference === 'string' && userIdText(reference) !== undefined
    ? digestOf(reference)
    : undefined;
}
