import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { entryPoints } from '../../package/package.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { REDIS_URL } from '../../support/redis.js';
import { run } from './command.js';
import { install, type Installation } from './installation.js';
import type { Adapter, Application, DependencySet } from './matrix.js';
import { compile, compileWithSwc, writeEntryPoints, writeProject } from './project.js';
import { visit } from './visit.js';

const SPECIFIERS = entryPoints.map(({ specifier }) => specifier);
const NODES = JSON.parse(process.env.CONSUMERS_NODES ?? '[]') as { node: string; version: string }[];

/** What every visitor finds, whatever the versions are. */
const FOUND = {
  answers: [
    ['POST /login', 204, ''],
    ['GET /me', 200, { userId: 'ada', visits: 1 }],
    ['GET /me', 200, { userId: 'ada', visits: 2 }],
    ['GET /devices', 200, [{ current: true }]],
    ['POST /logout', 204, ''],
    ['GET /me', 401, expect.objectContaining({ statusCode: 401 })],
  ],
  exits: [null, null],
  complaints: [],
};

/** What the checks of an application print. */
const CHECKED = {
  tested: { userId: 'ada', visits: 3, isOver: true, isInjected: true },
  views: [
    [1, 2],
    [1, 2],
  ],
  applied: [
    { Express: { visits: 1 }, excluded: true },
    { Fastify: { visits: 1 }, excluded: true },
  ],
  isGuard: true,
  isStore: true,
};

/** Declares the tests of applications that share their dependencies. */
export function consumers(set: DependencySet): void {
  describe(set.name, () => {
    let installed: Installation;
    beforeAll(async () => {
      installed = await install(set);
    });
    afterAll(() => installed.remove());

    it('is installed with peers that fit, and nobody complains', () => {
      expect(installed.said.split('\n').filter((line) => /peer|ERESOLVE/i.test(line))).toEqual([]);
    });

    it.each(NODES)(
      'has the same names in every entry point, imported and required, $version',
      async ({ node }) => {
        const files = writeEntryPoints(installed.folder, SPECIFIERS);
        const said = await Promise.all(files.map((file) => run(node, [file], installed.folder)));
        const [esm, commonjs] = said.map(({ stdout }) => JSON.parse(stdout) as Record<string, string[]>);
        expect(commonjs).toEqual(esm);
        expect(Object.keys(esm!)).toEqual(SPECIFIERS);
        expect(Object.values(esm!).filter((names) => names.length === 0)).toEqual([]);
        expect(said.map(({ stderr }) => stderr)).toEqual(['', '']);
      },
    );

    describe.each(set.applications)('$name', (application) => {
      // On the other versions of Node.js, too: the first application that Node.js runs as ESM, and the first as CommonJS.
      const isFirst = application === set.applications.find(({ type }) => type === application.type);
      let project: string;
      beforeAll(() => {
        project = writeProject(installed.folder, application, SPECIFIERS);
      });

      if (application.build === 'swc' && isCheckedIn(set, application))
        beforeAll(() => compileWithSwc(project, application.type));
      else if (application.build !== 'is JavaScript')
        it('compiles, every library checked', () => compile(installed.folder, project, application));
      if (application.build !== 'nothing')
        running(application, set.onEveryNode && isFirst ? NODES : NODES.slice(0, 1), () => project);
    });
  });
}

/** Whether an application that `tsc` builds has the same types: SWC looks at none. */
function isCheckedIn(
  { applications }: DependencySet,
  { type, compiler, compilerOptions }: Application,
): boolean {
  return applications.some(
    (other) =>
      other.build === 'tsc' &&
      isDeepStrictEqual(
        [other.type, other.compiler, other.compilerOptions],
        [type, compiler, compilerOptions],
      ),
  );
}

function running(application: Application, nodes: typeof NODES, project: () => string): void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  /** Signs in, and out again after a restart, with sessions in the store that is named. */
  const finds = async (node: string, adapter: Adapter, store: NodeJS.ProcessEnv): Promise<void> => {
    expect(await visit(node, project(), { ...store, ADAPTER: adapter })).toEqual(FOUND);
  };
  const postgres = (): NodeJS.ProcessEnv => ({ DATABASE_URL: database.url });
  const redis = (): NodeJS.ProcessEnv => ({
    REDIS_URL,
    REDIS_PREFIX: `consumer-${randomBytes(8).toString('hex')}:`,
  });

  describe.each(nodes)('Node.js $version', ({ node }) => {
    it('serves sessions, before and after a restart', () => finds(node, 'Express', postgres()));

    if (application.build !== 'is JavaScript')
      it('passes its own checks', async () => {
        const { stdout } = await run(node, [join('dist', 'checks.js')], project());
        expect(JSON.parse(stdout)).toEqual(CHECKED);
      });
  });

  for (const adapter of application.adapters ?? [])
    it(`serves them on ${adapter}`, () => finds(process.execPath, adapter, postgres()));
  if (REDIS_URL !== undefined && application.adapters !== undefined)
    it('serves them from Redis', () => finds(process.execPath, 'Express', redis()));
}
