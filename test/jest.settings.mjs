// The settings that all test runs share. Not in package.json, because that is published.
import { join } from 'node:path';

export default {
  testEnvironment: 'node',
  testTimeout: 60000,
  maxWorkers: 3,
  workerIdleMemoryLimit: '1GB',
  testEnvironmentOptions: {
    globalsCleanup: 'off',
  },
  rootDir: join(import.meta.dirname, '..'),
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/consumers/', '<rootDir>/test/servers/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nest-session$': '<rootDir>/lib/index.ts',
    '^nest-session/typeorm$': '<rootDir>/lib/stores/typeorm/index.ts',
    '^nest-session/sql$': '<rootDir>/lib/stores/sql/index.ts',
    '^nest-session/redis$': '<rootDir>/lib/stores/redis/index.ts',
    '^nest-session/cookie$': '<rootDir>/lib/stores/cookie/index.ts',
    '^nest-session/express$': '<rootDir>/lib/express/index.ts',
    '^nest-session/testing$': '<rootDir>/lib/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: {
            syntax: 'typescript',
            decorators: true,
          },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
          },
          keepClassNames: true,
        },
        module: {
          type: 'es6',
        },
        sourceMaps: 'inline',
      },
    ],
  },
  reporters: ['<rootDir>/test/support/reporter.mjs'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};
