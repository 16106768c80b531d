import { createSecretKey, type KeyObject } from 'node:crypto';
import { KEY_BYTES, keyBytes, type SealedRecordsOptions } from '../core/record/record-seal.js';
import { flag, refuse, refuseWithoutValue } from './option-checks.js';

/** How sessions are sealed at rest: AES-256-GCM, each under a key of its own that is derived from these (HKDF, RFC 5869). */
export interface SessionEncryptionOptions {
  /**
   * Keys of 32 random bytes, as Buffers or as their hex, base64 or base64url text, none of which should be a `secret`, too
   * (a warning, NIST SP 800-57 part 1, section 5.2). The first seals, all open. To exchange
   * a key, put the new one first; sessions under an old one are sealed anew by their next use, and after the longest time
   * a session may lie unused the old one can go.
   */
  keys: readonly (string | Uint8Array)[];
  /**
   * Take rows that were stored without a seal for what they say, and seal them with their next use. For the time of
   * the change-over alone: who can write to the store can write such rows. Without it they are refused as corrupt.
   *
   * @defaultValue `false`
   */
  acceptPlain?: boolean;
}

const KNOWN = ['keys', 'acceptPlain'] as const satisfies readonly (keyof SessionEncryptionOptions)[];

/** The option `encryption`, checked. */
export type ResolvedEncryption = Pick<SealedRecordsOptions, 'keys' | 'acceptPlain'>;

/** Checks the option `encryption`. */
export function resolveEncryption(
  encryption: SessionEncryptionOptions | undefined,
): ResolvedEncryption | undefined {
  if (encryption === undefined) return undefined;
  if (typeof encryption !== 'object' || encryption === null || Array.isArray(encryption))
    refuseWithoutValue('encryption', encryption, 'an object with "keys"');
  for (const name of Object.keys(encryption)) {
    if (!(KNOWN as readonly string[]).includes(name))
      refuse(`encryption.${name}`, 'this name', `the names ${KNOWN.join(', ')}`);
  }
  return {
    keys: resolveKeys('encryption.keys', encryption.keys),
    acceptPlain: flag('encryption.acceptPlain', encryption.acceptPlain, false),
  };
}

/** Keys as bytes. What was given is a secret: an error says of which kind it is, and how long. */
function resolveKeys(name: string, given: unknown): [KeyObject, ...KeyObject[]] {
  if (!Array.isArray(given) || given.length === 0) {
    refuseWithoutValue(name, given, 'an array of one or more keys; the first seals, all open');
  }
  const keys = given.map((key: unknown, index) => {
    const bytes = keyBytes(key);
    if (bytes?.length === KEY_BYTES) return createSecretKey(bytes);
    return refuseWithoutValue(
      `${name}[${index}]`,
      key,
      `32 random bytes, as a Buffer or as hex, base64 or base64url text, for example from "openssl rand -hex 32"`,
    );
  });
  const same = keys.findIndex((key, index) => keys.findIndex((other) => other.equals(key)) !== index);
  if (same >= 0)
    refuseWithoutValue(`${name}[${same}]`, given[same], 'a key that is not in the array already');
  return keys as [KeyObject, ...KeyObject[]];
}

/**
 * Whether one of the keys is a secret that cookies are signed with, too: a key is for one purpose (NIST SP 800-57 part 1,
 * section 5.2), and who learns it should not have both.
 */
export function sharesKey({ keys }: ResolvedEncryption, secrets: readonly (string | Buffer)[]): boolean {
  return secrets
    .flatMap((secret) => [keyBytes(secret) ?? Buffer.from(secret), Buffer.from(secret)])
    .some((bytes) => keys.some((key) => key.equals(createSecretKey(bytes))));
}
