import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { findResource } from '../../support/resources/find.js';
import { SECRET } from '../../support/site.js';

await findResource('dist'); // what the script imports

const SCRIPT = fileURLToPath(new URL('./app.mjs', import.meta.url));

type Message = Partial<Record<'port' | 'pruned', number> & Record<'holding', true>>;

/** What an application in a process of its own is started with: options that JSON can hold. */
export interface AppSettings {
  /** The database. */
  readonly url: string;
  readonly options?: Partial<Omit<SessionModuleOptions, 'store'>>;
  /** Settings of the driver's pool. */
  readonly extra?: Record<string, unknown>;
}

/** An application in a process of its own. */
export class AppProcess {
  readonly base: string;
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  static async start({ options, ...rest }: AppSettings): Promise<AppProcess> {
    const child = fork(SCRIPT, {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        APP: JSON.stringify({ ...rest, options: { secret: SECRET, ...options } }),
      },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const app = new AppProcess(child);
    const port = await Promise.race([app.#told('port'), app.#ended.then(() => undefined)]);
    if (port === undefined) throw new Error(`The application did not start:\n${app.output}`);
    Object.assign(app, { base: `http://127.0.0.1:${port}` });
    return app;
  }

  private constructor(child: ChildProcess) {
    this.base = '';
    this.#child = child;
    this.#ended = once(child, 'close');
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  /** Whether it runs: anything that it does not catch would have ended it. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when a request has come to the route that holds it. */
  async holding(): Promise<void> {
    await this.#told('holding');
  }

  /** Lets the requests that are held go on. */
  release(): void {
    this.#child.send({ do: 'release' });
  }

  /** Removes expired sessions; returns how many. */
  async prune(): Promise<number> {
    this.#child.send({ do: 'prune' });
    return (await this.#told('pruned'))!;
  }

  /** Has it close its application, and tells how the process ended by itself. */
  async close(): Promise<{ code: number | null; output: string }> {
    if (this.isRunning) this.#child.send({ do: 'close' });
    const [code] = (await this.#ended) as [number | null];
    return { code, output: this.output };
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #told<Name extends keyof Message>(name: Name): Promise<Message[Name]> {
    for (;;) {
      const [message] = (await once(this.#child, 'message')) as [Message];
      if (name in message) return message[name];
    }
  }
}
