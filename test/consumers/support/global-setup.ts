import { mkdirSync, mkdtempSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Shared from '../../support/global-setup.js';
import type * as Command from './command.js';

// As in ../../support/global-setup.ts.
const require = createRequire(import.meta.url);
const { default: startServers } = require('../../support/global-setup.ts') as typeof Shared;
const { run } = require('./command.ts') as typeof Command;

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Versions of Node.js to run applications on, beside the one that runs the tests. */
const OTHER_NODES = [22, 24];

/**
 * Packs the built package, and brings other versions of Node.js by way of the package registry. @throws Error where one
 * cannot be had.
 */
export default async function globalSetup(): Promise<void> {
  await startServers();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'nest-session-consumers-'));
  process.env.CONSUMERS_FOLDER = folder;
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], ROOT);
  process.env.CONSUMERS_ARCHIVE = join(folder, readdirSync(folder)[0]!);
  const others = OTHER_NODES.map((major) => installNode(major, join(folder, `node-${major}`)));
  const nodes = [process.execPath, ...(await Promise.all(others))];
  const named = nodes.map(async (node) => ({
    node,
    version: (await run(node, ['-p', 'process.versions.node'], folder)).stdout.trim(),
  }));
  process.env.CONSUMERS_NODES = JSON.stringify(await Promise.all(named));
}

async function installNode(major: number, folder: string): Promise<string> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  // The package `node` installs this one, with a second run of npm.
  const name = `node-${process.platform.replace('win32', 'win')}-${process.arch}`;
  await run('npm', ['install', ...options, `${name}@${major}`], folder);
  return realpathSync(join(folder, 'node_modules', name, 'bin', 'node'));
}
