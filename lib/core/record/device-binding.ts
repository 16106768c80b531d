/** The algorithms that browsers sign their proofs with (Device Bound Session Credentials, section "DBSC Proof JWT Syntax"). */
export const DEVICE_ALGORITHMS = ['ES256', 'RS256'] as const;

/** One of {@link DEVICE_ALGORITHMS}. */
export type DeviceAlgorithm = (typeof DEVICE_ALGORITHMS)[number];

/** The public half of the key that a browser has made for a session. The private half never leaves the device. */
export interface DeviceKey {
  readonly alg: DeviceAlgorithm;
  /** base64url of the key as SubjectPublicKeyInfo (RFC 5280) in DER. */
  readonly spki: string;
}

/** How a session is bound to a device, or that a browser was asked to bind it. */
export interface DeviceBinding {
  /** The epoch of the sign-in that asked for the binding. */
  readonly epoch: number;
  /** When that was, in milliseconds since the epoch of Unix. */
  readonly at: number;
  /** When the user signed in, if the binding was asked for again since. A new request restarts no grace period. */
  readonly since?: number;
  /** The key, once a browser has registered one. */
  readonly key?: DeviceKey;
  /** Challenges that were issued until then are used up. */
  readonly usedUntil?: number;
}

/** What {@link nextBinding} has to know of a write. */
export interface BindingWrite {
  /** Whether `login()` is called: a user has proved who they are, perhaps with another browser than before. */
  readonly isLogin: boolean;
  /** The owner before and after the write. */
  readonly ownerBefore: string | null;
  readonly owner: string | null;
  /** The epoch after the write. */
  readonly epoch: number;
  /** Milliseconds since the epoch of Unix. */
  readonly now: number;
}

/**
 * The binding of a session after a write. A sign-in asks for a new one: `login()`, or an owner that appears in another way, as
 * with Passport. In an epoch it is asked for once. A key stays until the next `login()`: if a step up or acting for somebody
 * gave it up, a thief with both cookies could bind the session to a device of their own.
 */
export function nextBinding(
  current: DeviceBinding | undefined,
  { isLogin, ownerBefore, owner, epoch, now }: BindingWrite,
): DeviceBinding | undefined {
  const asked = { epoch, at: now };
  if (isLogin) return asked;
  if (owner === null || current?.key !== undefined) return current;
  const isSignIn = current === undefined ? owner !== ownerBefore : current.epoch !== epoch;
  if (!isSignIn) return current;
  return current === undefined || owner !== ownerBefore
    ? asked
    : { ...asked, since: current.since ?? current.at };
}

/** Whether what was stored as a binding is one. */
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
