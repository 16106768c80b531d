import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { SECRET } from '../../support/site.js';

/** What stands in a cookie for an id: signed independently of the library. */
export function signed(id: string, secret = SECRET): string {
  return `s:${id}.${signature(id, secret)}`;
}

export function signature(id: string, secret = SECRET): string {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
}

const random = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((randomBytes) => Buffer.from(randomBytes).toString('base64url'));

/** What stands behind the key in an id. */
export const anySecret = random(32);

/** An id of no session: as the library makes them, as after the renewal of a foreign one, and a foreign one. */
export const unknownId = fc.oneof(
  fc.tuple(random(16), anySecret).map(([key, secret]) => `${key}~${secret}`),
  fc.tuple(random(32), anySecret).map(([key, secret]) => `${key}~${secret}`),
  random(32),
);

/** Every byte that HTTP lets into a header but the one that ends a cookie. */
const BYTE = fc.integer({ min: 0x20, max: 0xff }).filter((byte) => byte !== 0x7f && byte !== 0x3b);

/** Text of bytes, one character each. */
export const bytes = fc.array(BYTE, { maxLength: 80 }).map((codes) => String.fromCharCode(...codes));

/** What looks like something else than text to one parser or another. */
const SHAPES = fc.constantFrom(
  '',
  '.',
  's:',
  's:.',
  's:..',
  'j:',
  'j:{}',
  'j:{"id":{"$ne":null}}',
  'j:["a"]',
  '{"id":1}',
  '[object Object]',
  'undefined',
  'null',
  '%',
  '%00',
  '%E0%A4',
  '%s:%',
  '""',
  '"',
  '\\',
  '../../etc/passwd',
  "' OR 1=1 --",
  '__proto__',
  '\u00c3\u00a9',
);

/** Values that no session may be found by: all kinds of damage done to the cookie of a real one. */
export function badValues(realId: string): fc.Arbitrary<string> {
  const real = signed(realId);
  const at = fc.nat(real.length - 1);
  const otherCharacter = (index: number): string => (real[index] === 'A' ? 'B' : 'A');
  const malformedIds = fc.oneof(
    fc.constantFrom('', ' ', 'a b', `${realId} `, `\0${realId}`, `${realId}\u00e9`, '\u{1f36a}', '\ud800'),
    fc.integer({ min: 257, max: 400 }).map((length) => 'x'.repeat(length)),
  );
  return fc.oneof(
    bytes,
    SHAPES,
    fc.constantFrom(
      realId,
      `s:${realId}`,
      `s:${realId}.`,
      `s:${realId}.=`,
      `S:${real.slice(2)}`,
      `s:${real}`,
    ),
    fc.constantFrom(`${real}=`, `j:${real}`, real.slice(2), `s%3a${realId}`, `${real}.${signature(realId)}`),
    // Another signature, or one of another id.
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((mac) => `s:${realId}.${base64(mac)}`),
    at.map((index) => real.slice(0, index) + otherCharacter(index) + real.slice(index + 1)),
    at.map((index) => real.slice(0, index)),
    unknownId.map((id) => `s:${id}.${signature(realId)}`),
    fc.string({ minLength: 1, maxLength: 40 }).map((secret) => signed(realId, `${secret}${secret}`)),
    // Signed by ourselves: ids that are none.
    malformedIds.map((id) => signed(id)),
  );
}

function base64(mac: Uint8Array): string {
  return Buffer.from(mac).toString('base64').replace(/=+$/, '');
}

/** The ways a value gets into a header: as it is, encoded, encoded badly. */
export const written: fc.Arbitrary<(value: string) => string> = fc.constantFrom(
  latin1,
  encoded,
  (value: string) => latin1(value).replaceAll('.', '%2'),
  (value: string) => `${encoded(value)}%E0%A4`,
  (value: string) => encoded(encoded(value)),
  (value: string) => encoded(encoded(encoded(value))),
);

/** As browsers send it. */
export function encoded(value: string): string {
  return encodeURIComponent(Buffer.from(value).toString()); // lone surrogates have no encoding
}

/** The bytes of a text as a header would hold them, without those that end a cookie or a line. */
export function latin1(value: string): string {
  return Buffer.from(value, 'utf8')
    .toString('latin1')
    .replaceAll(/[^ -:<-~\x80-\xff]/g, '');
}

const NAMES = fc.oneof(
  { weight: 6, arbitrary: fc.constant('sid') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('SID', ' sid', 'sid ', 'xsid', 'sidx', 'sid[id]', '$sid', '__proto__', ''),
  },
);

const SEPARATORS = fc.constantFrom('; ', ';', ' ; ', ';;', ';\t');

/** A `Cookie` header made of such values, under the session's name and under names that are like it. */
export function badHeaders(realId: string): fc.Arbitrary<string> {
  const pairs = fc
    .tuple(NAMES, badValues(realId), written)
    .map(([name, value, write]) => `${name}=${write(value)}`);
  return fc
    .tuple(
      fc.array(fc.oneof({ weight: 5, arbitrary: pairs }, { weight: 1, arbitrary: bytes }), BAD),
      SEPARATORS,
    )
    .map(([parts, separator]) => parts.join(separator));
}

const BAD = { minLength: 1, maxLength: 12 };
