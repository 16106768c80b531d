import { type Acting, isActing } from './identity/acting.js';
import { isCsrfSecret } from './csrf-token.js';
import { isLevels, type Levels } from './identity/levels.js';
import { type DeviceBinding, isDeviceBinding } from './device-binding.js';
import type { CookieChanges } from './session-cookie.js';
import { isSuspicious, parseObject, refuseNonJson } from './session-text.js';

/** A flash value with a unique name, so that a reader removes only the values that it read. */
export type FlashEntry = readonly [name: string, value: unknown];

/** The engine's own data of a session. */
export interface SessionMeta {
  /** The version of the application's data (option `version`). */
  version?: number;
  /** Flash values, by key. */
  flash?: Record<string, FlashEntry[]>;
  /** The secret of the tokens of `@CsrfToken()`, if one was used. */
  csrf?: string;
  /** The levels of the session, if there are more than level 1 at the login. */
  levels?: Levels;
  /** The user that the owner acts for. */
  acting?: Acting;
  /** The settings of this session's cookie that differ from the application's. */
  cookie?: CookieChanges;
  /** The last renewal of the id. */
  rotation?: {
    /** When it happened. */
    at: number;
    /** The new id, sealed for the holder of the previous one. */
    successor?: string;
  };
  /** Whether a touch could send no cookie: the next response that can send it must do so. */
  cookieDue?: true;
  /** Whether somebody has acted in it until the limit, under its present id: the next response that can must renew that. */
  idDue?: true;
  /** How the session is bound to a device (option `deviceBound`). */
  device?: DeviceBinding;
}

/**
 * Parses the text of {@link SessionMeta}. Known members are checked, because a row may have been edited by hand. Unknown
 * members, which a newer release may have stored, are ignored.
 *
 * @throws SyntaxError if the text is anything else.
 */
export function parseMeta(text: string | null): SessionMeta {
  if (text === null) return {};
  const { version, flash, csrf, levels, acting, cookie, rotation, cookieDue, idDue, device } =
    parseObject(text);
  // Flash values were checked when they were added, so that only foreign text needs another check.
  if (flash !== undefined && isSuspicious(text)) requireShape(flash, isStorable);
  return {
    ...(version !== undefined && { version: requireShape(version, isVersion) }),
    ...(flash !== undefined && { flash: requireShape(flash, isFlash) }),
    ...(csrf !== undefined && { csrf: requireShape(csrf, isCsrfSecret) }),
    ...(levels !== undefined && { levels: requireShape(levels, isLevels) }),
    ...(acting !== undefined && { acting: requireShape(acting, isActing) }),
    ...(cookie !== undefined && { cookie: cookieChanges(requireShape(cookie, isObject)) }),
    ...(rotation !== undefined && { rotation: rotationOf(requireShape(rotation, isObject)) }),
    ...(cookieDue === true && { cookieDue }),
    ...(idDue === true && { idDue }),
    ...(device !== undefined && { device: requireShape(device, isDeviceBinding) }),
  };
}

type Members = Readonly<Record<string, unknown>>;

function requireShape<Shape>(value: unknown, isShape: (value: unknown) => value is Shape): Shape {
  if (!isShape(value)) throw new SyntaxError('not the meta of a session');
  return value;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isFlash(value: unknown): value is NonNullable<SessionMeta['flash']> {
  return isObject(value) && Object.values(value).every((entries) => isList(entries, isFlashEntry));
}

function isFlashEntry(value: unknown): boolean {
  return Array.isArray(value) && value.length >= 2 && typeof value[0] === 'string';
}

/** Whether flash values can be stored again: no infinite numbers, not nested too deeply. */
function isStorable(flash: unknown): flash is Members {
  if (!isFlash(flash)) return false;
  try {
    for (const entry of Object.values(flash).flat()) refuseNonJson({ ...entry });
    return true;
  } catch {
    return false;
  }
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

/** JSON has numbers that become Infinity. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

type Scalar = string | number | boolean | null;

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value !== 'object';
}

function rotationOf({ at, successor }: Members): NonNullable<SessionMeta['rotation']> {
  return {
    at: requireShape(at, isTime),
    ...(successor !== undefined && { successor: requireShape(successor, isText) }),
  };
}

/** Milliseconds: the longest life that still gives a valid date. */
const LONGEST = 8.6e15;

/** A label of a domain name (RFC 1035, section 2.3.1). */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^\\.?${LABEL}(?:\\.${LABEL})*$`, 'i');

/** Printable ASCII without what ends a path (RFC 6265bis, section 4.1.1), nor `<`, which is not written either. */
const PATH = /^[ -:=-~]+$/;

type Attribute = Exclude<keyof CookieChanges, 'originalMaxAge'>;

/** Which values can stand in a `Set-Cookie` header. Flags count by truthiness, names are not case-sensitive. */
const CAN_BE_SENT: Readonly<Record<Attribute, (value: Scalar) => boolean>> = {
  httpOnly: () => true,
  secure: () => true,
  partitioned: () => true,
  sameSite: (value) => value === true || isOneOf(value, ['lax', 'strict', 'none', 'auto']),
  priority: (value) => isOneOf(value, ['low', 'medium', 'high']),
  path: (value) => typeof value === 'string' && PATH.test(value),
  domain: (value) => typeof value === 'string' && DOMAIN.test(value),
};

function isOneOf(value: Scalar, names: readonly string[]): boolean {
  return typeof value === 'string' && names.includes(value.toLowerCase());
}

/**
 * The settings of the session's cookie. A setting that no header can hold is an error of the application, which was reported.
 * The default applies, and the session is kept.
 */
function cookieChanges(stored: Members): CookieChanges {
  const changes: Record<string, unknown> = {};
  for (const [name, canBeSent] of Object.entries(CAN_BE_SENT)) {
    if (!Object.hasOwn(stored, name)) continue;
    const value = requireShape(stored[name], isScalar);
    if (!value || canBeSent(value)) changes[name] = value;
  }
  const { originalMaxAge } = stored;
  if (originalMaxAge !== undefined) changes.originalMaxAge = lifeOf(originalMaxAge);
  // Rows of express-session hold the end of the cookie. It can be read by its name, but is no setting.
  if (Object.hasOwn(stored, 'expires')) Object.defineProperty(changes, 'expires', { value: stored.expires });
  return changes;
}

function lifeOf(value: unknown): number | null {
  // `cookie.expires = false` leaves `false` in rows of express-session.
  if (value === null || value === false) return null;
  return Math.min(Math.max(requireShape(value, isNumber), -LONGEST), LONGEST);
}

/** Whether the text of a session's meta contains a binding to a device. */
export function isBoundToDevice(text: string | null): boolean {
  try {
    return parseMeta(text).device?.key !== undefined;
  } catch {
    return false; // found to be corrupt when the session is used
  }
}

/** The text of {@link SessionMeta}, or null if it is empty. */
export function metaText(meta: SessionMeta): string | null {
  const text = JSON.stringify(meta);
  return text === '{}' ? null : text;
}

/** The stored flash values of a key. */
export function flashEntries(flash: SessionMeta['flash'], key: string): readonly FlashEntry[] {
  return flash !== undefined && Object.hasOwn(flash, key) ? flash[key]! : [];
}
