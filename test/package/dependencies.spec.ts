import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { manifest, ROOT, run } from './package.js';

interface Installed {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: unknown;
  readonly gypfile?: boolean;
}

const SCRIPTS = ['preinstall', 'install', 'postinstall'];

const manifestOf = (folder: string): Installed =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Installed;

/** The folders of all that is installed with the package: its dependencies, and theirs. */
function installed(names: readonly string[], found = new Map<string, string>()): ReadonlyMap<string, string> {
  for (const name of names) {
    if (found.has(name)) continue;
    const folder = join(ROOT, 'node_modules', name);
    found.set(name, folder);
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
    installed([...Object.keys(dependencies), ...Object.keys(optionalDependencies)], found);
  }
  return found;
}

const runtime = installed(Object.keys(manifest.dependencies));

describe.each([['nest-session', ROOT], ...runtime])('%s', (_, folder) => {
  it('runs nothing when it is installed, and brings no command', () => {
    const { scripts = {}, bin, gypfile } = manifestOf(folder);
    expect(SCRIPTS.filter((name) => name in scripts)).toEqual([]);
    expect([bin, gypfile]).toEqual([undefined, undefined]);
  });

  it('has nothing to compile, and nothing compiled', () => {
    const files = readdirSync(folder, { recursive: folder !== ROOT }).map(String);
    expect(files.filter((name) => /(^|\/)binding\.gyp$|\.node$|\.wasm$/.test(name))).toEqual([]);
  });
});

describe('the dependencies', () => {
  it('are those alone that the build imports', () => {
    const build = readdirSync(`${ROOT}dist`, { recursive: true }).map(String);
    const text = build
      .filter((name) => /\.(js|d\.ts)$/.test(name))
      .map((name) => readFileSync(`${ROOT}dist/${name}`, 'utf8'))
      .join('\n');
    const imported = (name: string): boolean => text.includes(`from '${name}'`);
    expect(Object.keys(manifest.dependencies).filter((name) => !imported(name))).toEqual([]);
  });

  it('are named in docs/versions.md, each with its reason', () => {
    const page = readFileSync(`${ROOT}docs/versions.md`, 'utf8');
    const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    for (const name of Object.keys(manifest.dependencies))
      expect(page).toMatch(new RegExp(`^- \\[\`${name}\`\\]\\([^)]+\\) \\S+ .+\\.$`, 'm'));
  });
});

describe('the package where install scripts are disabled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nest-session-package-'));
  const peers = [...Object.keys(manifest.peerDependencies), '@nestjs/platform-express', '@nestjs/typeorm'];

  /** Unpacks what is published beside its dependencies, which is all that an installation without scripts does. */
  beforeAll(async () => {
    const modules = join(folder, 'node_modules');
    mkdirSync(modules);
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
    const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    await promisify(execFile)('tar', ['-xzf', archive!], { cwd: folder });
    cpSync(join(folder, 'package'), join(modules, manifest.name), { recursive: true });
    for (const [name, from] of runtime) cpSync(from, join(modules, name), { recursive: true });
    for (const name of peers) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
    writeFileSync(join(folder, 'app.mjs'), APPLICATION);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('serves an application', async () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, ['app.mjs'], { cwd: folder, env });
    expect(JSON.parse(stdout)).toEqual([1, 2, 3]);
  });
});

/** Counts the visits of one browser, with every entry point loaded. */
const APPLICATION = `
  import 'reflect-metadata';
  import 'nest-session/typeorm';
  import 'nest-session/sql';
  import 'nest-session/express';
  import 'nest-session/testing';
  import { Controller, Get, Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { Session, SessionModule } from 'nest-session';

  class Visits {
    count(session) {
      return (session.visits = (session.visits ?? 0) + 1);
    }
  }
  const { prototype } = Visits;
  Get()(prototype, 'count', Object.getOwnPropertyDescriptor(prototype, 'count'));
  Session()(prototype, 'count', 0);
  Controller()(Visits);
  class App {}
  const session = SessionModule.forRoot({ secret: 'a secret of more than thirty-two bytes' });
  Module({ imports: [session], controllers: [Visits] })(App);

  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  const counts = [];
  let cookie = '';
  for (let visit = 0; visit < 3; visit++) {
    const response = await fetch(await app.getUrl(), { headers: { cookie } });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    counts.push(await response.json());
  }
  await app.close();
  console.log(JSON.stringify(counts));
`;
