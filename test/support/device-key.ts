import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

type Members = Record<string, unknown>;

/** A key of a browser, kept in software. */
export class DeviceKeyPair {
  readonly privateKey: KeyObject;
  readonly jwk: Members;

  constructor(
    readonly alg: 'ES256' | 'RS256' = 'ES256',
    { bits = 2048, curve = 'P-256' } = {},
  ) {
    const { privateKey, publicKey } =
      alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: curve })
        : generateKeyPairSync('rsa', { modulusLength: bits });
    this.privateKey = privateKey;
    this.jwk = publicKey.export({ format: 'jwk' });
  }

  /** A proof as Chromium writes it; `changes` are put over its header, `claims` over its payload. */
  proof(challenge: string, { isRegistration = false, changes = {}, claims = {} } = {}): string {
    const header = { alg: this.alg, ...(isRegistration && { jwk: this.jwk }), typ: 'dbsc+jwt', ...changes };
    return this.sign(header, { jti: challenge, ...claims });
  }

  /** A JWS in compact form. */
  sign(header: unknown, payload: unknown): string {
    const signed = `${encoded(header)}.${encoded(payload)}`;
    const key =
      this.alg === 'ES256' ? { key: this.privateKey, dsaEncoding: 'ieee-p1363' as const } : this.privateKey;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  }
}

/** A part of a JWS. */
export function encoded(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}
