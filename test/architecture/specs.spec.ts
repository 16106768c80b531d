import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const TEST = fileURLToPath(new URL('../', import.meta.url));
/** Those of `npm test`. */
const specs = readdirSync(TEST, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.spec.ts') && !/^(consumers|servers)/.test(path),
);

describe('every spec', () => {
  it('has its hooks inside a describe, because a whole run loads several specs into one context', () => {
    const hook = /^(before|after)(All|Each)\(/m;
    expect(specs.length).toBeGreaterThan(200);
    expect(specs.filter((path) => hook.test(readFileSync(`${TEST}${path}`, 'utf8')))).toEqual([]);
  });
});
