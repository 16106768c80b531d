import { randomBytes } from 'node:crypto';
import { createCluster } from 'redis';
import { RedisSessionStore } from '../../../../lib/stores/redis/index.js';
import { openRedisSpace, REDIS_URL } from '../../../support/redis.js';
import { REDIS_SERVER, startRedisCluster } from '../../../support/redis-server.js';

/** Carries out a command of a store, or does something else in its place. */
export type Step = (command: readonly string[], send: () => Promise<unknown>) => Promise<unknown>;

/** A Redis for the tests of one file, empty for each test. */
export interface Place {
  readonly prefix: string;
  /** A store that nothing steps into. */
  store(): RedisSessionStore;
  /** A store whose every command is carried out by `step`. */
  storeWith(step: Step): RedisSessionStore;
  /** Sends a command to the server that has the key. */
  send(key: string, ...command: string[]): Promise<unknown>;
  /** The names of all keys, without the prefix. */
  keys(): Promise<string[]>;
  clear(): Promise<void>;
  /** Sends a command to every server. */
  sendToAll(...command: string[]): Promise<void>;
  close(): Promise<void>;
}

/** Every kind of Redis, for `describe.each`. */
export const PLACES = [
  { place: 'one server', isThere: REDIS_URL !== undefined, isCluster: false, open: openServer },
  { place: 'a Cluster', isThere: REDIS_SERVER !== undefined, isCluster: true, open: openCluster },
] as const;

/** Whether a command runs a script on a session itself, and not on an index. */
export function isOnSession([name, , , key]: readonly string[]): boolean {
  return name!.startsWith('EVAL') && /\{[\w-]{22,}\}$/.test(key!);
}

async function openServer(): Promise<Place> {
  const space = await openRedisSpace();
  const { client, prefix } = space;
  return {
    ...space,
    store: () => new RedisSessionStore({ client, prefix }),
    storeWith: (step) =>
      new RedisSessionStore({
        client: {
          isOpen: true,
          sendCommand: (args: readonly string[], options?: object) =>
            step(args, () => client.sendCommand([...args], options)),
        },
        prefix,
      }),
    send: (_, ...command) => client.sendCommand(command),
    sendToAll: async (...command) => void (await client.sendCommand(command)),
  };
}

export async function openCluster(): Promise<Place> {
  const servers = await startRedisCluster();
  const client = createCluster({ rootNodes: servers.urls.map((url) => ({ url })) });
  client.on('error', () => undefined); // the calls that fail report it
  await client.connect();
  const prefix = `${randomBytes(4).toString('hex')}:`;
  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const master of client.masters) {
      const node = await client.nodeClient(master);
      for await (const some of node.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) found.push(...some);
    }
    return found.map((key) => key.slice(prefix.length)).sort();
  };
  return {
    prefix,
    store: () => new RedisSessionStore({ client, prefix }),
    storeWith: (step) => {
      const stepping = {
        isOpen: true,
        masters: client.masters,
        nodeClient: () => undefined, // by which a client is recognised
        sendCommand: (key: string, isReadonly: boolean, args: string[], options?: object) =>
          step(args, () => client.sendCommand(key, isReadonly, args, options)),
      };
      return new RedisSessionStore({ client: stepping, prefix });
    },
    send: (key, ...command) => client.sendCommand(key, false, command),
    async sendToAll(...command) {
      for (const master of client.masters) await (await client.nodeClient(master)).sendCommand(command);
    },
    keys,
    async clear() {
      await Promise.all((await keys()).map((key) => client.del(prefix + key)));
    },
    async close() {
      await client.close();
      await servers.close();
    },
  };
}
