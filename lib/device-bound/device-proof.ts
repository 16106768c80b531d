import type { DeviceAlgorithm } from '../core/record/device-binding.js';
import { isDeviceAlgorithm } from './device-key.js';
import { stringIn } from './structured-header.js';

/** A proof as a browser sends it: a JWT (RFC 7519) as a JWS in compact form (RFC 7515). Nobody has checked its signature. */
export interface DeviceProof {
  readonly alg: DeviceAlgorithm;
  /** The challenge that was signed. */
  readonly challenge: string;
  /** The public key as a JWK, which comes with a registration. */
  readonly jwk: unknown;
  /** Where the browser sends it, if it says so. */
  readonly audience: string | undefined;
  /** The binding that it is for, if the browser says so. */
  readonly subject: string | undefined;
  /** What was signed, and the signature. */
  readonly signed: string;
  readonly signature: Buffer;
}

/** Characters: with an RSA key of 4096 bits a proof has some 2,200. */
const LONGEST = 4_096;

type Members = Readonly<Record<string, unknown>>;

/** Reads the header `Secure-Session-Response`; undefined for what is not a proof in every respect. */
export function readProof(header: string | string[] | undefined): DeviceProof | undefined {
  const signed = stringIn(header, LONGEST)?.split('.');
  if (signed?.length !== 3) return undefined;
  const [head = '', payload = '', signature = ''] = signed;
  const bytes = bytesOf(signature);
  const { alg, typ, jwk, crit } = objectIn(head) ?? {};
  const { jti, key, aud, sub } = objectIn(payload) ?? {};
  // Extensions that have to be understood are not (RFC 7515, section 4.1.11).
  if (typ !== 'dbsc+jwt' || !isDeviceAlgorithm(alg) || crit !== undefined || bytes === undefined)
    return undefined;
  if (typeof jti !== 'string' || !isTextOrAbsent(aud) || !isTextOrAbsent(sub)) return undefined;
  return {
    alg,
    challenge: jti,
    // Editions of the draft differ in where the key stands.
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

/** Bytes of base64url without padding, in its one form (RFC 7515, section 2). */
function bytesOf(text: string): Buffer | undefined {
  if (text === '' || !/^[\w-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
