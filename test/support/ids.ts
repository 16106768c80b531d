import { createHash } from 'node:crypto';

/** An id of ours: the key and, behind it, the secret. */
export const OUR_ID = /^([\w-]{22})~[\w-]{43}$/;

/** The name (handle, key) of a session of ours. */
export const HANDLE = /^[\w-]{22}$/;

/** An id that carries its key: of ours, or of a foreign session after its first renewal. */
const KEYED = /^([\w-]{22}|[\w-]{43})~[\w-]{43}$/;

/** What is stored of an id. */
export function tokenOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}

/** The key of the session that an id belongs to. */
export function keyOf(id: string): string {
  return KEYED.exec(id)?.[1] ?? tokenOf(id);
}
