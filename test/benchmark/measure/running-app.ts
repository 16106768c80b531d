import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppCommand, AppReply, AppStart, Vitals } from '../app/messages.js';
import type { Cores } from './cores.js';

const SERVER = fileURLToPath(new URL('../app/server.js', import.meta.url));

const CHECKOUT = fileURLToPath(new URL('../../../../../..', import.meta.url));

/**
 * Puts what is compiled here into another checkout, where applications import its package in place of this one.
 *
 * @throws Error when that checkout is not built.
 */
export async function installIn(checkout: string): Promise<void> {
  if (!existsSync(join(checkout, 'dist/index.js')))
    throw new Error(`--before ${checkout} is not built: run "npm run build" there.`);
  const compiled = 'test/benchmark/dist';
  await cp(join(CHECKOUT, compiled), join(checkout, compiled), { recursive: true });
}

/** How the process of an application is started. */
export interface AppProcess {
  /** The executable of Node.js. */
  readonly node: string;
  readonly cores: Cores | undefined;
  /** For Node.js. */
  readonly flags: readonly string[];
  /** Another checkout to run it from. */
  readonly checkout: string | undefined;
}

/** The application of one variant, running in a process of its own. */
export class RunningApp {
  readonly #answers = new Map<number, (value: never) => void>();
  #lastId = 0;
  #port = 0;
  #version = '';
  #ended: Promise<never>;
  #said = '';

  private constructor(private readonly child: ChildProcess) {
    const collect = (chunk: Buffer): void => void (this.#said = (this.#said + chunk.toString()).slice(-4000));
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    this.#ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The application ended with ${String(code)}:\n${this.#said}`);
    });
    this.#ended.catch(() => undefined);
  }

  /** Starts it; resolves when it listens. */
  static async start(start: AppStart, { node, cores, flags, checkout }: AppProcess): Promise<RunningApp> {
    const server = checkout === undefined ? SERVER : join(checkout, relative(CHECKOUT, SERVER));
    const command = [node, ...flags, server];
    if (cores) command.unshift('taskset', '-c', cores.app);
    const child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const app = new RunningApp(child);
    const listening = new Promise<void>((resolve, reject) => {
      child.on('message', (reply: AppReply) => {
        if (reply.type === 'listening') {
          app.#port = reply.port;
          app.#version = reply.version;
          resolve();
        } else if (reply.type === 'failed') {
          reject(new Error(reply.reason));
        } else {
          app.#answers.get(reply.id)?.(reply.value as never);
          app.#answers.delete(reply.id);
        }
      });
    });
    child.send(start);
    await Promise.race([listening, app.#ended]);
    return app;
  }

  get port(): number {
    return this.#port;
  }

  /** Of its Node.js. */
  get version(): string {
    return this.#version;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Microseconds of CPU it has used so far, user and system. */
  cpu(): Promise<number> {
    return this.#ask('cpu');
  }

  /** What it holds after a garbage collection. */
  vitals(): Promise<Vitals> {
    return this.#ask('vitals');
  }

  /** Has it remove expired sessions; resolves when there are none left. */
  async prune(): Promise<void> {
    await this.#ask('prune');
  }

  /** Ends it; resolves when the process is gone. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    if (child.connected) child.send({ id: 0, command: 'stop' } satisfies AppCommand);
    await exit;
    clearTimeout(impatience);
  }

  #ask<Value>(command: AppCommand['command']): Promise<Value> {
    const id = (this.#lastId += 1);
    const answer = new Promise<Value>((resolve) => this.#answers.set(id, resolve));
    this.child.send({ id, command } satisfies AppCommand);
    return Promise.race([answer, this.#ended]);
  }
}
