import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compile } from '../compile.js';
import { ROOT } from '../package.js';

const FOLDER = `${ROOT}sample/03-from-express-session/`;
const guide = readFileSync(`${FOLDER}README.md`, 'utf8');

/** What the applications of the guide have, beside the code that is shown. */
const AROUND: Record<string, string> = {
  'redis.ts': 'export const client = {};',
  'session.ts': 'export class Session {}',
  'untyped.d.ts': ['connect-pg-simple', 'connect-typeorm', 'express-session', 'nestjs-session']
    .map((name) => `declare module '${name}';`)
    .join('\n'),
};

/** The code by the file name in the comment of its first line. */
const files = Object.fromEntries(
  [...guide.matchAll(/^```ts\n(\/\/ ([\w.-]+)\n.*?)^```$/gms)].map(([, code, name]) => [name!, code!]),
);

describe('the guide from express-session', () => {
  it('names every file of its code', () => {
    expect(Object.keys(files)).toHaveLength(guide.match(/^```ts$/gm)?.length ?? 0);
    expect(guide.match(/^```(typescript|js|javascript)$/gm)).toBeNull(); // would not be compiled
  });

  it('compiles', () => {
    expect(compile({ ...AROUND, ...files })).toEqual([]);
  });
});
