import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Proxy } from './proxy.js';

export interface NginxSettings {
  /** Where the program is. */
  readonly program: string;
  /** The `nginx.conf` of this folder. */
  readonly configuration: string;
  /** A folder for its files. */
  readonly folder: string;
  /** Further lines of its server, such as those for TLS. */
  readonly directives?: readonly string[];
}

/** nginx, run beside the instances. */
export class NginxProxy implements Proxy {
  readonly name = 'nginx';
  url = '';
  readonly #settings: NginxSettings;
  /** The process ids of its workers, from its log. */
  readonly #workers = new Set<number>();
  #child: ChildProcess | undefined;
  #lastWords = '';
  #notice: () => void = () => undefined;

  constructor(settings: NginxSettings) {
    this.#settings = settings;
  }

  async listen(port: number, host: string, instances: readonly string[]): Promise<void> {
    const { program, configuration, folder, directives = [] } = this.#settings;
    const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    await mkdir(folder, { recursive: true });
    await copyFile(configuration, join(folder, 'nginx.conf'));
    await writeFile(join(folder, 'listen.conf'), [`listen ${place};`, ...directives, ''].join('\n'));
    await this.#write(instances);
    const child = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    this.#child = child;
    process.once('exit', () => child.kill()); // it would stay, otherwise
    createInterface({ input: child.stderr }).on('line', (line) => this.#hear(line));
    child.on('exit', () => this.#notice());
    await this.#until(() => this.#workers.size > 0);
    this.url = `http://${place}`;
  }

  /** Reloads: new workers use the new list, and the old workers end after their last response. */
  async route(instances: readonly string[]): Promise<void> {
    const before = [...this.#workers];
    await this.#write(instances);
    this.#lastWords = '';
    this.#child?.kill('SIGHUP');
    await this.#until(() => this.#workers.size > 0 && !before.some((worker) => this.#workers.has(worker)));
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#hasEnded) return;
    const ended = once(child, 'exit');
    child.kill('SIGQUIT'); // in good order
    await ended;
  }

  async #write(instances: readonly string[]): Promise<void> {
    const file = join(this.#settings.folder, 'instances.conf');
    await writeFile(`${file}.new`, instances.map((url) => `server ${new URL(url).host};\n`).join(''));
    await rename(`${file}.new`, file);
  }

  #hear(line: string): void {
    const [, started] = /: start worker process (\d+)/.exec(line) ?? [];
    const [, ended] = /: worker process (\d+) exited/.exec(line) ?? [];
    if (started !== undefined) this.#workers.add(Number(started));
    if (ended !== undefined) this.#workers.delete(Number(ended));
    if (/\[(emerg|alert|crit)\]/.test(line)) this.#lastWords = line;
    if (/\[(warn|error)\]/.test(line)) console.warn(line);
    this.#notice();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#hasEnded || this.#lastWords !== '') throw new Error(`nginx fails: ${this.#lastWords}`);
      await new Promise<void>((resolve) => (this.#notice = resolve));
    }
  }

  get #hasEnded(): boolean {
    const child = this.#child;
    return child !== undefined && (child.exitCode !== null || child.signalCode !== null);
  }
}
