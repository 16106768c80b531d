import { messages } from '../../errors/messages.js';
import { SessionDataError } from '../../errors/session-data.error.js';

/** The top-level keys that one copy of the data changed against another; `undefined` for a key that was removed. */
export type KeyChanges = ReadonlyMap<string, unknown>;

type Bag = Record<string, unknown>;

/** How deeply values may be nested. */
const MAX_DEPTH = 1_000;

/** Assigns an own property, whatever its name: `__proto__` is a key like any other. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key !== '__proto__') (target as Bag)[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Reads the text of a JSON object; throws when it is anything else. */
export function parseObject(text: string): Bag {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('not a JSON object');
  return value as Bag;
}

/**
 * Reads the text of a JSON object that was stored; throws also for what could not be stored again, such as somebody may
 * have written by hand: numbers beyond all bounds, and values nested too deeply.
 */
export function parseStored(text: string): Bag {
  const values = parseObject(text);
  if (isSuspicious(text)) refuseNonJson(values);
  return values;
}

/** JSON has numbers that become Infinity: with an exponent of 300 or more, or with as many digits. */
const LARGE_NUMBER = /\d[eE]\+?0*(?:[3-9]\d\d|[1-9]\d{3})|\d{300}/;

/**
 * Whether a text may hold what could not be stored again, such as somebody may have written by hand. What this package has
 * stored hardly ever looks like it, and so need not be looked at value by value.
 */
export function isSuspicious(text: string): boolean {
  return LARGE_NUMBER.test(text) || isNestedDeeply(text);
}

/** Whether so many brackets are open in a text that its values might be nested too deeply. */
function isNestedDeeply(text: string): boolean {
  if (text.length <= MAX_DEPTH) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index) | 0x20; // of "[" and "{", as of "]" and "}", this makes the same
    if (code === 0x7b && ++depth > MAX_DEPTH) return true;
    if (code === 0x7d) depth--;
  }
  return false;
}

/**
 * The text of everything the application put on a session object; keys in `hidden` are left out. Functions and symbols
 * are refused where it is `strict`, and dropped as JSON does where it is not.
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
 * Refuses values that JSON would drop or turn into something else without a word.
 *
 * @throws {@link SessionDataError} naming the key.
 */
export function refuseNonJson(data: object, hidden?: ReadonlySet<string>): void {
  for (const key of Object.keys(data)) {
    if (hidden?.has(key)) continue;
    const fault = faultIn((data as Bag)[key]);
    if (fault !== undefined) throw new SessionDataError(messages.notJson(key, fault));
  }
}

/** What JSON would turn into an empty object. */
const NOT_JSON = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer];

/** What of a value JSON cannot hold; `path` are the objects it is in. Each value is looked at once, however deep it lies. */
function faultIn(value: unknown, path: object[] = []): string | undefined {
  if (typeof value !== 'object' || value === null) return faultOfPrimitive(value);
  // A cycle is always nested too deeply, so nothing else needs to be searched for one.
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

/** Most of what is kept is text, in which there is nothing to look for. */
function faultOfMember(value: unknown, path: object[]): string | undefined {
  return typeof value === 'string' ? undefined : faultIn(value, path);
}

/** Which top-level keys differ between two texts of JSON objects, with detached copies of their values. */
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

/** Puts changed keys on an object. */
export function applyChanges(target: object, changes: Iterable<readonly [string, unknown]>): void {
  for (const [key, value] of changes) {
    if (value === undefined) Reflect.deleteProperty(target, key);
    else setOwn(target, key, value);
  }
}

/**
 * Makes an object hold the values of another, in their order. A value that is the same already stays the same object;
 * what is there need not be JSON.
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
    return false; // what JSON cannot hold is like nothing that was read
  }
}
