import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
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
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { manifest, ROOT, run } from './package.js';
import { type Block, blocksOf, fileNameOf, textOf } from './pages.js';

const [, quickStart = ''] = /^## Quick start\n(.*?)^## /ms.exec(textOf('README.md')) ?? [];
const blocks = blocksOf(quickStart);
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.trim().split('\n'));

const { NODE_OPTIONS: _, ...env } = process.env;

/** Follows the quick start of README.md to the letter, but for the registry: packages come from this checkout. */
describe('the quick start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nest-session-quick-start-'));
  let server: ChildProcess | undefined;
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    mkdirSync(join(folder, 'src'));
  });
  afterAll(async () => {
    await stop(server);
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const [program, ...args] = scripts.start.split(' ');
    expect(program).toBe('node');
    server = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...env, PORT: String(port) },
      stdio: 'ignore',
    });
    for (let tries = 0; tries < 450; tries++) {
      if (server.exitCode !== null) throw new Error(`The application ended with ${server.exitCode}.`);
      const answer = await fetch(`http://localhost:${port}/me`).catch(() => undefined);
      if (answer !== undefined) return;
      await setTimeout(100);
    }
    throw new Error('The application did not start.');
  }

  it('can be pasted into any shell: zsh knows no comments there, and expands ?, * and [', () => {
    for (const line of commands)
      expect(line.replace(/'[^']*'|"[^"]*"/g, '')).not.toMatch(/[#?*[\]!$]|(^| )[=~]/);
  });

  it('makes its folder, package.json and .env', async () => {
    const here = commands.filter((line) => /^(npm (init|pkg) |node -e )/.test(line));
    expect(here).toHaveLength(3);
    for (const line of here) await promisify(execFile)('sh', ['-c', line], { cwd: folder, env });
    expect(readFileSync(join(folder, '.env'), 'utf8')).toMatch(/^SESSION_SECRET=[0-9a-f]{64}$/);
  });

  it('installs what it imports', async () => {
    const named = commands
      .filter((line) => line.startsWith('npm install '))
      .flatMap((line) => line.split(' ').slice(2))
      .filter((word) => !word.startsWith('-'))
      .map((word) => word.replace(/(?<=.)@[^@/]+$/, ''));
    expect(named).toContain(manifest.name);
    for (const name of named.filter((other) => other !== manifest.name)) link(name, folder);
    mkdirSync(join(folder, 'node_modules', '.bin'));
    symlinkSync(join(ROOT, 'node_modules/typescript/bin/tsc'), join(folder, 'node_modules/.bin/tsc'));
    await installPacked(folder);
  });

  it('has five files, which compile', async () => {
    const files = blocks.flatMap((block) => {
      const name = fileNameOf(block);
      return name === undefined ? [] : [{ name, code: block.code }];
    });
    expect(files).toHaveLength(5);
    for (const { name, code } of files) writeFileSync(join(folder, name), code);
    expect(commands).toContain('npm run build');
    await promisify(execFile)('npm', ['run', 'build'], { cwd: folder, env });
  });

  it('answers as the page says, also after a restart', async () => {
    const steps = stepsOf(blocks);
    expect(steps).toHaveLength(2);
    const browser = new Browser(port);
    for (const { lines, answer } of steps) {
      await start(); // before the second step the reader starts it again
      let last: unknown;
      for (const line of lines) last = await browser.run(line);
      expect(last).toEqual(answer);
      await stop(server);
    }
  });

  it('refuses a visitor who is not signed in, and a wrong password', async () => {
    await start();
    const url = `http://localhost:${port}`;
    const refused = await fetch(`${url}/me`);
    expect([refused.status, await refused.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'LOGIN_REQUIRED' }),
    ]);
    const headers = { 'Content-Type': 'application/json' };
    const wrong = await fetch(`${url}/login`, {
      method: 'POST',
      headers,
      body: '{"name":"ada","password":"no"}',
    });
    expect([wrong.status, wrong.headers.getSetCookie()]).toEqual([401, []]);
  });
});

/** What the reader runs between one start and the next, and the answer that the page shows for the last line. */
function stepsOf(all: readonly Block[]): { lines: string[]; answer: unknown }[] {
  return all.flatMap(({ code }, index) => {
    const lines = code.split('\n').filter((line) => line.startsWith('curl '));
    const next = all[index + 1];
    if (lines.length === 0) return [];
    if (next?.language !== 'json') throw new Error('No answer is shown for a curl command.');
    return [{ lines, answer: JSON.parse(next.code) as unknown }];
  });
}

/** Runs the curl commands of the page. */
class Browser {
  #cookie = '';

  constructor(private readonly port: number) {}

  async run(line: string): Promise<unknown> {
    const [, ...words] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    const url = words.pop()!.replace('localhost:3000', `localhost:${this.port}`);
    const given = new Map<string, string>();
    for (let at = 0; at < words.length; at += 2) given.set(words[at]!, words[at + 1]!);
    const headers = new Headers(given.has('-b') ? { cookie: this.#cookie } : {});
    const [name, value] = given.get('-H')?.split(': ') ?? [];
    if (name !== undefined) headers.set(name, value!);
    const body = given.get('-d');
    const response = await fetch(url, { headers, ...(body !== undefined && { method: 'POST', body }) });
    expect(response.ok).toBe(true);
    if (given.has('-c')) this.#cookie = response.headers.getSetCookie()[0]!.split(';')[0]!;
    return response.json();
  }
}

function link(name: string, folder: string): void {
  const at = join(folder, 'node_modules', name);
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), at);
}

/** The packed package with its dependencies, as an installation has them. */
async function installPacked(folder: string): Promise<void> {
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  await promisify(execFile)('tar', ['-xzf', archive!], { cwd: folder });
  cpSync(join(folder, 'package'), join(folder, 'node_modules', manifest.name), { recursive: true });
  for (const name of Object.keys(manifest.dependencies)) link(name, folder);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function stop(server: ChildProcess | undefined): Promise<void> {
  if (server?.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGINT');
  await once(server, 'exit');
}
