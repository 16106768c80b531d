import { type DeviceSeal, MAC } from './device-seal.js';

const VALUE = new RegExp(`^([\\w-]{22}|[\\w-]{43})\\.(${MAC})$`);

/** Identifiers of this module are not longer. */
export const LONGEST_IDENTIFIER = 96;

/**
 * The identifiers by which browsers know bound sessions: `<key of the session>.<MAC>`, the same for the whole life of a
 * session. If a browser follows a link from another site, it sends its proof without the session cookie (`SameSite`),
 * so the identifier must be enough to find the session. An identifier without a valid MAC is refused without a store
 * call.
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
