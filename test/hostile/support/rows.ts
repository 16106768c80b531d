import fc from 'fast-check';
import type { SessionRecord } from '../../../lib/index.js';

/** What no object is. */
const notObjects = fc.constantFrom(
  '',
  ' ',
  '[]',
  '[{}]',
  'null',
  '0',
  '1',
  'true',
  '"{}"',
  'NaN',
  'undefined',
  '{',
);

/** Text that was cut short. */
const truncated = fc
  .tuple(fc.constantFrom('{"owner":"ada","cart":[1,{"a":"b"}]}', '{"flash":{"a":[["x",1]]}}'), fc.nat(24))
  .map(([text, end]) => text.slice(0, end));

/** Text that is no JSON object. */
export const badTexts = fc.oneof(
  notObjects,
  truncated,
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && !/^\s*\{/.test(text)),
  fc.array(fc.jsonValue()).map((value) => JSON.stringify(value)),
);

const noObject = fc.constantFrom<unknown>(null, true, 0, 'x', [], [{}]);
const noTime = fc.constantFrom<unknown>(null, '1', true, {}, []);

/** Members of `meta` that are well-formed JSON of another shape. */
const WRONG: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  version: fc.constantFrom<unknown>(null, '1', -1, 1.5, true, {}, [], 2 ** 53),
  flash: fc.oneof(
    noObject,
    fc
      .constantFrom<unknown>(
        null,
        1,
        'x',
        {},
        [1],
        ['ab'],
        [null],
        [{}],
        [[]],
        [['a']],
        [[1, 'v']],
        [['a', 1], 2],
      )
      .map((entries) => ({ key: entries })),
  ),
  cookie: fc.oneof(
    noObject,
    fc
      .tuple(
        fc.constantFrom('path', 'domain', 'sameSite', 'httpOnly', 'secure', 'partitioned', 'priority'),
        fc.constantFrom<unknown>({}, [], ['/'], { toString: 1 }),
      )
      .map(([name, value]) => ({ [name]: value })),
    fc.constantFrom<unknown>('1', 'x', '', true, {}, [], [1]).map((originalMaxAge) => ({ originalMaxAge })),
  ),
  rotation: fc.oneof(
    noObject,
    fc.constant({}),
    noTime.map((at) => ({ at })),
    fc.constantFrom<unknown>(null, 1, true, {}, []).map((successor) => ({ at: 1, successor })),
  ),
};

/** The text of `meta` that no release has written: one member of another shape, the others as they should be. */
export const badMeta = fc.oneof(
  badTexts,
  fc
    .constantFrom(...Object.keys(WRONG))
    .chain((name) => fc.tuple(fc.constant(name), WRONG[name]!))
    .map(([name, value]) => JSON.stringify({ version: 1, cookie: { path: '/' }, [name]: value })),
);

const member = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(8.64e15, -8.64e15, 2 ** 53, 1e300, -0.5),
);

/** The text of `meta` with members of any kind: what comes of it is left open, as long as it is no error. */
export const anyMeta = fc
  .record(
    {
      version: member,
      flash: fc.oneof(member, fc.dictionary(fc.constantFrom('a', 'info', '__proto__'), member)),
      cookie: fc.oneof(member, fc.dictionary(fc.constantFrom(...cookieNames()), member)),
      rotation: fc.oneof(member, fc.record({ at: member, successor: member }, { requiredKeys: [] })),
      cookieDue: member,
      csrf: member,
      unknown: member,
      ['__proto__']: member,
    },
    { requiredKeys: [] },
  )
  .map((meta) => JSON.stringify(meta));

function cookieNames(): readonly string[] {
  return [
    ...['path', 'domain', 'sameSite', 'httpOnly', 'secure', 'partitioned', 'priority', 'originalMaxAge'],
    ...['maxAge', 'expires', 'snapshot', 'resetMaxAge', 'toJSON', '__proto__', 'constructor', 'changesFrom'],
  ];
}

/** Fields of a row that was changed by hand so that nobody can make sense of it. */
export const badRows: fc.Arbitrary<Partial<SessionRecord>> = fc.oneof(
  badTexts.map((data) => ({ data })),
  badMeta.map((meta) => ({ meta })),
  fc.record({ data: badTexts, meta: badMeta }),
);

/** Fields that are right for a column, and wrong for a session. */
export const oddFields: fc.Arbitrary<Partial<SessionRecord>> = fc.record(
  {
    createdAt: times(),
    lastSeenAt: times(),
    expiresAt: times(),
    authenticatedAt: fc.option(times()),
    token: tokens(),
    previousToken: fc.option(tokens()),
    previousUntil: fc.option(times()),
    epoch: fc.constantFrom(0, 1, 2 ** 31 - 1),
    userId: fc.option(fc.string({ unit: 'binary', maxLength: 255 }).map((text) => text.replaceAll('\0', ''))),
    reference: fc.option(tokens()),
    ip: fc.option(fc.string({ maxLength: 64 })),
    userAgent: fc.option(fc.string({ maxLength: 512 })),
  },
  { requiredKeys: [] },
);

function tokens(): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('base64url'));
}

function times(): fc.Arbitrary<number> {
  const { MAX_SAFE_INTEGER: most } = Number;
  return fc.oneof(
    fc.constantFrom(0, -1, 8.64e15, -8.64e15, most, -most, Date.UTC(2500, 0)),
    fc.maxSafeInteger(),
  );
}
