import { inspect, types } from 'node:util';
import { describe } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { StoreFault } from '../../errors/store-fault.js';
import type { SessionChange, SessionRecord } from '../record/session-record.js';
import { type Codes, ownMessage } from './own-message.js';

/** The confidential arguments of a call of a store. No error may contain them. */
export interface Confidential {
  /** Ids, keys, tokens, user ids and references. */
  readonly names: readonly string[];
  /** Data and meta, as text. */
  readonly texts: readonly string[];
}

/** Codes of the kind of failure. Applications check them, and they hold nothing of a session. */
const CODES = ['code', 'errno', 'sqlState', 'syscall', 'codeName', 'number', 'status', 'statusCode'] as const;

/** The properties that a clean error may have besides its codes. */
const USUAL: ReadonlySet<PropertyKey> = new Set([...CODES, 'name', 'message', 'stack', 'cause']);

/** How much of an error is kept: frames of its stack, errors it was caused by or made of. */
const MOST_FRAMES = 10;
const MOST_ERRORS = 8;
const DEEPEST = 4;

/** A line of a stack: where the code is, with nothing of its values. */
const FRAME = /^[^'"`\n]*(:\d+:\d+\)?|\(index \d+\)|<anonymous>\)?|native\)?)$/;

/** Copies that were made here, which may pass again on their way out. */
const SAFE = new WeakSet<Error>();

/** The message of the copy of an error. @param error - Undefined if the message itself was thrown. */
export type MessageRule = (
  message: string,
  error: object | undefined,
  codes: Codes,
  about: Confidential,
) => string;

/** The confidential parts of the arguments of a call. */
export function confidentialIn(
  items: readonly (string | SessionRecord | SessionChange | undefined)[],
): Confidential {
  const names: (string | null | undefined)[] = [];
  const texts: (string | null)[] = [];
  for (const item of items) {
    if (item === undefined) continue;
    if (typeof item === 'string') {
      names.push(item);
      continue;
    }
    const { id, key, token, previousToken, userId, reference, data, meta } =
      'next' in item ? item.next : item;
    names.push(item.key, id, key, token, previousToken, userId, reference);
    texts.push(data, meta);
  }
  const isText = (text: string | null | undefined): text is string => Boolean(text);
  return { names: [...new Set(names.filter(isText))], texts: texts.filter(isText) };
}

/**
 * A copy of an error of a store or driver that is safe to show: its class, its codes, its place and a message that
 * `messageOf` gives it. All properties that a driver adds (arguments, parameters, details, statements) are dropped, also
 * from its causes. An error that is safe already is returned itself.
 *
 * @param messageOf - By default {@link ownMessage}, which keeps nothing that the driver wrote.
 */
export function safeError(error: unknown, about: Confidential, messageOf: MessageRule = ownMessage): unknown {
  if (typeof error === 'string' || typeof error === 'number') {
    const message = messageOf(String(error), undefined, {}, about);
    return message === String(error) ? error : new StoreFault(message);
  }
  const isPlain = error === null || error === undefined || typeof error === 'boolean';
  return isPlain ? error : safeCopy(error, about, messageOf, 0);
}

function safeCopy(error: unknown, about: Confidential, messageOf: MessageRule, depth: number): Error {
  if (!isErrorLike(error)) return new StoreFault(messages.notAnError(describe(error)));
  if (SAFE.has(error)) return error;
  const codes = codesOf(error, about);
  const message = error instanceof StoreFault ? error.message : messageOf(error.message, error, codes, about);
  const name = nameOf(error);
  if (isClean(error, message, codes)) return error;
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown };
  const isChained = depth < DEEPEST && isErrorLike(cause);
  const options = isChained ? { cause: safeCopy(cause, about, messageOf, depth + 1) } : undefined;
  const parts = depth < DEEPEST && Array.isArray(errors) ? errors.filter(isErrorLike) : [];
  const copy =
    parts.length === 0
      ? new Error(message, options)
      : new AggregateError(
          parts.slice(0, MOST_ERRORS).map((part) => safeCopy(part, about, messageOf, depth + 1)),
          message,
          options,
        );
  Object.defineProperty(copy, 'name', { value: name, writable: true, configurable: true });
  copy.stack = [`${name}: ${message}`, ...placeOf(error)].join('\n');
  SAFE.add(copy);
  return Object.assign(copy, codes);
}

/** Whether it is an error of any realm, or an object that some older drivers throw. */
function isErrorLike(error: unknown): error is Error {
  if (types.isNativeError(error)) return typeof error.message === 'string';
  return (
    typeof error === 'object' &&
    error !== null &&
    typeof (error as { message?: unknown }).message === 'string'
  );
}

/** Whether an error shows only its class, its codes and a safe message. */
function isClean(error: Error, message: string, codes: Codes): boolean {
  if (!types.isNativeError(error) || error.message !== message) return false;
  if (error.cause !== undefined || 'errors' in error) return false;
  if ('toJSON' in error || inspect.custom in error) return false;
  if (Reflect.ownKeys(error).some((key) => !USUAL.has(key))) return false;
  const shown = error as unknown as Readonly<Record<string, unknown>>;
  if (CODES.some((name) => shown[name] !== undefined && codes[name] === undefined)) return false;
  const frames = framesOf(error);
  return frames !== undefined && frames.every((frame) => FRAME.test(frame)) && isName(error.name);
}

function nameOf(error: Error): string {
  const { constructor, name } = error as { constructor?: { name?: unknown }; name?: unknown };
  if (error instanceof StoreFault) return 'Error';
  const known = constructor?.name;
  if (isName(known) && known !== 'Error' && known !== 'Object') return known;
  return isName(name) ? name : 'Error';
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(name);
}

function codesOf(error: Error, { names }: Confidential): Record<string, string | number> {
  const codes: Record<string, string | number> = {};
  for (const name of CODES) {
    const value = (error as unknown as Record<string, unknown>)[name];
    const isCode =
      typeof value === 'number'
        ? Number.isFinite(value)
        : typeof value === 'string' && /^[\w.:-]{1,48}$/.test(value) && !names.includes(value);
    if (isCode) codes[name] = value as string | number;
  }
  return codes;
}

/** The frames of the stack; undefined if it begins with another text than the message, which may hold values. */
function framesOf({ message, stack }: Error): string[] | undefined {
  const [head = '', ...frames] = typeof stack === 'string' ? stack.split('\n    at ') : [];
  const isOwn =
    head.endsWith(message) && /^[\w$ .[\]]*(: )?$/.test(head.slice(0, head.length - message.length));
  return isOwn ? frames : undefined;
}

/** The frames without other lines, which may hold values. */
function placeOf(error: Error): string[] {
  const frames = framesOf(error)?.filter((frame) => FRAME.test(frame)) ?? [];
  return frames.slice(0, MOST_FRAMES).map((frame) => `    at ${frame}`);
}
