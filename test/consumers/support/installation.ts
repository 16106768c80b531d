import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.js';
import type { DependencySet } from './matrix.js';

const QUIETLY = ['--prefer-offline', '--no-audit', '--no-fund'];

/** Install scripts are off, and peers that do not fit are errors. */
const INSTALLERS = {
  npm: ['npm', 'install', ...QUIETLY, '--ignore-scripts', '--strict-peer-deps'],
  pnpm: [
    ...['npx', '--yes', '--prefer-offline', 'pnpm@10', 'install', '--prefer-offline'],
    ...['--ignore-scripts', '--strict-peer-dependencies', '--reporter=append-only'],
  ],
} as const;

/** A folder with packages in it. */
export interface Installation {
  readonly folder: string;
  /** What the installer said. */
  readonly said: string;
  remove(): Promise<void>;
}

/** Installs the packed package with others, as a new application does. */
export async function install(set: DependencySet): Promise<Installation> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'nest-session-consumer-'));
  const dependencies = { ...set.dependencies, 'nest-session': `file:${process.env.CONSUMERS_ARCHIVE}` };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, dependencies }),
  );
  const [program, ...args] = INSTALLERS[set.installer];
  const { stdout, stderr } = await run(program, args, folder);
  return { folder, said: stdout + stderr, remove: () => rm(folder, { recursive: true, force: true }) };
}
