// The tests that `npm run test:servers` runs: those of the package, and those in this folder, which `npm test` leaves out.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { jest } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

export default {
  ...jest,
  rootDir: root,
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/consumers/'],
  maxWorkers: 1, // one server at a time, one file at a time
  testTimeout: 240_000,
};
