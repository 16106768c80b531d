import { Connection } from './connection.js';

/** How much is asked. */
export interface Effort {
  readonly connections: number;
  readonly seconds: number;
}

/**
 * As many requests as the application answers, on each connection one after the other; resolves with their number.
 *
 * The load never sleeps. Otherwise the application would pay for waking it, up to 25 µs for an answer on a virtual machine, and
 * how often it does would depend on how the answers follow each other.
 *
 * @throws Error when any request failed: a fast error would count as a fast answer.
 */
export async function saturate(
  port: number,
  next: () => string,
  { connections, seconds }: Effort,
): Promise<number> {
  const open = await Connection.openMany(port, connections);
  const end = performance.now() + seconds * 1000;
  let answers = 0;
  const work = async (connection: Connection): Promise<void> => {
    do {
      await connection.ask(next());
      answers += 1;
    } while (performance.now() < end);
  };
  const stayAwake = (): void => {
    if (performance.now() < end) setImmediate(stayAwake);
  };
  try {
    stayAwake();
    await Promise.all(open.map(work));
    return answers;
  } finally {
    for (const connection of open) connection.close();
  }
}
