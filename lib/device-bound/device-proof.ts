import type { DeviceAlgorithm } from '../core/record/device-binding.js';
import { isDeviceAlgorithm } from './device-key.js';
import { stringIn } from './structured-header.js';

/**
 * A proof as a browser sends it: a JWT (RFC 7519) as a JWS in compact form (RFC 7515). Its signature has not been
 * verified yet.
 */
export interface DeviceProof {
  readonly alg: DeviceAlgorithm;
  /** The challenge that was signed. */
  readonly challenge: string;
  /** The public key as a JWK, which comes with a registration. */
  readonly jwk: unknown;
  /** The URL to which the browser sends it, if present. */
  readonly audience: string | undefined;
  /** The binding for which it is, if present. */
  readonly subject: string | undefined;
  /** The signed text, and its signature. */
  readonly signed: string;
  readonly signature: Buffer;
}

/** Characters: with an RSA key of 4096 bits a proof has some 2,200. */
const LONGEST = 4_096;

type Members = Readonly<Record<string, unknown>>;

/** Reads the header `Secure-Session-Response`; undefined if it is not a valid proof. */
export function readProof(header: string | string[] | undefined): DeviceProof | undefined {
  const signed = stringIn(header, LONGEST)?.split('.');
  if (signed?.length !== 3) return undefined;
  const [head = '', payload = '', signature = ''] = signed;
  const bytes = bytesOf(signature);
  const { alg, typ, jwk, crit } = objectIn(head) ?? {};
  const { jti, key, aud, sub } = objectIn(payload) ?? {};
  // Critical extensions are not supported (RFC 7515, section 4.1.11).
  if (typ !== 'dbsc+jwt' || !isDeviceAlgorithm(alg) || crit !== undefined || bytes === undefined)
    return undefined;
  if (typeof jti !== 'string' || !isTextOrAbsent(aud) || !isTextOrAbsent(sub)) return undefined;
  return {
    alg,
    challenge: jti,
    // The place of the key differs between editions of the draft.
    jwk: jwk ?? key,
    audience: aud,
    subject: sub,
    signed: `${head}.${payload}`,
    signature: bytes,
  };
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function objectIn(part: string): Members | undefined {
  const bytes = bytesOf(part);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined; // no JSON
  }
}

/** The bytes of base64url text without padding, only in canonical form (RFC 7515, section 2). */
function bytesOf(text: string): Buffer | undefined {
  if (text === '' || !/^[\w-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
