import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without what a test runner and npm put there, and without addresses of servers. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !/^(NODE_|npm_|JEST_)|_URL$/.test(name)));
}

/** Runs a program to its end. @throws Error with what it said when it fails. */
export async function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Output> {
  const options = { cwd, env: { ...cleanEnvironment(), ...env }, maxBuffer: 64 * 1024 * 1024 };
  return promisify(execFile)(file, args, options).catch((error: unknown) => {
    const { stdout, stderr } = error as Output;
    throw new Error(`${file} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  });
}
