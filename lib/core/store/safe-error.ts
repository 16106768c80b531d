import { inspect, types } from 'node:util';
import { describe, messages } from '../../errors/messages.js';
import type { SessionChange, SessionRecord } from '../record/session-record.js';

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

/**
 * Failures whose messages quote only names (tables, columns, constraints), by SQLSTATE (PostgreSQL) and by number (MySQL
 * and MariaDB): no permission, no such table or column, NULL, a value that is too long or out of range, a constraint.
 */
const QUOTE_NAMES: ReadonlySet<unknown> = new Set([
  ...['23502', '23503', '23505', '23514', '28P01', '3D000', '42501', '42703', '42P01'],
  ...[1045, 1048, 1054, 1142, 1143, 1146, 1264, 1406],
]);

/** How much of an error is kept: characters of its message, frames of its stack, errors it was caused by or made of. */
const MOST_TEXT = 500;
const MOST_FRAMES = 10;
const MOST_ERRORS = 8;
const DEEPEST = 4;

/** Characters of session data that a message is compared with. With more, the message is left out. */
const MOST_COMPARED = 2 ** 20;

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
 * A copy of an error of a store or driver that is safe to show: its class, its codes, and its message without quotations and
 * confidential parts. All other properties that a driver adds (arguments, parameters, details, statements) are dropped, also
 * from its causes. An error that is safe already is returned itself, so that an application finds its own error again.
 */
export function safeError(error: unknown, about: Confidential): unknown {
  if (typeof error === 'string') {
    const message = safeMessage(error, undefined, about);
    return message === error ? error : new Error(message);
  }
  const isPlain = error === null || ['undefined', 'number', 'boolean'].includes(typeof error);
  return isPlain ? error : safeCopy(error, about, 0);
}

function safeCopy(error: unknown, about: Confidential, depth: number): Error {
  if (!isErrorLike(error)) return new Error(messages.notAnError(describe(error)));
  const message = safeMessage(error.message, error, about) || messages.driverSilent;
  const name = nameOf(error);
  const codes = codesOf(error, about);
  if (isClean(error, message, codes)) return error;
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown };
  const isChained = depth < DEEPEST && isErrorLike(cause);
  const options = isChained ? { cause: safeCopy(cause, about, depth + 1) } : undefined;
  const parts = depth < DEEPEST && Array.isArray(errors) ? errors.filter(isErrorLike) : [];
  const copy =
    parts.length === 0
      ? new Error(message, options)
      : new AggregateError(
          parts.slice(0, MOST_ERRORS).map((part) => safeCopy(part, about, depth + 1)),
          message,
          options,
        );
  Object.defineProperty(copy, 'name', { value: name, writable: true, configurable: true });
  copy.stack = [`${name}: ${message}`, ...placeOf(error)].join('\n');
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
function isClean(error: Error, message: string, codes: Readonly<Record<string, unknown>>): boolean {
  if (!types.isNativeError(error) || error.message !== message) return false;
  if (error.cause !== undefined || 'errors' in error) return false;
  if ('toJSON' in error || inspect.custom in error) return false;
  if (Reflect.ownKeys(error).some((key) => !USUAL.has(key))) return false;
  const shown = error as unknown as Readonly<Record<string, unknown>>;
  if (CODES.some((name) => shown[name] !== undefined && codes[name] === undefined)) return false;
  const frames = framesOf(error);
  return frames !== undefined && !frames.some((frame) => frame.includes('\n')) && isName(error.name);
}

function nameOf(error: Error): string {
  const { constructor, name } = error as { constructor?: { name?: unknown }; name?: unknown };
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
  const frames = framesOf(error)?.filter((frame) => /^[^'"`\n]*$/.test(frame)) ?? [];
  return frames.slice(0, MOST_FRAMES).map((frame) => `    at ${frame}`);
}

function safeMessage(message: string, error: Error | undefined, about: Confidential): string {
  const { code, errno } = (error ?? {}) as { readonly code?: unknown; readonly errno?: unknown };
  const quotesNames = QUOTE_NAMES.has(code) || QUOTE_NAMES.has(errno);
  const text = quotesNames ? message : withoutQuoted(message);
  const short = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  return withoutConfidential(short, about);
}

/** A quotation mark, but not an apostrophe as in "doesn't". */
const QUOTE = /["`“”‘«»]|'(?!(?:t|s|re|ve|ll|d|m)\b)|(?<![a-z])'/gi;

/** Removes everything from the first quotation mark to the last, because a quotation may hold some itself. */
function withoutQuoted(message: string): string {
  const places = Array.from(message.matchAll(QUOTE), ({ index }) => index);
  const [first] = places;
  if (first === undefined) return message;
  const end = places.length === 1 ? message.length : places.at(-1)! + 1;
  return `${message.slice(0, first)}…${message.slice(end)}`;
}

/** The length from which names are also found inside words, and words inside texts. */
const LONG_NAME = 6;
const LONG_WORD = 5;

const SHORTEST_NAME = 2;

/** Removes names, and words that occur in the data. */
function withoutConfidential(message: string, { names, texts }: Confidential): string {
  const compared = texts.reduce((sum, { length }) => sum + length, 0);
  if (compared > MOST_COMPARED) return messages.driverSilent;
  let text = message;
  for (const name of names) if (name.length >= LONG_NAME) text = text.replaceAll(name, '…');
  const sources = [...names, ...texts];
  return text.replace(/[\p{L}\p{N}_]+/gu, (word) => {
    const isPart = word.length >= LONG_WORD && sources.some((source) => source.includes(word));
    return isPart || (word.length >= SHORTEST_NAME && names.includes(word)) ? '…' : word;
  });
}
