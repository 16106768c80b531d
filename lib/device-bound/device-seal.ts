import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** base64url of a MAC of 256 bits. */
export const MAC = String.raw`[\w-]{43}`;

/**
 * Signs values that browsers send back: HMAC-SHA256 under separate keys, which are derived from the option `secret`
 * (HKDF, RFC 5869), so that a MAC of one kind is not valid for another.
 */
export class DeviceSeal {
  readonly #keys: readonly Buffer[];

  /** @param secrets - The first signs, all verify. */
  constructor(secrets: readonly (string | Buffer)[]) {
    this.#keys = secrets.map((secret) =>
      Buffer.from(hkdfSync('sha256', secret, '', 'nest-session device', 32)),
    );
  }

  /** A MAC over the parts, in this order. */
  sign(...parts: readonly (string | number)[]): string {
    return macOf(this.#keys[0]!, parts);
  }

  /** Whether a MAC is valid for the parts. The comparison takes constant time. */
  verify(mac: string, ...parts: readonly (string | number)[]): boolean {
    const given = Buffer.from(mac);
    return this.#keys.some((key) => isSame(given, Buffer.from(macOf(key, parts))));
  }
}

function macOf(key: Buffer, parts: readonly (string | number)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
