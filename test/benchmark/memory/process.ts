/** The process that fills one store in memory, lets it expire, and prints what that cost. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MemoryReport } from './report.js';

/** Stores look around at intervals of up to half a minute: here every second, so that nobody has to wait. */
function hastenTimers(): void {
  const { setTimeout } = globalThis;
  const hastened = (callback: () => void, milliseconds = 1): NodeJS.Timeout =>
    setTimeout(callback, Math.min(milliseconds, 1000));
  globalThis.setTimeout = Object.assign(hastened, setTimeout);
}

/** Watches the event loop while `work` runs: the longest time between two turns. */
async function longestBlock(work: () => Promise<void>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  let running = true;
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  await new Promise(setImmediate);
  running = false;
  return longest;
}

async function measure(name: string, sessions: number): Promise<MemoryReport> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('It runs with --expose-gc only.');
  const { LIFE, MEMORY_STORES } = await import('./stores.js');
  const store = MEMORY_STORES[name]!();
  gc();
  const before = process.memoryUsage().heapUsed;
  let json = 0;
  for (let index = 0; index < sessions; index += 1) {
    json += store.add(index);
    // What it has scheduled gets its turn, as it does between requests.
    if (index % 1000 === 0) await new Promise(setImmediate);
  }
  await delay(100);
  gc();
  const heap = process.memoryUsage().heapUsed - before;
  const idleBlock = await longestBlock(() => delay(500));

  const now = Date.now;
  Date.now = () => now() + 2 * LIFE;
  const cpu = process.cpuUsage();
  const expiryBlock = await longestBlock(async () => {
    store.expire?.();
    const patience = performance.now() + 5_000;
    let size = store.size();
    // Until nothing is left, or nothing more has happened for five seconds.
    for (let until = patience; size > 0 && performance.now() < until;) {
      await delay(100);
      const left = store.size();
      if (left < size) until = performance.now() + 5_000;
      size = left;
    }
  });
  const { user, system } = process.cpuUsage(cpu);
  return {
    sessions,
    json: json / sessions,
    heap: heap / sessions,
    idleBlock,
    expiryBlock,
    expiryCpu: (user + system) / 1000,
    left: store.size(),
  };
}

hastenTimers();
console.log(JSON.stringify(await measure(process.argv[2]!, Number(process.argv[3]))));
process.exit();
