import { describe, expect, it } from '@jest/globals';
import { folderOf, type Import, type Source, sourceOf, sources } from './sources.js';

/** Errors that are Nest's: what is below the framework may not know them. */
const NEST_ERRORS = sources
  .filter(
    ({ path, imports }) =>
      path.startsWith('errors/access/') || (path.startsWith('errors/') && imports.some(isNest)),
  )
  .map(({ path }) => path);

/** The drivers that a store may talk to. */
const DRIVERS: Record<string, readonly string[]> = {
  'stores/typeorm': ['typeorm'],
  'stores/redis': ['redis'],
};

/** Stores that are a face over another. */
const BUILT_ON: Record<string, readonly string[]> = { 'stores/typeorm': ['stores/sql'] };

/** What each folder may import, beside itself. What is not here may import anything that the other rules allow. */
const ALLOWED: Record<string, (target: Import) => boolean> = {
  core: (target) =>
    isIn(target, 'errors') ||
    target.kind === 'node' ||
    (isPackage(target, '@standard-schema/spec') && target.isTypeOnly),
  errors: (target) => isNest(target) || target.kind === 'node',
  cookie: (target) => isIn(target, 'core', 'errors') || isPackage(target, 'cookie') || target.kind === 'node',
  options: (target) =>
    isIn(target, 'core', 'errors', 'cookie') ||
    isPackage(target, 'ms') ||
    (isPackage(target, '@standard-schema/spec') && target.isTypeOnly) ||
    (target.target === 'stores/express/express-session-store.ts' && target.isTypeOnly) ||
    target.kind === 'node' ||
    (isNest(target) && target.isTypeOnly),
  express: (target) =>
    isIn(target, 'core', 'errors', 'cookie', 'http', 'options', 'stores/express') ||
    isPackage(target, 'cookie') ||
    target.kind === 'node',
  'device-bound': (target) =>
    isIn(target, 'core', 'errors', 'cookie', 'http', 'options') || target.kind === 'node',
};

const isStore = (folder: string): boolean => folder.startsWith('stores/');

function mayImport(folder: string, target: Import): boolean {
  if (target.kind === 'lib' && folderOf(target.target) === folder) return true;
  if (isStore(folder)) {
    return (
      isIn(target, 'core', 'errors', ...(BUILT_ON[folder] ?? [])) ||
      (target.target === 'options/store-factory.interface.ts' && target.isTypeOnly) ||
      target.kind === 'node' ||
      isPackage(target, ...(DRIVERS[folder] ?? []))
    );
  }
  return ALLOWED[folder]?.(target) ?? true;
}

function isIn(target: Import, ...folders: string[]): boolean {
  return (
    target.kind === 'lib' && folders.includes(folderOf(target.target)) && !NEST_ERRORS.includes(target.target)
  );
}

function isPackage({ kind, target }: Import, ...names: string[]): boolean {
  return kind === 'package' && names.includes(target);
}

function isNest({ kind, target }: Import): boolean {
  return kind === 'package' && target.startsWith('@nestjs/');
}

/** "file imports target" for every import that breaks a rule. */
function breaches(files: readonly Source[], breaks: (source: Source, target: Import) => boolean): string[] {
  return files.flatMap((source) =>
    source.imports
      .filter((target) => breaks(source, target))
      .map(({ target, isTypeOnly }) => `${source.path} imports ${isTypeOnly ? 'types of ' : ''}${target}`),
  );
}

describe('what a file may import', () => {
  it('core: core, errors that know no framework, and Node alone', () => {
    expect(breachesOf('core')).toEqual([]);
  });

  it('errors: errors, and Nest where the error is Nest’s', () => {
    expect(breachesOf('errors')).toEqual([]);
  });

  it('cookie: core, errors, Node and the package "cookie"', () => {
    expect(breachesOf('cookie')).toEqual([]);
  });

  it('options: core, errors, cookie, and of Nest types alone', () => {
    expect(breachesOf('options')).toEqual([]);
  });

  it.each([...new Set(sources.map(({ path }) => folderOf(path)).filter(isStore))])(
    '%s: core, errors, the interfaces of the options, Node and its own driver',
    (folder) => {
      expect(breachesOf(folder)).toEqual([]);
    },
  );

  it('nothing imports lib/index.ts', () => {
    expect(breaches(sources, (_, { target }) => /^(index\.ts|nest-session)$/.test(target))).toEqual([]);
  });

  it('a store is known to the composition root and the public names alone', () => {
    const knows = ['session.providers.ts', 'index.ts'];
    expect(
      breaches(
        sources.filter(
          ({ path }) => !knows.includes(path) && !/^(stores|testing|express|options)\//.test(path),
        ),
        (_, target) => target.kind === 'lib' && target.target.startsWith('stores/'),
      ),
    ).toEqual([]);
  });

  it('the drop-in for express-session knows the stores of express-session, and nothing of Nest', () => {
    expect(breachesOf('express')).toEqual([]);
  });

  it('what binds sessions to devices knows requests, and nothing of Nest', () => {
    expect(breachesOf('device-bound')).toEqual([]);
  });

  it('the composition root alone knows what binds sessions to devices', () => {
    const others = sources.filter(
      ({ path }) => folderOf(path) !== 'device-bound' && path !== 'session.runtime.ts',
    );
    expect(breaches(others, (_, { target }) => target.startsWith('device-bound/'))).toEqual([]);
  });

  it('nothing but the public names is taken from the drop-in', () => {
    const others = sources.filter(({ path }) => folderOf(path) !== 'express');
    expect(breaches(others, (_, { target }) => target.startsWith('express/'))).toEqual([]);
  });

  it('engine and store are put together in the composition roots alone', () => {
    const together = ['core/session-engine.ts', 'core/shared-store.ts'];
    const knows = ['session.providers.ts', 'session.runtime.ts', 'express/express-session.ts'];
    expect(
      breaches(
        sources.filter(({ path }) => !knows.includes(path) && !path.startsWith('core/')),
        (_, { target, isTypeOnly }) => together.includes(target) && !isTypeOnly,
      ),
    ).toEqual([]);
  });

  it('no framework of HTTP, anywhere: that is the application’s', () => {
    const frameworks = /^(express|fastify|@nestjs\/platform-.+|http-errors|koa)$/;
    expect(breaches(sources, (_, { target }) => frameworks.test(target))).toEqual([]);
  });

  it('no file that is not there, and every file of lib by its .js name', () => {
    const paths = new Set(sources.map(({ path }) => path));
    expect(breaches(sources, (_, { kind, target }) => kind === 'lib' && !paths.has(target))).toEqual([]);
  });

  it('Node’s own modules by their node: names', () => {
    const bare =
      /^(fs|path|http|https|crypto|events|timers|stream|util|url|module|perf_hooks|process|buffer)(\/|$)/;
    expect(breaches(sources, (_, { kind, target }) => kind === 'package' && bare.test(target))).toEqual([]);
  });

  function breachesOf(folder: string): string[] {
    const files = sources.filter(({ path }) => folderOf(path) === folder);
    expect(files.length).toBeGreaterThan(0);
    return breaches(files, (_, target) => !mayImport(folder, target));
  }
});

describe('cycles', () => {
  it('there are none', () => {
    expect(cyclesOf(sources)).toEqual([]);
  });

  it('would be found', () => {
    const files = [
      sourceOf('a.ts', "import { b } from './b.js';"),
      sourceOf('b.ts', "export * from './c/d.js';"),
      sourceOf('c/d.ts', "import '../a.js';"),
      sourceOf('e.ts', "import type { f } from './f.js';"),
      sourceOf('f.ts', "import { type e } from './e.js';"),
    ];
    expect(cyclesOf(files)).toEqual(['a.ts → b.ts → c/d.ts → a.ts', 'e.ts → f.ts → e.ts']);
  });
});

describe('the reading of imports', () => {
  it.each<[string, [target: string, isTypeOnly: boolean][]]>([
    ["import x from 'typeorm';", [['typeorm', false]]],
    ["import type x from 'typeorm';", [['typeorm', true]]],
    ["import { type A, type B } from './b.js';", [['core/b.ts', true]]],
    ["import { type A, B } from './b.js';", [['core/b.ts', false]]],
    ["import * as b from '../b.js';", [['b.ts', false]]],
    ["import './b.js';", [['core/b.ts', false]]],
    ["export { a } from 'pg';", [['pg', false]]],
    ["export type { A } from 'pg';", [['pg', true]]],
    ["export * from 'pg';", [['pg', false]]],
    ["const pg = await import('pg');", [['pg', false]]],
    ["const pg = require('pg');", [['pg', false]]],
    ["let x: import('pg').Pool;", [['pg', true]]],
    ["// import 'pg';\nconst text = \"import 'pg'\";", []],
  ])('finds in %j what is there', (text, expected) => {
    const { imports } = sourceOf('core/a.ts', text);
    expect(imports.map(({ target, isTypeOnly }) => [target, isTypeOnly])).toEqual(expected);
  });
});

/** The rooms of core, from the lowest on: each imports only those below it. */
const ROOMS = ['core/record/', 'core/store/', 'core/request/', 'core/engine/', 'core/'];

describe('the rooms of core', () => {
  const roomOf = (path: string): number => ROOMS.findIndex((room) => path.startsWith(room));

  it('import only what is below them', () => {
    const upwards = breaches(
      sources.filter(({ path }) => path.startsWith('core/')),
      ({ path }, { target, kind }) => kind === 'lib' && roomOf(target) > roomOf(path),
    );
    expect(upwards).toEqual([]);
  });
});

/** Every cycle of imports, those of types included, once. */
function cyclesOf(files: readonly Source[]): string[] {
  const edges = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ kind }) => kind === 'lib').map(({ target }) => target),
    ]),
  );
  const cycles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return cycles;
}
