import { describe, expect, it } from '@jest/globals';
import { cpuOfTree, parseStat } from './processes.js';

describe('parseStat', () => {
  it('reads past a name with brackets and blanks', () => {
    const line = '42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 1 0 100 1 1';
    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, own: 33, ended: 77 });
  });
});

describe('cpuOfTree', () => {
  const itOnLinux = process.platform === 'linux' ? it : it.skip;

  itOnLinux('is what a process has used', () => {
    const { user, system } = process.cpuUsage();
    expect(cpuOfTree(process.pid)).toBeGreaterThanOrEqual(user + system - 100_000);
  });

  itOnLinux('is nothing for a process that does not exist', () => {
    expect(cpuOfTree(2 ** 30)).toBe(0);
  });
});
