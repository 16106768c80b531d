// What `npm test` runs: the settings of package.json, without what only TEST_SCOPE=all tries. A path on the command line tries
// what is there.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const { jest } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** The built package, the samples, and processes of their own: what takes long and is broken by few changes. */
const ON_DEMAND = [
  'test/package/',
  'test/e2e/sample/',
  'test/e2e/nest/clean-exit',
  'test/faults/instances',
  'test/faults/outage',
  'test/faults/process-end',
];

const triesAll =
  process.env.TEST_SCOPE === 'all' || process.argv.some((word) => /^test\/(?!jest\.config)/.test(word));

export default {
  ...jest,
  rootDir: root,
  testPathIgnorePatterns: [
    ...jest.testPathIgnorePatterns,
    ...(triesAll ? [] : ON_DEMAND.map((path) => `<rootDir>/${path}`)),
  ],
};
