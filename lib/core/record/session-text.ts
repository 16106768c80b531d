import { messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';

/** The top-level keys that differ between two copies of the data; `undefined` for a key that was removed. */
export type KeyChanges = ReadonlyMap<string, unknown>;

type Bag = Record<string, unknown>;

/** How deeply values may be nested. */
const MAX_DEPTH = 1_000;

/** Assigns an own property, whatever its name: `__proto__` is a key like any other. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key !== '__proto__') (target as Bag)[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Parses the text of a JSON object. @throws SyntaxError if it is anything else. */
export function parseObject(text: string): Bag {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('not a JSON object');
  return value as Bag;
}

/**
 * Parses the stored text of a JSON object. Also throws for values that could not be stored again, which a row that was edited
 * by hand may hold: infinite numbers, and values nested too deeply.
 */
export function parseStored(text: string): Bag {
  const values = parseObject(text);
  if (isSuspicious(text)) refuseNonJson(values);
  return values;
}

/** A number of JSON that may become Infinity, because its exponent is 100 or more. */
const LARGE_EXPONENT = /\d[eE]\+?0*[1-9]\d\d/;

/** So many digits in a row may become Infinity, too. */
const MANY_DIGITS = 200;

/**
 * Whether a text may hold values that could not be stored again. Text that this package has stored rarely looks like it, so
 * that its values need no check.
 */
export function isSuspicious(text: string): boolean {
  return LARGE_EXPONENT.test(text) || hasManyDigits(text) || isNestedDeeply(text);
}

/**
 * Whether a text has {@link MANY_DIGITS} digits in a row. It looks at the place where such a row could end first, and backwards
 * from there. After any other character, a row can only begin behind it. So most characters are never looked at.
 */
function hasManyDigits(text: string): boolean {
  let from = 0;
  for (let at = MANY_DIGITS - 1; at < text.length; at = from + MANY_DIGITS - 1) {
    let begin = at + 1;
    while (begin > from && isDigit(text, begin - 1)) begin--;
    if (begin === from) return true;
    from = begin;
  }
  return false;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0x30 && code <= 0x39;
}

/** Whether a text has so many open brackets that its values may be nested too deeply. */
function isNestedDeeply(text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH) return false; // in JSON, each bracket is closed
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index) | 0x20; // makes "[" and "{" the same, and "]" and "}"
    if (code === 0x7b && ++depth > MAX_DEPTH) return true;
    if (code === 0x7d) depth--;
  }
  return false;
}

/**
 * The data of a session object as text, without the keys in `hidden`. Functions and symbols are refused if `strict`, else
 * dropped as JSON does.
 *
 * @throws {@link SessionDataError} naming the key whose value JSON cannot hold.
 */
export function textOf(data: object, hidden: ReadonlySet<string>, strict = true): string {
  let isHiding = false;
  for (const key in data) {
    if (!Object.hasOwn(data, key)) continue;
    if (hidden.has(key)) {
      isHiding = true;
      continue;
    }
    const type = typeof (data as Bag)[key];
    if (strict && (type === 'function' || type === 'symbol'))
      throw new SessionDataError(messages.notJson(key, `a ${type}`));
  }
  const source = isHiding ? without(data, hidden) : data;
  try {
    return JSON.stringify(source);
  } catch (error) {
    refuseNonJson(source, hidden);
    throw error;
  }
}

function without(data: object, hidden: ReadonlySet<string>): object {
  const shown = {};
  for (const key of Object.keys(data)) if (!hidden.has(key)) setOwn(shown, key, (data as Bag)[key]);
  return shown;
}

/**
 * Refuses values that JSON would silently drop or change.
 *
 * @throws {@link SessionDataError} naming the key.
 */
export function refuseNonJson(data: object, hidden?: ReadonlySet<string>): void {
  const path: object[] = [];
  for (const key of Object.keys(data)) {
    if (hidden?.has(key)) continue;
    const fault = faultIn((data as Bag)[key], path);
    if (fault !== undefined) throw new SessionDataError(messages.notJson(key, fault));
  }
}

/** Classes that JSON turns into an empty object. */
const NOT_JSON = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer];

/** The part of a value that JSON cannot hold; `path` are the objects around it. Each value is checked once. */
function faultIn(value: unknown, path: object[]): string | undefined {
  if (typeof value !== 'object' || value === null) return faultOfPrimitive(value);
  // This also finds cycles.
  if (path.length >= MAX_DEPTH)
    return new Set(path).size < path.length ? 'a cycle' : 'a value nested too deeply';
  path.push(value);
  const fault = faultInside(value, path);
  path.pop();
  return fault;
}

function faultOfPrimitive(value: unknown): string | undefined {
  if (typeof value === 'bigint') return 'a BigInt';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : undefined;
}

function faultInside(value: object, path: object[]): string | undefined {
  if (typeof (value as Bag).toJSON === 'function')
    return faultIn((value as { toJSON(): unknown }).toJSON(), path);
  if (Array.isArray(value)) return faultOfElements(value, path);
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    if (ArrayBuffer.isView(value) || NOT_JSON.some((type) => value instanceof type))
      return `a ${value.constructor.name}`;
  }
  for (const key in value) {
    const fault = Object.hasOwn(value, key) ? faultOfMember((value as Bag)[key], path) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfElements(values: readonly unknown[], path: object[]): string | undefined {
  for (const value of values) {
    if (value === undefined) return 'an array with an undefined element';
    const fault = faultOfMember(value, path);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Most values are text, which needs no check. */
function faultOfMember(value: unknown, path: object[]): string | undefined {
  return typeof value === 'string' ? undefined : faultIn(value, path);
}

/** The top-level keys that differ between two texts of JSON objects, with copies of their values. */
export function changesBetween(before: string, after: string): KeyChanges {
  const changes = new Map<string, unknown>();
  if (before === after) return changes;
  const old = parseObject(before);
  const now = parseObject(after);
  for (const key of Object.keys(old)) if (!Object.hasOwn(now, key)) changes.set(key, undefined);
  for (const key of Object.keys(now)) {
    if (!Object.hasOwn(old, key) || JSON.stringify(old[key]) !== JSON.stringify(now[key]))
      changes.set(key, now[key]);
  }
  return changes;
}

/** Applies changed keys to an object. */
export function applyChanges(target: object, changes: Iterable<readonly [string, unknown]>): void {
  for (const [key, value] of changes) {
    if (value === undefined) Reflect.deleteProperty(target, key);
    else setOwn(target, key, value);
  }
}

/**
 * Gives an object the values of another, in their order. A value that is equal already stays the same object. The present
 * values need not be JSON.
 */
export function replaceValues(target: object, values: object, hidden: ReadonlySet<string>): void {
  const before = new Map(Object.entries(target).filter(([key]) => !hidden.has(key)));
  for (const key of before.keys()) Reflect.deleteProperty(target, key);
  for (const [key, value] of Object.entries(values)) {
    const old: unknown = before.get(key);
    setOwn(target, key, before.has(key) && isSame(old, value) ? old : value);
  }
}

function isSame(value: unknown, other: unknown): boolean {
  try {
    return JSON.stringify(value) === JSON.stringify(other);
  } catch {
    return false; // a value that JSON cannot hold equals nothing that was read
  }
}
