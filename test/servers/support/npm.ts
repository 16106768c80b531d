import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, Unavailable } from '../part.js';
import { run } from './programs.js';

/** Installs npm packages (`name@version`) into a folder, and answers it. @throws Unavailable */
export async function install(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(CACHE, `npm-${name}`);
  const wanted = JSON.stringify(packages);
  const list = join(folder, 'packages.json');
  if (existsSync(list) && (await readFile(list, 'utf8')) === wanted) return folder;
  await rm(folder, { recursive: true, force: true });
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  await writeFile(join(draft, 'package.json'), '{ "private": true, "type": "module" }');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  try {
    await run('npm', ['install', ...options, ...packages], { cwd: draft });
  } catch (error) {
    throw new Unavailable(packages.join(', '), error);
  }
  await writeFile(join(draft, 'packages.json'), wanted);
  await rename(draft, folder);
  return folder;
}

/** The version of a package that was installed. */
export async function versionOf(folder: string, name: string): Promise<string> {
  const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
