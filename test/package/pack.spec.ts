import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { manifest, ROOT, run, runNode } from './package.js';
import { IMAGES, PACKED_PAGES } from './pages.js';

/** What the whole package may be, unpacked. */
const MOST_FILES = 220;
const MOST_BYTES = 900_000;

interface Packed {
  readonly files: readonly { readonly path: string; readonly mode: number }[];
  readonly unpackedSize: number;
}

describe('what is published', () => {
  it('is the build with its declarations, and the pages with their images', async () => {
    // Without its scripts: the build stands, and other tests are using it.
    const [packed] = JSON.parse(
      await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent']),
    ) as Packed[];
    const paths = packed!.files.map(({ path }) => path);
    const papers = [...PACKED_PAGES, 'LICENSE', 'package.json', ...IMAGES].sort();
    expect(paths.filter((path) => !path.startsWith('dist/')).sort()).toEqual(papers);
    const build = paths.filter((path) => path.startsWith('dist/'));
    expect(build.length).toBeGreaterThan(20);
    expect(build.filter((path) => !/^dist\/.+\.(js|d\.ts|cjs|d\.cts)$/.test(path))).toEqual([]);
    expect(build.filter((path) => /spec|test\.|fixture/.test(path))).toEqual([]);
    const shared = build.filter((path) => path.endsWith('.js') && !path.endsWith('index.js'));
    expect(shared.filter((path) => !/^dist\/shared-[\w-]+\.js$/.test(path))).toEqual([]);
    expect(packed!.files.length).toBeLessThanOrEqual(MOST_FILES);
    expect(packed!.unpackedSize).toBeLessThan(MOST_BYTES);
  });

  it('has code without comments, and declarations with them', () => {
    expect(readFileSync(`${ROOT}dist/index.js`, 'utf8')).not.toMatch(/\/\*\*|^ *\/\/ /m);
    expect(readFileSync(`${ROOT}dist/core/session.d.ts`, 'utf8')).toContain('@throws SessionStoreError');
  });

  it('gives classes their own names, which Nest and the messages of errors show', async () => {
    const script = `
      import * as all from 'nest-session';
      const classes = Object.entries(all).filter(([, value]) => /^class/.test(String(value)));
      console.log(JSON.stringify(classes.map(([name, { name: own }]) => [name, own])));
    `;
    const names = JSON.parse(await runNode('module', script)) as [string, string][];
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter(([name, own]) => name !== own)).toEqual([]);
  });

  it('says what it needs: drivers are optional peers, and all that is imported is asked for', () => {
    const { peerDependencies, peerDependenciesMeta, dependencies } = manifest;
    const optional = Object.keys(peerDependenciesMeta).filter((name) => peerDependenciesMeta[name]?.optional);
    expect(optional.sort()).toEqual([
      '@nestjs/microservices',
      '@nestjs/terminus',
      '@nestjs/websockets',
      'mysql2',
      'pg',
      'redis',
      'typeorm',
    ]);
    expect(Object.keys(dependencies).sort()).toEqual(['@standard-schema/spec', 'cookie', 'ms']);
    // An application may have any version of what it does not use with the package.
    for (const name of optional) expect(peerDependencies[name]).toBe('*');
    for (const name of ['@nestjs/common', '@nestjs/core', 'rxjs']) {
      expect(peerDependencies).toHaveProperty([name]);
      expect(peerDependenciesMeta).not.toHaveProperty([name]);
    }
  });

  it('leaves nothing internal in the declarations', () => {
    const declarations = readFileSync(`${ROOT}dist/core/session.d.ts`, 'utf8');
    expect(declarations).not.toMatch(/constructor\(engine|@internal/);
  });

  it('has every file that package.json names', () => {
    const { main, types, exports, typesVersions } = manifest;
    const named = [
      main,
      types,
      ...Object.values(exports).flatMap((target) =>
        typeof target === 'string'
          ? [target]
          : [target.types, target.default, target.require.types, target.require.default],
      ),
      ...Object.values(typesVersions).flatMap((paths) => Object.values(paths).flat()),
    ];
    expect(named.filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });
});
