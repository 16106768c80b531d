import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds in a tick of /proc: 100 a second on every Linux that Node.js runs on. */
const TICK = 10_000;

interface ProcessTime {
  readonly pid: number;
  readonly parent: number;
  /** Ticks of its own. */
  readonly own: number;
  /** Ticks of its children that have ended. */
  readonly ended: number;
}

/**
 * Microseconds of CPU that a process and all below it have used, those that have ended included; undefined where
 * there is no /proc.
 */
export function cpuOfTree(root: number): number | undefined {
  const all = processTimes();
  if (all === undefined) return undefined;
  const tree = treeOf(all, root);
  return tree.reduce((sum, { own, ended }) => sum + own + ended, 0) * TICK;
}

/** The ids of a process and all below it. */
export function idsOfTree(root: number): number[] {
  return treeOf(processTimes() ?? [], root).map(({ pid }) => pid);
}

function treeOf(all: readonly ProcessTime[], root: number): ProcessTime[] {
  const tree = all.filter(({ pid }) => pid === root);
  for (const one of tree) tree.push(...all.filter(({ parent }) => parent === one.pid));
  return tree;
}

function processTimes(): ProcessTime[] | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc').flatMap((name) => {
    const time = /^\d+$/.test(name) ? timeOf(Number(name)) : undefined;
    return time ?? [];
  });
}

function timeOf(pid: number): ProcessTime | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    // It has ended since its name was read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** A line of /proc/<pid>/stat (proc(5)); the name in brackets may hold anything, blanks and brackets too. */
export function parseStat(line: string): ProcessTime {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(fields[1]),
    own: user! + system!,
    ended: endedUser! + endedSystem!,
  };
}
