import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every 20 ms, and gives up with the failure after `ms`. */
export async function until(
  failure: string,
  ms: number,
  done: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let waited = 0; !(await done()); waited += 20) {
    if (waited >= ms) throw new Error(`${failure}.`);
    await sleep(20);
  }
}
