import { type ChildProcess, execFile, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFreePort } from '../../../sample/support/embedded-postgres.js';
import type { Stage } from '../part.js';

export { findFreePort };

/** Runs a program to its end, and answers what it printed. @throws Error with what it said when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<string> {
  const { cwd, env, uid, gid } = options;
  const given = { cwd, env, uid, gid, maxBuffer: 64 * 1024 * 1024 };
  const { stdout, stderr } = await promisify(execFile)(program, args, given as object).catch(
    (error: unknown) => {
      const said = error as { stdout?: string; stderr?: string; message: string };
      throw new Error(`${program} failed:\n${said.stdout ?? ''}${said.stderr ?? said.message}`, {
        cause: error,
      });
    },
  );
  return String(stdout) + String(stderr);
}

/** Starts a server, which ends with its stage, and waits until it takes connections on its port. */
export async function serve(
  stage: Stage,
  port: number,
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<ChildProcess> {
  const log = join(await stage.folder(), 'server.log');
  const file = openSync(log, 'w');
  const child = spawn(program, args, { ...options, stdio: ['ignore', file, file] });
  closeSync(file);
  stage.atEnd(() => stop(child));
  child.on('error', () => undefined); // its exit code, or the missing port, tells
  for (const end = Date.now() + 300_000; !(await answers(port)); await sleep(50))
    if (hasEnded(child) || child.pid === undefined || Date.now() > end)
      throw new Error(`${program} did not start:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
  return child;
}

/** Ends a process that was started here, kindly at first. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await exit;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
}
