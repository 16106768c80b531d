import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { hasCode } from './system-error.js';

/** `preferred`, else the next free one; without a preference, one that no outgoing connection can take. */
export async function findFreePort(preferred?: number, host = '127.0.0.1'): Promise<number> {
  const first = preferred ?? randomInt(15_000, 32_000); // below every system's range of ephemeral ports
  for (let port = first; port <= Math.min(first + 100, 65_535); port += 1) {
    if (await isFree(port, host)) return port;
  }
  throw new Error(`No free port on ${host} from ${first} to ${first + 100}: choose another one.`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', (error) => {
      if (hasCode(error, 'EADDRINUSE', 'EACCES')) done(false);
      else fail(error);
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => done(true)));
  });
}
