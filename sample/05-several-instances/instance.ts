import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** An instance of the application, controlled by the parent process. */
export class Instance {
  private constructor(
    readonly name: string,
    /** Its address. */
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts an instance; resolves when it listens. @throws Error if it ends instead. */
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

  /** Stops it gracefully: it answers its requests first. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
