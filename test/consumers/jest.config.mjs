// `npm run test:consumers`: the tests that need a package registry, which `npm test` leaves out.
import { fileURLToPath } from 'node:url';
import jest from '../jest.settings.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

export default {
  ...jest,
  rootDir: root,
  roots: ['<rootDir>/test/consumers'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 3, // one waits for packages while two compile
  testTimeout: 600_000, // other parts of the gate go first
  globalSetup: '<rootDir>/test/consumers/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/consumers/support/global-teardown.ts',
};
