import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cleanEnvironment } from './command.js';

/** What a visitor found in an application that was restarted meanwhile. */
export interface Findings {
  /** What each request was answered with, in turn. */
  readonly answers: readonly (readonly [request: string, status: number, body: unknown])[];
  /** How the two processes ended. */
  readonly exits: readonly (number | null)[];
  /** What they complained of. */
  readonly complaints: readonly string[];
}

/** Signs in, posts to further paths, restarts the application, finds the session there, and signs out. */
export async function visit(
  node: string,
  project: string,
  env: NodeJS.ProcessEnv,
  posts: readonly string[] = [],
): Promise<Findings> {
  const answers: [string, number, unknown][] = [];
  let cookie = '';
  const ask = async (server: Server, method: string, path: string, body?: object): Promise<void> => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers: { ...type, cookie }, body: body && JSON.stringify(body) };
    const response = await fetch(server.url + path, init as RequestInit);
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    const text = await response.text();
    answers.push([`${method} ${path}`, response.status, text && (JSON.parse(text) as unknown)]);
  };

  const first = await Server.start(node, project, env);
  await first.during(async () => {
    await ask(first, 'POST', '/login', { name: 'ada' });
    await ask(first, 'GET', '/me');
    for (const path of posts) await ask(first, 'POST', path);
  });
  const second = await Server.start(node, project, env);
  const kept = cookie;
  await second.during(async () => {
    await ask(second, 'GET', '/me');
    await ask(second, 'GET', '/devices');
    await ask(second, 'POST', '/logout');
    cookie = kept;
    await ask(second, 'GET', '/me');
  });
  const complaints = [first, second].flatMap((server) =>
    server.complaints.filter((line) => !isOfOthers(line)),
  );
  return { answers, exits: [first.exit, second.exit], complaints };
}

/**
 * Whether Node.js warns that an application in CommonJS requires Nest 12, which is ESM, or Nest 10 that the machine was busy
 * while it made tokens of modules.
 */
function isOfOthers(line: string): boolean {
  return /loading ES Module .*@nestjs|^Support for loading ES Module|^\(Use `node --trace-warnings|is taking \d+\.\d+ms to serialize/.test(
    line,
  );
}

/** An application in a process of its own. */
class Server {
  exit: number | null = null;

  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
    readonly complaints: readonly string[],
  ) {}

  /** Starts it, and waits for the address that it prints. */
  static async start(node: string, project: string, env: NodeJS.ProcessEnv): Promise<Server> {
    const child = spawn(node, [join('dist', 'main.js')], {
      cwd: project,
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const complaints: string[] = [];
    createInterface(child.stderr).on('line', (line) => complaints.push(line));
    const url = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('{')) resolve((JSON.parse(line) as { url: string }).url);
        else complaints.push(line);
      });
      child.on('exit', () => reject(new Error(`It did not start:\n${complaints.join('\n')}`)));
    });
    return new Server(child, url, complaints);
  }

  /** Does something while it runs, and stops it. */
  async during(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } finally {
      const ended = once(this.process, 'close');
      this.process.kill('SIGTERM');
      [this.exit] = (await ended) as [number | null];
    }
  }
}
