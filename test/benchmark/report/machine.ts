import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
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
];

/** What it was measured on: figures mean nothing without. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly pinned: Cores | undefined;
  readonly memoryGiB: number;
  readonly system: string;
  /** That of the load; applications may have others. */
  readonly node: string;
  /** How busy the machine was before: the share of the time of all cores, over two seconds. */
  readonly busyBefore: number;
  /** With the settings that matter. */
  readonly servers: readonly string[];
  /** Of this package and of all that it is compared with. */
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(
  pinned: Cores | undefined,
  busyBefore: number,
  servers: readonly string[],
): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    pinned,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    busyBefore,
    servers,
    versions: {
      'nest-session': versionAt('package.json'),
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionAt(`node_modules/${name}/package.json`)])),
    },
  };
}

/** The share of the time of all cores that is used, over two seconds in which this process does nothing. */
export async function busyNow(): Promise<number> {
  const before = coreTimes();
  await delay(2000);
  const after = coreTimes();
  const share = 1 - (after.idle - before.idle) / (after.all - before.all);
  return Number(share.toFixed(2));
}

function coreTimes(): { readonly idle: number; readonly all: number } {
  const sums = cpus().map(({ times }) => Object.values(times).reduce((sum, time) => sum + time, 0));
  const idle = cpus().reduce((sum, { times }) => sum + times.idle, 0);
  return { idle, all: sums.reduce((sum, time) => sum + time, 0) };
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
