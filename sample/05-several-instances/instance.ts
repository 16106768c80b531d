import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** An instance of the application, seen from the process that started it. */
export class Instance {
  private constructor(
    readonly name: string,
    /** Where it listens. */
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts one; resolves when it listens. @throws Error where it ends instead. */
  static async start(
    script: string,
    name: string,
    environment: NodeJS.ProcessEnv,
    output: 'inherit' | 'ignore' = 'inherit',
  ): Promise<Instance> {
    const child = fork(script, {
      env: { ...process.env, ...environment, INSTANCE: name },
      execArgv: [],
      stdio: ['ignore', output, output, 'ipc'],
    });
    const url = await Promise.race([
      once(child, 'message').then(([message]) => (message as { url: string }).url),
      once(child, 'exit').then(() => undefined),
    ]);
    if (url === undefined) throw new Error(`instance ${name} ended while it started.`);
    return new Instance(name, url, child);
  }

  /** Ends it in good order: it answers what it was asked. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
