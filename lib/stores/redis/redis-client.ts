import type { EventEmitter } from 'node:events';
import { describe, show } from '../../errors/describe.js';
import { messages } from '../../errors/messages.js';
import { SessionOptionsError } from '../../errors/session-options.error.js';

/** What is used of a client of node-redis 5 or 6: `createClient()`, `createClientPool()`. */
interface NodeRedisClient {
  readonly isOpen?: boolean;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
}

/** What is used of a cluster client of node-redis 5 or 6: `createCluster()`. */
interface NodeRedisCluster {
  readonly isOpen?: boolean;
  readonly masters: readonly unknown[];
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: object,
  ): Promise<unknown>;
}

/** What is used of a sentinel client of node-redis 5 or 6: `createSentinel()`. */
interface NodeRedisSentinel {
  readonly isOpen?: boolean;
  getSentinelNode(): unknown;
  sendCommand(isReadonly: boolean | undefined, args: string[], options?: object): Promise<unknown>;
}

/** What is used of a client of ioredis 5 or 6: `new Redis()`, `new Cluster()`. */
export interface IoRedisClient {
  readonly isCluster: boolean;
  readonly status: string;
  readonly options?: { readonly role?: unknown; readonly scaleReads?: unknown };
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client that {@link RedisSessionStore} works with. */
export type RedisSessionClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoRedisClient;

/**
 * One way to send commands, whatever the client. Commands of one turn of the event loop share round trips. They go to
 * masters only: a replica may lag behind.
 */
export interface RedisConnection {
  readonly isCluster: boolean;
  /** Whether the client was closed, or never connected. */
  readonly isClosed: boolean;
  /** How often a connection was lost so far, after which the client sends commands again whose answer it has not got. */
  readonly losses: number;
  /** Whether the client also sends commands again without saying that a connection was lost. */
  readonly resendsUnnoticed: boolean;
  /** @param key - The first key of the command, by which a Cluster finds the server. */
  send(key: string, command: readonly [name: string, ...args: string[]]): Promise<unknown>;
}

/** Replies have their usual types, whatever the application has set for its own commands. */
const PLAIN_REPLIES = { typeMapping: {} };

/**
 * Tells clients apart by their methods. @throws SessionOptionsError for any other object, and for a client that reads from
 * replicas.
 */
export function connectionOf(client: unknown): RedisConnection {
  if (isIoRedis(client)) {
    refuseReplicas(client);
    const lost = lossesOf(client);
    return {
      isCluster: client.isCluster,
      get losses() {
        return lost.count;
      },
      resendsUnnoticed: false,
      get isClosed() {
        return client.status === 'end' || client.status === 'close';
      },
      send: (_, [name, ...args]) => client.call(name, ...args),
    };
  }
  const send = sendOfNodeRedis(client);
  if (send === undefined) throw new SessionOptionsError(messages.redisClient(describe(client)));
  return {
    isCluster: isNodeRedisCluster(client),
    losses: 0,
    resendsUnnoticed: isNodeRedisSentinel(client),
    get isClosed() {
      return (client as NodeRedisClient).isOpen === false;
    },
    send,
  };
}

/** Clients of node-redis are told with every command that a master is meant. One of ioredis decides by its options. */
function refuseReplicas({ isCluster, options = {} }: IoRedisClient): void {
  const name = isCluster ? 'scaleReads' : 'role';
  const given = options[name] ?? 'master';
  if (given !== 'master') throw new SessionOptionsError(messages.redisReplicas(name, show(given)));
}

/** How often the connections of clients were lost: counted once a client, however many stores use it. */
const LOSSES = new WeakMap<object, { count: number }>();

function lossesOf(client: IoRedisClient): { readonly count: number } {
  const known = LOSSES.get(client);
  if (known !== undefined) return known;
  const lost = { count: 0 };
  LOSSES.set(client, lost);
  const watch = (redis: unknown): unknown =>
    (redis as Partial<EventEmitter>).on?.('close', () => void lost.count++);
  watch(client);
  // In a Cluster each server has its own client.
  if (client.isCluster) (client as Partial<EventEmitter>).on?.('+node', watch);
  return lost;
}

function sendOfNodeRedis(client: unknown): RedisConnection['send'] | undefined {
  if (isNodeRedisCluster(client))
    return (key, command) => client.sendCommand(key, false, [...command], PLAIN_REPLIES);
  if (isNodeRedisSentinel(client))
    return (_, command) => client.sendCommand(false, [...command], PLAIN_REPLIES);
  if (isNodeRedis(client)) return (_, command) => client.sendCommand(command, PLAIN_REPLIES);
  return undefined;
}

type Members<T> = { readonly [Name in keyof T]?: unknown };

function isObject(client: unknown): client is object {
  return typeof client === 'object' && client !== null;
}

function isIoRedis(client: unknown): client is IoRedisClient {
  if (!isObject(client)) return false;
  const { call, isCluster } = client as Members<IoRedisClient>;
  return typeof call === 'function' && typeof isCluster === 'boolean';
}

function isNodeRedisCluster(client: unknown): client is NodeRedisCluster {
  if (!isObject(client) || !('nodeClient' in client && 'masters' in client)) return false;
  return typeof (client as Members<NodeRedisCluster>).sendCommand === 'function';
}

function isNodeRedisSentinel(client: unknown): client is NodeRedisSentinel {
  return isObject(client) && 'getSentinelNode' in client && 'sendCommand' in client;
}

/** Version 3 of node-redis, which has no promises, has `send_command` too. */
function isNodeRedis(client: unknown): client is NodeRedisClient {
  if (!isObject(client) || 'send_command' in client) return false;
  const { sendCommand, isOpen } = client as Members<NodeRedisClient>;
  return typeof sendCommand === 'function' && typeof isOpen === 'boolean';
}
