import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Which cores the application has for itself, and which are left to the load and the database. */
export interface Cores {
  readonly app: string;
  readonly others: string;
}

/**
 * The last core for the application, the others for everything else; undefined where `taskset` does not exist or there
 * is one core only. This process, and so all that it starts, moves to the others.
 */
export function divideCores(): Cores | undefined {
  if (availableParallelism() < 2) return undefined;
  try {
    const list = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
    const allowed = coresIn(list.slice(list.lastIndexOf(':') + 1));
    const app = String(allowed.pop());
    const others = allowed.join(',');
    execFileSync('taskset', ['-acp', others, String(process.pid)], { stdio: 'ignore' });
    return { app, others };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The cores of a list as `0-2,5` has them. */
export function coresIn(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first = NaN, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
