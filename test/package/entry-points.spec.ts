import { describe, expect, it } from '@jest/globals';
import { statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EXPORTS } from './exports.js';
import { entryPoints, manifest, ROOT, runNode } from './package.js';

const DIST = pathToFileURL(`${ROOT}dist/`).href;

/** What an entry point is besides: a function of its own. In CommonJS it is that function. */
const ITSELF = 'default';

const DRIVERS =
  /\/node_modules\/(@nestjs\/(typeorm|testing|platform-[^/]+)|typeorm|pg|pg-[^/]+|mysql2?|sqlite3|better-sqlite3|redis|ioredis|@redis\/[^/]+|express|fastify|jest|@jest\/[^/]+|cookie-signature|express-session)\//;

/** Prints the URL of every module that an import loads, be it ESM or CommonJS. */
const loadsOf = (specifier: string): string => `
  import { createRequire, register } from 'node:module';
  import { receiveMessageOnPort } from 'node:worker_threads';
  const { port1, port2 } = new MessageChannel();
  const hooks = \`
    let port;
    export function initialize(given) { port = given; }
    export async function load(url, context, next) { port.postMessage(url); return next(url, context); }
  \`;
  register('data:text/javascript,' + encodeURIComponent(hooks), { data: port2, transferList: [port2] });
  await import(${JSON.stringify(specifier)});
  const loaded = [];
  for (let sent; (sent = receiveMessageOnPort(port1)) !== undefined;) loaded.push(sent.message);
  port1.close();
  const required = Object.keys(createRequire(import.meta.url).cache ?? {}).map((path) => 'file://' + path);
  console.log(JSON.stringify([...loaded, ...required]));
`;

async function modulesOf(specifier: string): Promise<string[]> {
  return JSON.parse(await runNode('module', loadsOf(specifier))) as string[];
}

describe.each(entryPoints.map(({ specifier }) => specifier))('%s', (specifier) => {
  const names = [...(EXPORTS[specifier]?.values ?? [])].sort();

  it('exports what the contract names', async () => {
    const script = `import * as all from '${specifier}'; console.log(JSON.stringify(Object.keys(all)))`;
    const exported = JSON.parse(await runNode('module', script)) as string[];
    expect(exported.filter((name) => name !== ITSELF).sort()).toEqual(names);
  });

  it('can be required from CommonJS', async () => {
    const script = `const all = require('${specifier}'); console.log(JSON.stringify(Object.keys(all)))`;
    const exported = JSON.parse(await runNode('commonjs', script)) as string[];
    expect(exported.filter((name) => name !== '__esModule').sort()).toEqual(names);
  });

  it('is the same for both: an error thrown in one is an instance in the other', async () => {
    const script = `
      import { createRequire } from 'node:module';
      import * as esm from '${specifier}';
      const cjs = createRequire(process.cwd() + '/x.js')('${specifier}');
      const inCommonJs = (name) => (name === '${ITSELF}' ? cjs : cjs[name]);
      console.log(Object.keys(esm).every((name) => esm[name] === inCommonJs(name)));
    `;
    expect((await runNode('module', script)).trim()).toBe('true');
  });
});

it('every entry point has the condition "require", for which lib/commonjs.mjs makes the files', () => {
  expect(entryPoints.filter(({ require }) => typeof require !== 'object')).toEqual([]);
});

it('a CommonJS application is warned of nothing', async () => {
  const script = `
    process.on('warning', ({ message }) => console.log(message));
    for (const name of ${JSON.stringify(entryPoints.map(({ specifier }) => specifier))}) require(name);
  `;
  expect((await runNode('commonjs', script)).trim()).toBe('');
});

it('nest-session/express is the function itself, in both', async () => {
  const esm = `import session from 'nest-session/express'; console.log(typeof session({ secret: 'x' }));`;
  const cjs = `console.log(typeof require('nest-session/express')({ secret: 'x' }));`;
  const said = await Promise.all([runNode('module', esm), runNode('commonjs', cjs)]);
  expect(said.map((text) => text.trim())).toEqual(['function', 'function']);
});

describe('an application that imports nest-session alone', () => {
  it('loads no driver, no web framework and no test tool', async () => {
    const modules = await modulesOf('nest-session');
    expect(modules.some((url) => url.endsWith('/dist/index.js'))).toBe(true);
    expect(modules.filter((url) => DRIVERS.test(url))).toEqual([]);
    expect(modules.filter((url) => /\/dist\/(stores\/(?!memory|express)|express|testing)/.test(url))).toEqual(
      [],
    );
  });

  it('loads few files, and small ones, so that it starts fast', async () => {
    const own = (await modulesOf('nest-session')).filter((url) => url.startsWith(DIST));
    const bytes = own.map((url) => statSync(fileURLToPath(url)).size).reduce((sum, size) => sum + size, 0);
    expect(own.length).toBeLessThanOrEqual(8);
    expect(bytes).toBeLessThan(320_000);
  });

  it('would be caught loading one', async () => {
    const modules = await modulesOf('nest-session/typeorm');
    expect(modules.some((url) => url.includes('/node_modules/typeorm/'))).toBe(true);
  });

  it.each(['redis', 'sql'])(
    'nor does it load one with nest-session/%s, where the client is given',
    async (name) => {
      const modules = await modulesOf(`nest-session/${name}`);
      expect(modules.some((url) => url.endsWith(`/dist/stores/${name}/index.js`))).toBe(true);
      expect(modules.filter((url) => DRIVERS.test(url))).toEqual([]);
    },
  );

  it('says nothing and leaves nothing running', async () => {
    const script = `
      await import('nest-session');
      console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length);
    `;
    expect((await runNode('module', script)).trim()).toBe('0');
  });
});

describe('what is not an entry point', () => {
  it.each(['nest-session/dist/index.js', 'nest-session/core/session.js', 'nest-session/lib/index.ts'])(
    '%s cannot be imported',
    async (specifier) => {
      const script = `import('${specifier}').then(() => console.log('loaded'), ({ code }) => console.log(code))`;
      expect((await runNode('module', script)).trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
    },
  );

  it('package.json can be read', async () => {
    const script = `console.log(require('nest-session/package.json').name)`;
    expect((await runNode('commonjs', script)).trim()).toBe(manifest.name);
  });
});
