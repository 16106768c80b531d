import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Resource } from './look-ups.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What the build is made of, and what makes it. */
const SOURCES = ['lib', 'package.json', 'tsconfig.json', 'nest-cli.json'];

/** The built package. It is built again if a source is newer, so that no test looks at an old build. */
export const dist: Resource = {
  name: 'dist',
  remedy: 'npm run build',
  async find() {
    const folder = join(ROOT, 'dist');
    if (await isFresh()) return folder;
    process.stderr.write('dist is older than lib: npm run build.\n');
    const { NODE_OPTIONS: _, ...env } = process.env;
    await promisify(execFile)('npm', ['run', 'build'], { cwd: ROOT, env }).catch(
      (error: { stdout?: string }) => {
        throw new Error(`npm run build has failed:\n${error.stdout}`, { cause: error });
      },
    );
    return folder;
  },
};

/** Whether every file of the build is newer than every source. Folders count: they change when a file in them comes or goes. */
async function isFresh(): Promise<boolean> {
  const [sources, built] = await Promise.all([timesOf(SOURCES), timesOf(['dist/index.cjs', 'dist'])]);
  return Math.min(...built) > Math.max(...sources);
}

/** When each of these, and all that is in them, was last written or put in place: no tool sets this time back. */
async function timesOf(paths: readonly string[]): Promise<number[]> {
  const inside = await Promise.all(
    paths.map((path) => readdir(join(ROOT, path), { recursive: true }).catch(() => [])),
  );
  const all = paths.flatMap((path, index) => [path, ...inside[index]!.map((name) => join(path, name))]);
  const stats = await Promise.all(all.map((path) => stat(join(ROOT, path)).catch(() => undefined)));
  return stats.map((one) => one?.ctimeMs ?? 0); // what is missing is older than anything
}
