import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';

/** How requests follow each other. */
export interface Pace {
  /** Requests a second. */
  readonly rate: number;
  readonly connections: number;
  readonly seconds: number;
  /** Ends it before that. */
  readonly until?: () => boolean;
}

/**
 * Sends `rate` requests a second, whether or not earlier ones are answered, and resolves with how many milliseconds
 * each took. A request that finds every connection busy waits for one, and the wait counts: a slow application cannot
 * slow down the load and look fast.
 */
export async function pacedLatencies(
  port: number,
  ask: (connection: Connection) => Promise<unknown>,
  { rate, connections, seconds, until = () => false }: Pace,
): Promise<number[]> {
  const open = await Connection.openMany(port, connections);
  const latencies: number[] = [];
  const idle = [...open];
  const queue: number[] = [];
  let failure: Error | undefined;
  let underWay = 0;

  const send = async (connection: Connection, due: number): Promise<void> => {
    underWay += 1;
    try {
      await ask(connection);
      latencies.push(performance.now() - due);
      const next = queue.shift();
      if (next === undefined) idle.push(connection);
      else void send(connection, next);
    } catch (error) {
      failure ??= error as Error;
    } finally {
      underWay -= 1;
    }
  };

  try {
    const start = performance.now();
    const total = Math.ceil(rate * seconds);
    let sent = 0;
    while (sent < total && failure === undefined && !(sent > 0 && until())) {
      const now = performance.now();
      // Never more than is due in 20 ms, should this process itself have been held up.
      const due = Math.min(
        total - sent,
        Math.floor(((now - start) / 1000) * rate) + 1 - sent,
        Math.ceil(rate / 50),
      );
      for (let index = 0; index < due; index += 1) {
        const connection = idle.shift();
        if (connection === undefined) queue.push(now);
        else void send(connection, now);
      }
      sent += Math.max(0, due);
      await delay(1);
    }
    while (underWay > 0 && failure === undefined) await delay(5);
    if (failure !== undefined) throw failure;
    return latencies;
  } finally {
    for (const connection of open) connection.close();
  }
}
