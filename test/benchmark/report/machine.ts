import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Cores } from '../measure/cores.js';

const ROOT = new URL('../../../../../../', import.meta.url);

const PACKAGES = [
  '@nestjs/core',
  'express',
  'fastify',
  'typeorm',
  'pg',
  'redis',
  'express-session',
  'connect-pg-simple',
  'connect-typeorm',
  'connect-redis',
  'memorystore',
  '@fastify/session',
  'autocannon',
];

/** What it was measured on: figures mean nothing without. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly pinned: Cores | undefined;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** How busy the machine was before: processes that wanted to run, over a minute. */
  readonly loadBefore: number;
  /** With the settings that matter. */
  readonly servers: readonly string[];
  /** Of this package and of all that it is compared with. */
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(
  pinned: Cores | undefined,
  loadBefore: number,
  servers: readonly string[],
): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    pinned,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    loadBefore,
    servers,
    versions: {
      'nest-session': versionAt('package.json'),
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionAt(`node_modules/${name}/package.json`)])),
    },
  };
}

/** Processes that wanted to run, over the last minute. */
export function loadNow(): number {
  return Number(loadavg()[0]!.toFixed(2));
}

/** What it was measured on, in lines that are not too long for the chart. */
export function machineLines({ cpu, cores, memoryGiB, system, node, servers, versions }: Machine): string[] {
  const shown = ['@nestjs/core', 'express', 'express-session', 'connect-pg-simple', 'connect-typeorm'];
  const peers = [...shown, 'connect-redis', '@fastify/session'].map((name) => `${name} ${versions[name]}`);
  const machine = `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node.js ${node}`;
  return [machine, servers.join(' · '), peers.join(' · ')].filter((line) => line !== '');
}

function versionAt(path: string): string {
  const file = fileURLToPath(new URL(path, ROOT));
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
