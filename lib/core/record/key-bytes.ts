/** AES-256 takes keys of so many bytes. */
export const KEY_BYTES = 32;

/** The bytes of a key that is given as such, or as their hex, base64 or base64url text; undefined for any other text. */
export function keyBytes(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key;
  if (typeof key !== 'string') return undefined;
  if (/^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, 'hex');
  if (/^[A-Za-z0-9+/]{43}=?$/.test(key)) return Buffer.from(key, 'base64');
  if (/^[A-Za-z0-9_-]{43}=?$/.test(key)) return Buffer.from(key, 'base64url');
  return undefined;
}
