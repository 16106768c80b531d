import autocannon from 'autocannon';
import type { Traffic } from './traffic.js';

/** What came of a run without pauses. */
export interface Throughput {
  readonly requests: number;
  readonly seconds: number;
}

/** How much is asked. */
export interface Effort {
  readonly connections: number;
  readonly seconds: number;
  /** A few requests for each connection instead of a time, however long they take. */
  readonly smoke: boolean;
}

/**
 * As many requests as the application answers, on each connection one after the other.
 *
 * @throws Error when any request failed: a fast error would count as a fast answer.
 */
export async function throughput(
  port: number,
  traffic: Traffic,
  { connections, seconds, smoke }: Effort,
): Promise<Throughput> {
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${traffic.path}`,
    connections,
    ...(smoke ? { amount: 4 * connections } : { duration: seconds }),
    sampleInt: 100, // it ends with a sample
    // Each connection goes through requests of its own, which are put together beforehand.
    setupClient: (client) =>
      client.setRequests(
        traffic.sample(30).map((headers) => ({ method: traffic.method, path: traffic.path, headers })),
      ),
  });
  const failed = result.errors + result.timeouts + result.non2xx;
  if (failed > 0 || result.requests.total === 0) {
    const of = `${failed} of ${result.requests.total} requests`;
    throw new Error(`${of} to ${traffic.path} failed: ${JSON.stringify(result.statusCodeStats)}`);
  }
  return { requests: result.requests.total, seconds: result.duration };
}
