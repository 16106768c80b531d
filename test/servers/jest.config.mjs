// The tests that `npm run test:servers` runs: those of the package, and those in this folder, which `npm test` leaves out.
import { fileURLToPath } from 'node:url';
import jest from '../jest.settings.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

export default {
  ...jest,
  rootDir: root,
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/consumers/'],
  maxWorkers: 1, // one server at a time, one file at a time
  testTimeout: 240_000,
};
