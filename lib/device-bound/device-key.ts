import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { DEVICE_ALGORITHMS, type DeviceAlgorithm, type DeviceKey } from '../core/record/device-binding.js';

/** The members of a JWK (RFC 7517) for a public key; all others are ignored. */
type Jwk = Partial<Record<'kty' | 'crv' | 'x' | 'y' | 'n' | 'e', unknown>>;

/** NIST SP 800-57 part 1, table 2; longer keys only cost time. */
const SHORTEST_RSA = 2048;
const LONGEST_RSA = 4096;

/**
 * The range of exponents that a chip for keys can have (TPM 2.0 Library, part 2, TPMS_RSA_PARMS: 32 bits). An exponent of 1
 * would make every text its own signature, and one as long as the modulus only makes each check slow.
 */
const SMALLEST_EXPONENT = 3n;
const LARGEST_EXPONENT = 0xffff_ffffn;

/** Bytes of an ES256 signature (RFC 7518, section 3.4). */
const ES256_SIGNATURE = 64;

/** Whether a value is the name of a supported signature algorithm. `none` is not supported. */
export function isDeviceAlgorithm(alg: unknown): alg is DeviceAlgorithm {
  return DEVICE_ALGORITHMS.some((known) => known === alg);
}

/** A browser's public key for an algorithm; undefined if it is invalid or too weak. */
export function deviceKeyOf(alg: DeviceAlgorithm, jwk: unknown): DeviceKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kty, crv, x, y, n, e } = jwk as Jwk;
  const members = alg === 'ES256' ? { kty, crv, x, y } : { kty, n, e };
  if (Object.values(members).some((member) => typeof member !== 'string')) return undefined;
  const key = imported({ key: members as Record<string, string>, format: 'jwk' });
  if (key === undefined || !fits(key, alg)) return undefined;
  return { alg, spki: key.export({ type: 'spki', format: 'der' }).toString('base64url') };
}

/**
 * Whether the key has signed a text. The registered key determines the algorithm, not the proof. False if the stored key
 * cannot be read, because the row was damaged.
 */
export function isSignedBy({ alg, spki }: DeviceKey, text: string, signature: Buffer): boolean {
  const key = imported({ key: Buffer.from(spki, 'base64url'), type: 'spki', format: 'der' });
  if (key === undefined || !fits(key, alg)) return false;
  if (alg === 'RS256') return verify('sha256', Buffer.from(text), key, signature);
  if (signature.length !== ES256_SIGNATURE) return false;
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function imported(key: Parameters<typeof createPublicKey>[0]): KeyObject | undefined {
  try {
    return createPublicKey(key);
  } catch {
    return undefined; // no such key, such as a point that is not on the curve
  }
}

function fits(
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
  alg: DeviceAlgorithm,
): boolean {
  if (alg === 'ES256') return type === 'ec' && details?.namedCurve === 'prime256v1';
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = details ?? {};
  const isSize = bits >= SHORTEST_RSA && bits <= LONGEST_RSA;
  return type === 'rsa' && isSize && exponent >= SMALLEST_EXPONENT && exponent <= LARGEST_EXPONENT;
}
