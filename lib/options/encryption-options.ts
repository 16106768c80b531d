import { createSecretKey, type KeyObject } from 'node:crypto';
import { KEY_BYTES, keyBytes, type SealedRecordsOptions } from '../core/record/record-seal.js';
import { flag, refuse, refuseWithoutValue } from './option-checks.js';

/** Encryption at rest: AES-256-GCM, with a key per session that is derived from the given keys (HKDF, RFC 5869). */
export interface SessionEncryptionOptions {
  /**
   * Keys of 32 random bytes, as Buffers or as hex, base64 or base64url text. The first key encrypts, all decrypt. To
   * replace a key, put the new one first. A session is encrypted with the new key when it is next used, so you can
   * remove the old key after the idle timeout. A key that is also a `secret` causes a warning (NIST SP 800-57 part 1,
   * section 5.2).
   */
  keys: readonly (string | Uint8Array)[];
  /**
   * Accepts unencrypted rows, and encrypts them when they are next used. Otherwise they are refused as corrupt. Use it
   * only during the transition, because anyone who can write to the store can write such rows.
   *
   * @defaultValue `false`
   */
  acceptPlain?: boolean;
}

const KNOWN = ['keys', 'acceptPlain'] as const satisfies readonly (keyof SessionEncryptionOptions)[];

/** The option `encryption`, checked. @internal */
export type ResolvedEncryption = Pick<SealedRecordsOptions, 'keys' | 'acceptPlain'>;

/** Checks the option `encryption`. @internal */
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

/** Keys as bytes. Because keys are secret, errors name only the kind and the length of a value. */
function resolveKeys(name: string, given: unknown): [KeyObject, ...KeyObject[]] {
  if (!Array.isArray(given) || given.length === 0) {
    refuseWithoutValue(name, given, 'an array of one or more keys; the first encrypts, all decrypt');
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
  if (same >= 0) refuseWithoutValue(`${name}[${same}]`, given[same], 'a key that is not yet in the array');
  return keys as [KeyObject, ...KeyObject[]];
}

/**
 * Whether one of the keys is also a secret that signs cookies. A key should have one purpose (NIST SP 800-57 part 1, section
 * 5.2).
 *
 * @internal
 */
export function sharesKey({ keys }: ResolvedEncryption, secrets: readonly (string | Buffer)[]): boolean {
  return secrets
    .flatMap((secret) => [keyBytes(secret) ?? Buffer.from(secret), Buffer.from(secret)])
    .some((bytes) => keys.some((key) => key.equals(createSecretKey(bytes))));
}
