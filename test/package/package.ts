import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findResource } from '../support/resources/find.js';

/** The repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The files of an entry point, for ESM and for CommonJS. */
export interface EntryPoint {
  readonly require: { readonly types: string; readonly default: string };
  readonly types: string;
  readonly default: string;
}

export interface Manifest {
  readonly name: string;
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, string | EntryPoint>>;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Manifest;

await findResource('dist');

/** The import name of every subpath, with its files; `./package.json` left out. */
export const entryPoints = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ specifier: manifest.name + subpath.slice(1), ...target }],
);

/** Runs a program in the repository and gives its output. */
export async function run(file: string, args: readonly string[]): Promise<string> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(file, args, { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Runs JavaScript in a Node.js of its own, as an ES module or as CommonJS. */
export function runNode(type: 'module' | 'commonjs', script: string): Promise<string> {
  return run(process.execPath, [`--input-type=${type}`, '--eval', script]);
}
