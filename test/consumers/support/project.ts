import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Options, transformFile } from '@swc/core';
import { run } from './command.js';
import type { Application } from './matrix.js';

const HERE = fileURLToPath(new URL('../', import.meta.url));

/** As an application of today has them, and with every library checked. */
const COMPILER_OPTIONS = {
  target: 'es2022',
  lib: ['es2022'],
  types: ['node'],
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  skipLibCheck: false,
  rootDir: 'src',
  outDir: 'dist',
};

/** What the command line of Nest has SWC do. */
const swcOptions = (type: Application['type']): Options => ({
  swcrc: false,
  configFile: false,
  module: { type: type === 'module' ? 'es6' : 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
});

/** Writes an application into the folder where its dependencies are; answers its own. */
export function writeProject(
  folder: string,
  application: Application,
  specifiers: readonly string[],
): string {
  const project = join(folder, application.name.replaceAll(/\W+/g, '-').toLowerCase());
  mkdirSync(join(project, 'dist'), { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(join(project, name), text);
  write('package.json', JSON.stringify({ private: true, type: application.type }));
  if (application.build === 'is JavaScript')
    cpSync(join(HERE, 'plain.cjs'), join(project, 'dist', 'main.js'));
  else {
    cpSync(join(HERE, 'app'), join(project, 'src'), { recursive: true });
    write('src/entry-points.ts', importsOf(specifiers));
    write('src/untyped.d.ts', `declare module 'express4';\n`);
    const compilerOptions = { ...COMPILER_OPTIONS, ...application.compilerOptions };
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
  }
  return project;
}

/** Writes a program in ESM and one in CommonJS that print the names of every entry point at run time; answers their names. */
export function writeEntryPoints(folder: string, specifiers: readonly string[]): string[] {
  const loads = {
    'names.mjs': (name: string) => `await import('${name}')`,
    'names.cjs': (name: string) => `require('${name}')`,
  };
  const own = `Object.keys(all).filter((name) => name !== 'default' && name !== '__esModule').sort()`;
  return Object.entries(loads).map(([file, load]) => {
    const names = specifiers.map((name) => `${JSON.stringify(name)}: namesOf(${load(name)})`);
    const text = `const namesOf = (all) => ${own};\nconsole.log(JSON.stringify({ ${names.join(', ')} }));\n`;
    writeFileSync(join(folder, file), text);
    return file;
  });
}

/** Every entry point in a program, so that its declarations are checked. */
function importsOf(specifiers: readonly string[]): string {
  const names = specifiers.map((_, index) => `entry${index}`);
  const imports = specifiers.map((name, index) => `import * as ${names[index]} from '${name}';\n`);
  return `${imports.join('')}export const all: readonly object[] = [${names.join(', ')}];\n`;
}

/** Type-checks an application, and writes what tsc makes of it. @throws Error with what the compiler said. */
export async function compile(folder: string, project: string, application: Application): Promise<void> {
  const compiler = join(folder, 'node_modules', application.compiler ?? 'typescript', 'bin', 'tsc');
  const args = application.build === 'tsc' ? [] : ['--noEmit'];
  await run(process.execPath, [compiler, '-p', project, ...args], folder);
  if (application.build === 'swc') await compileWithSwc(project, application.type);
}

/** Writes what SWC makes of an application, which checks no types. */
export async function compileWithSwc(project: string, type: Application['type']): Promise<void> {
  for (const name of readdirSync(join(project, 'src')).filter((file) => !file.endsWith('.d.ts'))) {
    const { code } = await transformFile(join(project, 'src', name), swcOptions(type));
    writeFileSync(join(project, 'dist', name.replace(/\.ts$/, '.js')), code);
  }
}
