/** The algorithms that browsers sign their proofs with (Device Bound Session Credentials, section "DBSC Proof JWT Syntax"). */
export const DEVICE_ALGORITHMS = ['ES256', 'RS256'] as const;

/** One of {@link DEVICE_ALGORITHMS}. */
export type DeviceAlgorithm = (typeof DEVICE_ALGORITHMS)[number];

/** The public key that a browser has created for a session. The private key never leaves the device. */
export interface DeviceKey {
  readonly alg: DeviceAlgorithm;
  /** base64url of the key as SubjectPublicKeyInfo (RFC 5280) in DER. */
  readonly spki: string;
}

/** How a session is bound to a device, or that a browser was asked to bind it. */
export interface DeviceBinding {
  /** The epoch of the sign-in that asked for the binding. */
  readonly epoch: number;
  /** The time of that sign-in, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** When the user signed in, if the browser was asked again since. Asking again does not restart the grace period. */
  readonly since?: number;
  /** The key, once a browser has registered one. */
  readonly key?: DeviceKey;
  /** Challenges issued until this time are used up. */
  readonly usedUntil?: number;
}

/** The facts about a write for {@link nextBinding}. */
export interface BindingWrite {
  /** Whether `login()` is called: the user may have signed in with another browser than before. */
  readonly isLogin: boolean;
  /** Whether `stepUp()` or `actAs()` is called: an unbound session is to be bound now. */
  readonly asksAgain: boolean;
  /** The owner before and after the write. */
  readonly ownerBefore: string | null;
  readonly owner: string | null;
  /** The epoch after the write. */
  readonly epoch: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/**
 * The binding of a session after a write. A sign-in asks for a new one: `login()`, or another owner in the data, as with
 * Passport. `stepUp()` and `actAs()` ask again if the session is not bound. No other write asks, not even one that starts a
 * new epoch: the end of acting needs no proof of the user, so a thief could bind a stolen session to their own device. For
 * the same reason a key is kept until the next `login()`.
 */
export function nextBinding(
  current: DeviceBinding | undefined,
  { isLogin, asksAgain, ownerBefore, owner, epoch, now }: BindingWrite,
): DeviceBinding | undefined {
  const asked = { epoch, at: now };
  if (isLogin) return asked;
  if (owner === null || current?.key !== undefined) return current;
  if (owner !== ownerBefore) return asked;
  if (!asksAgain) return current;
  return current === undefined ? asked : { ...asked, since: current.since ?? current.at };
}

/** Whether a stored value is a valid binding. */
export function isDeviceBinding(value: unknown): value is DeviceBinding {
  if (typeof value !== 'object' || value === null) return false;
  const { epoch, at, since, key, usedUntil } = value as Partial<Record<keyof DeviceBinding, unknown>>;
  return (
    Number.isSafeInteger(epoch) &&
    Number.isFinite(at) &&
    (since === undefined || Number.isFinite(since)) &&
    (key === undefined || isDeviceKey(key)) &&
    (usedUntil === undefined || Number.isFinite(usedUntil))
  );
}

function isDeviceKey(value: unknown): value is DeviceKey {
  if (typeof value !== 'object' || value === null) return false;
  const { alg, spki } = value as Partial<Record<keyof DeviceKey, unknown>>;
  return DEVICE_ALGORITHMS.some((known) => known === alg) && isBase64url(spki);
}

function isBase64url(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]+$/.test(value);
}
