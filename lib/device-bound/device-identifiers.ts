import { type DeviceSeal, MAC } from './device-seal.js';

const VALUE = new RegExp(`^([\\w-]{22}|[\\w-]{43})\\.(${MAC})$`);

/** Longer identifiers are none of this module's. */
export const LONGEST_IDENTIFIER = 96;

/**
 * The names that browsers know the bindings of sessions by: `<key of the session>.<MAC>`, the same for a session's life. A
 * browser that follows a link from another site proves itself without the session's cookie (`SameSite`), so the name has to
 * lead to the session. One that is not signed leads nowhere, and costs no call of the store.
 */
export class DeviceIdentifiers {
  constructor(private readonly seal: DeviceSeal) {}

  /** The identifier of a session. */
  of(key: string): string {
    return `${key}.${this.seal.sign('identifier', key)}`;
  }

  /** The key of the session that an identifier belongs to. */
  keyIn(identifier: string): string | undefined {
    const [, key = '', mac = ''] = VALUE.exec(identifier) ?? [];
    return this.seal.verify(mac, 'identifier', key) ? key : undefined;
  }
}
