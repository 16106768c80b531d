/** How an application is written, compiled and run. */
export interface Application {
  readonly name: string;
  /** What its package.json says of its files. */
  readonly type: 'module' | 'commonjs';
  /** Its compiler options, beside those that all have; none for JavaScript. */
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
  /** The package with its compiler. */
  readonly compiler?: string;
  /** What makes its JavaScript; with `nothing` it is type-checked alone. */
  readonly build: 'tsc' | 'swc' | 'nothing' | 'is JavaScript';
  /** On what it is run beside the Express that Nest brings; then with Redis, too. */
  readonly adapters?: readonly Adapter[];
}

/** `Express` is the one that Nest brings: 5, and 4 with Nest 10. */
export type Adapter = 'Express' | 'Express 4' | 'Fastify';

/** Packages that are installed together, and the applications that use them. */
export interface DependencySet {
  readonly name: string;
  readonly installer: 'npm' | 'pnpm';
  readonly dependencies: Readonly<Record<string, string>>;
  readonly applications: readonly Application[];
  /** Whether its first ESM and its first CommonJS application run on every Node.js, which makes no difference to Nest's version. */
  readonly onEveryNode?: boolean;
}

const node10 = { module: 'commonjs', moduleResolution: 'node10' };
const node16 = { module: 'node16', moduleResolution: 'node16' };
const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' };

/** What is the same whatever the versions are. */
const COMMON: Readonly<Record<string, string>> = {
  '@types/express': '^5.0.0',
  '@types/node': '^20.19.0',
  '@types/pg': '^8.15.0',
  express: '^5.0.0',
  express4: 'npm:express@^4.21.0',
  pg: '^8.16.0',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.8.0',
};

function nest(major: number): Record<string, string> {
  const names = ['common', 'core', 'platform-express', 'platform-fastify', 'testing', 'typeorm'];
  return Object.fromEntries(names.map((name) => [`@nestjs/${name}`, `^${major}.0.0`]));
}

export const NEST_12: DependencySet = {
  name: 'Nest 12, TypeORM 1, redis 6',
  onEveryNode: true,
  installer: 'npm',
  dependencies: {
    ...COMMON,
    ...nest(12),
    redis: '^6.0.0',
    typeorm: '^1.0.0',
    typescript: '~6.0.0',
    typescript7: 'npm:typescript@^7.0.0',
  },
  applications: [
    {
      name: 'ESM, tsc',
      type: 'module',
      compilerOptions: nodenext,
      build: 'tsc',
      adapters: ['Express 4', 'Fastify'],
    },
    { name: 'ESM, SWC', type: 'module', compilerOptions: nodenext, build: 'swc' },
    { name: 'CommonJS, nodenext', type: 'commonjs', compilerOptions: nodenext, build: 'tsc' },
    {
      name: 'ESM, TypeScript 7',
      type: 'module',
      compiler: 'typescript7',
      compilerOptions: nodenext,
      build: 'nothing',
    },
    {
      name: 'ESM, bundler resolution',
      type: 'module',
      compilerOptions: { module: 'preserve', moduleResolution: 'bundler' },
      build: 'nothing',
    },
  ],
};

export const NEST_11: DependencySet = {
  name: 'Nest 11, TypeORM 0.3, redis 5',
  installer: 'npm',
  dependencies: {
    ...COMMON,
    ...nest(11),
    redis: '^5.0.0',
    typeorm: '^0.3.20',
    typescript: '~5.9.0',
    typescript6: 'npm:typescript@~6.0.0',
    typescript7: 'npm:typescript@^7.0.0',
  },
  applications: [
    {
      name: 'CommonJS, node10',
      type: 'commonjs',
      compilerOptions: node10,
      build: 'tsc',
      adapters: ['Express 4', 'Fastify'],
    },
    { name: 'CommonJS, node16', type: 'commonjs', compilerOptions: node16, build: 'tsc' },
    // Its JavaScript is that of the one above.
    { name: 'CommonJS, nodenext', type: 'commonjs', compilerOptions: nodenext, build: 'nothing' },
    { name: 'CommonJS, SWC', type: 'commonjs', compilerOptions: node10, build: 'swc' },
    { name: 'ESM, nodenext', type: 'module', compilerOptions: nodenext, build: 'tsc' },
    { name: 'JavaScript that requires', type: 'commonjs', build: 'is JavaScript' },
    {
      name: 'CommonJS, node10, TypeScript 6',
      type: 'commonjs',
      compiler: 'typescript6',
      compilerOptions: { ...node10, ignoreDeprecations: '6.0' },
      build: 'nothing',
    },
    {
      name: 'CommonJS, node16, TypeScript 7',
      type: 'commonjs',
      compiler: 'typescript7',
      compilerOptions: node16,
      build: 'nothing',
    },
  ],
};

export const NEST_10: DependencySet = {
  name: 'Nest 10.4, TypeORM 0.3, redis 5',
  installer: 'npm',
  dependencies: {
    ...COMMON,
    ...nest(10),
    '@types/express': '^4.17.0',
    redis: '^5.0.0',
    'reflect-metadata': '^0.1.13',
    typeorm: '^0.3.20',
    typescript: '~5.4.0',
  },
  applications: [
    {
      name: 'CommonJS, node10',
      type: 'commonjs',
      compilerOptions: node10,
      build: 'tsc',
      adapters: ['Express 4', 'Fastify'],
    },
    { name: 'ESM, nodenext', type: 'module', compilerOptions: nodenext, build: 'tsc' },
    { name: 'CommonJS, SWC', type: 'commonjs', compilerOptions: node10, build: 'swc' },
    { name: 'JavaScript that requires', type: 'commonjs', build: 'is JavaScript' },
  ],
};

/** With node_modules where a package finds nothing but what it asks for. */
export const PNPM: DependencySet = {
  name: 'Nest 11, TypeORM 1, redis 6, installed by pnpm',
  installer: 'pnpm',
  dependencies: { ...COMMON, ...nest(11), redis: '^6.0.0', typeorm: '^1.0.0', typescript: '~5.9.0' },
  applications: [
    { name: 'CommonJS, node16', type: 'commonjs', compilerOptions: node16, build: 'tsc', adapters: [] },
  ],
};
