import fc from 'fast-check';
import { SESSION_MEMBERS } from '../../../lib/core/session.js';

/** Keys that mean something to somebody. */
const MEANINGFUL = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__'],
  ...[
    'toJSON',
    'then',
    'length',
    'name',
    '0',
    '-1',
    '1e3',
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    '\udc00a',
    '\ufeff',
  ],
  ...[
    '"',
    '\\',
    '\\u0000',
    '\u2028',
    '🍪',
    '$ne',
    '$where',
    'a.b',
    'cookie',
    'nestSession',
    'passport',
    'meta',
  ],
];

/** Keys of a session, those of its own members among them. */
export const keys = fc.oneof(
  fc.constantFrom(...MEANINGFUL),
  fc.constantFrom('userId', ...SESSION_MEMBERS),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 3 }),
);

const strings = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\0', '\ud800', '\udfff\ud800', '__proto__', '\u2028', '\x7f', 'null', '{}'),
);

/** The text of JSON values of all kinds, with such keys at every depth. */
const { node } = fc.letrec((tie) => ({
  leaf: fc.oneof(
    strings.map((text) => JSON.stringify(text)),
    fc.jsonValue({ maxDepth: 1, stringUnit: 'binary' }).map((value) => JSON.stringify(value)),
    fc.constantFrom('0', '-0', '1e21', '5e-324', '9007199254740993', '1.7976931348623157e308', '[]', '{}'),
  ),
  array: fc.array(tie('node') as fc.Arbitrary<string>, { maxLength: 4 }).map((items) => `[${items.join()}]`),
  object: fc.array(fc.tuple(keys, tie('node') as fc.Arbitrary<string>), { maxLength: 4 }).map(objectText),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf') as fc.Arbitrary<string>,
    tie('array') as fc.Arbitrary<string>,
    tie('object') as fc.Arbitrary<string>,
  ),
}));

/** The text of a JSON object: session data of any kind. */
export const dataTexts = fc.array(fc.tuple(keys, node), { maxLength: 6 }).map(objectText);

function objectText(entries: readonly (readonly [string, string])[]): string {
  return `{${entries.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join()}}`;
}

/** What a session keeps of data: all but what has the name of one of its members. */
export function kept(text: string): string {
  const data = JSON.parse(text) as Record<string, unknown>;
  for (const name of SESSION_MEMBERS) Reflect.deleteProperty(data, name);
  return canonical(data);
}

/** One text for all JSON that is equal, whatever the order of its keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}
