import type { Part } from '../part.js';
import { unpack } from '../support/debian.js';
import { findFreePort, serve } from '../support/programs.js';
import { delimiter, join } from 'node:path';

const TESTS = ['test/contract/redis', 'test/e2e/redis'];

/** A server that is found as `redis-server`, whatever its own name is. */
const redis = (name: string, title: string, release: string, program: string, only: string): Part => ({
  name,
  async start(stage) {
    const { bin, version } = await unpack(release, [program], { 'redis-server': `usr/bin/${program}` });
    const [folder, port] = [await stage.folder(), await findFreePort()];
    const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes' };
    const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
    await serve(stage, port, join(bin, 'redis-server'), args);
    return {
      versions: `${title} ${version(program)}`,
      env: { REDIS_URL: `redis://127.0.0.1:${port}`, PATH: bin + delimiter + process.env.PATH },
      tests: TESTS,
      only,
    };
  },
});

/** Each kind of server with one of the two clients. */
const ANY =
  '^(?!.*(Cluster of three, through node-redis|one server, through ioredis)).*(redis|one server|cluster)';

/** The tests start Clusters with an option of Redis 7. */
const NO_CLUSTER = '^(?!.*(Cluster|one server, through ioredis)).*(redis|one server)';

/** A set-up of several servers, which its spec starts. */
const several = (name: string): Part => ({
  name,
  async start() {
    const commands = { 'redis-server': 'usr/bin/redis-server', 'redis-cli': 'usr/bin/redis-cli' };
    const { bin, version } = await unpack('sid', ['redis-server'], commands);
    return {
      versions: `Redis ${version('redis-server')}`,
      env: { PATH: bin + delimiter + process.env.PATH },
      tests: [`test/servers/specs/${name}`],
    };
  },
});

export const REDIS_PARTS: readonly Part[] = [
  several('sentinel'),
  several('cluster'),
  redis('redis-6', 'Redis', 'bullseye', 'redis-server', NO_CLUSTER),
  redis('redis-7', 'Redis', 'bookworm', 'redis-server', ANY),
  redis('redis-8', 'Redis', 'sid', 'redis-server', ANY),
  redis('valkey-8', 'Valkey', 'trixie', 'valkey-server', ANY),
  redis('valkey-9', 'Valkey', 'sid', 'valkey-server', ANY),
];
