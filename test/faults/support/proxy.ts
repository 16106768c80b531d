import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between an application and its database, and has accidents. */
export interface Proxy {
  /** The database's address, by way of the proxy. */
  readonly url: string;
  /** Connections that are open now lead nowhere, for good: no byte, no end. New ones are not affected. */
  strand(): void;
  /** No byte comes through, on old connections and new ones, until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** The database is gone: connections are reset, new ones too, until {@link raise}. */
  drop(): void;
  raise(): void;
  /** Resets every connection when the next bytes are on their way back to the application, which never sees them. */
  cutAnswers(): void;
  /** Answers on the connections that are open now go no further. The function that is returned ends these connections. */
  holdAnswers(): () => void;
  close(): Promise<void>;
}

/** Starts a proxy in front of the database at `target`. */
export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  const stranded = new WeakSet<object>();
  let isFrozen = false;
  let isGone = false;

  const server = createServer((near) => {
    if (isGone) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(port), hostname);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined); // its end is what matters
      socket.on('close', () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    if (!isFrozen) join(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.href,
    strand() {
      for (const pair of pairs) {
        part(pair);
        stranded.add(pair);
      }
    },
    freeze() {
      isFrozen = true;
      for (const pair of pairs) part(pair);
    },
    thaw() {
      isFrozen = false;
      for (const pair of pairs) if (!stranded.has(pair)) join(pair);
    },
    drop() {
      isGone = true;
      for (const [near] of pairs) near.resetAndDestroy();
    },
    raise() {
      isGone = false;
    },
    cutAnswers() {
      for (const pair of pairs) {
        const [near, far] = pair;
        far.unpipe(near);
        far.once('data', () => near.resetAndDestroy()).resume();
      }
    },
    holdAnswers() {
      const held = [...pairs];
      for (const [near, far] of held) far.unpipe(near);
      return () => held.forEach(([near]) => near.end());
    },
    async close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function join([near, far]: readonly [Socket, Socket]): void {
  near.pipe(far);
  far.pipe(near);
}

function part([near, far]: readonly [Socket, Socket]): void {
  near.unpipe(far).pause();
  far.unpipe(near).pause();
}
