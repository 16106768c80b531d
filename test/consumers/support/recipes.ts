import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { blocksOf, fileNameOf, textOf } from '../../package/pages.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { run } from './command.js';
import { install, type Installation } from './installation.js';
import type { Application } from './matrix.js';
import { compile } from './project.js';
import { visit } from './visit.js';

const HERE = fileURLToPath(new URL('../', import.meta.url));
const PAGE = 'docs/stores/orms.md';

/** What every application with an ORM is made of, beside its ORM. */
const COMMON: Readonly<Record<string, string>> = {
  '@nestjs/common': '^12.0.0',
  '@nestjs/core': '^12.0.0',
  '@nestjs/platform-express': '^12.0.0',
  '@types/node': '^22.0.0',
  '@types/pg': '^8.15.0',
  pg: '^8.16.0',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.8.0',
  typescript: '~6.0.0',
};

const APPLICATION: Application = {
  name: 'with an ORM',
  type: 'module',
  build: 'tsc',
  compilerOptions: {},
};

const COMPILER_OPTIONS = {
  target: 'es2022',
  lib: ['es2023', 'dom'],
  types: ['node'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  skipLibCheck: true, // these libraries do not pass it
  rootDir: 'src',
  outDir: 'dist',
};

/** A recipe of the page. */
export interface Recipe {
  /** The heading of its section. */
  readonly heading: string;
  /** The folder of `test/consumers/orms` with what its application needs besides. */
  readonly folder: string;
  readonly dependencies: Readonly<Record<string, string>>;
  /** Makes code that the compiler needs. */
  prepare?(project: Project): Promise<unknown>;
  /** Runs the migration in place of the program that calls the tool. */
  migrate?(project: Project): Promise<unknown>;
}

/** An application in a folder of its own, below that of its packages. */
export interface Project {
  readonly folder: string;
  /** The folder with the packages of all recipes. */
  readonly packages: string;
  /** Its environment, with the address of the database. */
  readonly env: NodeJS.ProcessEnv;
  /** The program that runs it. */
  readonly node: string;
}

/** The newest Node.js there is: MikroORM and Prisma need at least 22. */
function newestNode(): string {
  const nodes = JSON.parse(process.env.CONSUMERS_NODES ?? '[]') as { node: string; version: string }[];
  const major = ({ version }: { version: string }): number => Number(version.split('.')[0]);
  return [...nodes].sort((a, b) => major(b) - major(a))[0]!.node;
}

/** Writes the code of a section of the page as it stands there, and around it an application of Nest. */
function writeApplication(folder: string, { heading, folder: own }: Recipe): void {
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const name of ['account.controller.ts', 'member.guard.ts'])
    cpSync(join(HERE, 'app', name), join(folder, 'src', name));
  cpSync(join(HERE, 'orms', 'app'), join(folder, 'src'), { recursive: true });
  cpSync(join(HERE, 'orms', own), join(folder, 'src'), { recursive: true });
  const [, section] = new RegExp(`^## ${heading}\\n(.*?)(?=^## |(?![^]))`, 'ms').exec(textOf(PAGE))!;
  for (const block of blocksOf(section!)) {
    const name = fileNameOf(block);
    if (name === undefined) continue;
    const isOfTool = name.startsWith('prisma/') || name === 'prisma.config.ts';
    write(isOfTool ? name : `src/${name}`, block.code);
  }
  write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['src'] }));
}

/** Declares the tests of recipes of docs/stores/orms.md, whose code is run as it stands there. Their packages are installed once. */
export function recipes(all: readonly Recipe[]): void {
  let installed: Installation | undefined;

  beforeAll(async () => {
    const dependencies = Object.assign({}, COMMON, ...all.map((what) => what.dependencies)) as typeof COMMON;
    installed = await install({ name: 'ORMs', installer: 'npm', dependencies, applications: [] });
  });
  afterAll(() => installed?.remove());

  for (const what of all)
    describe(`the recipe for ${what.heading}`, () => recipe(what, () => installed!.folder));
}

function recipe(what: Recipe, packages: () => string): void {
  let database: TestDatabase;
  let project: Project;

  beforeAll(async () => {
    database = await createDatabase();
    const folder = join(packages(), what.folder);
    mkdirSync(folder);
    const dependencies = { ...COMMON, ...what.dependencies };
    const description = { name: 'consumer', private: true, type: 'module', dependencies };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(description));
    writeApplication(folder, what);
    const env = { DATABASE_URL: database.url, SESSION_SECRET: 'a secret of more than thirty-two bytes' };
    project = { folder, packages: packages(), env, node: newestNode() };
  });
  afterAll(() => database.drop());

  it('compiles', async () => {
    await what.prepare?.(project);
    await compile(project.packages, project.folder, APPLICATION);
  });

  it('does not start without its migration, and says why', async () => {
    const start = run(project.node, [join('dist', 'main.js')], project.folder, project.env);
    await expect(start).rejects.toThrow(/The session table nest_session does not exist/);
  });

  it('runs its migration', async () => {
    const program = (): Promise<unknown> =>
      run(project.node, [join('dist', 'migrate.js')], project.folder, project.env);
    await (what.migrate?.(project) ?? program());
  });

  it('keeps sessions over a restart, and what is written in a transaction that is rolled back', async () => {
    expect(await visit(project.node, project.folder, project.env, ['/order'])).toEqual({
      answers: [
        ['POST /login', 204, ''],
        ['GET /me', 200, { userId: 'ada', visits: 1 }],
        ['POST /order', 201, { inside: 1, after: 0 }],
        ['GET /me', 200, { userId: 'ada', visits: 101 }],
        ['GET /devices', 200, [{ current: true }]],
        ['POST /logout', 204, ''],
        ['GET /me', 401, expect.objectContaining({ statusCode: 401 })],
      ],
      exits: [null, null],
      complaints: [],
    });
  });
}
