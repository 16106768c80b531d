import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSentinel } from 'redis';
import { RedisSessionStore } from '../../../lib/stores/redis/index.js';
import { ioredis } from '../../support/ioredis.js';
import {
  ask,
  type RedisServer,
  startRedisSentinel,
  startRedisServer,
  until,
} from '../../support/redis-server.js';
import { openSite } from '../../support/site.js';
import { contentIn, formerServer } from './former-server.js';
import { outageOf, Traffic } from './traffic.js';

const SETTINGS = ['down-after-milliseconds main 1000', 'failover-timeout main 5000'].map(
  (line) => `sentinel ${line}`,
);

const CLIENTS = {
  'createSentinel() of node-redis': async (ports: readonly number[]) => {
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: ports.map((port) => ({ host: '127.0.0.1', port })),
      nodeClientOptions: { disableOfflineQueue: true },
    });
    client.on('error', () => undefined); // the calls that fail report it
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  ioredis: async (ports: readonly number[]) => {
    const sentinels = ports.map((port) => ({ host: '127.0.0.1', port }));
    const client = new ioredis!.Redis({ sentinels, name: 'main', enableOfflineQueue: false });
    client.on('error', () => undefined);
    await new Promise<void>((resolve) => client.once('ready', resolve));
    return { client, close: () => client.quit() };
  },
};

describe.each(Object.entries(CLIENTS))(
  'a master that is killed under load, with three Sentinels, through %s',
  (_, open) => {
    const ends: (() => unknown)[] = [];
    let servers: RedisServer[];
    let ports: number[];

    beforeEach(async () => {
      const master = await startRedisServer();
      const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)];
      servers = [master, await startRedisServer(...replicaOf), await startRedisServer(...replicaOf)];
      ends.push(...servers.map((server) => () => server.close()));
      const role = async () => String(await ask(master.url, ['INFO', 'replication']));
      await until(async () => (await role()).split('state=online').length === 3);
      ports = [];
      for (let count = 0; count < 3; count++) {
        const sentinel = await startRedisSentinel(master, 2, SETTINGS);
        ends.push(() => sentinel.close());
        ports.push(sentinel.port);
      }
      const known = async (port: number) =>
        JSON.stringify(await ask(`redis://127.0.0.1:${port}`, ['SENTINEL', 'MASTER', 'main']));
      for (const port of ports)
        await until(async () => /"num-slaves"..2.*"num-other-sentinels"..2/.test(await known(port)));
    });

    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    it('answers 503, recovers, and undoes nothing but what the new master never had', async () => {
      const { client, close } = await open(ports);
      ends.push(close);
      const store = new RedisSessionStore({ client });
      const site = await openSite(
        { kind: 'redis', store, close: () => Promise.resolve() },
        { storeTimeout: '2s' },
      );
      ends.push(() => site.close());
      const traffic = new Traffic(site);
      await traffic.more(300);
      const before = traffic.requests;
      const outage = await outageOf(site, () => servers[0]!.kill());
      await traffic.more(300);
      await traffic.stop();

      const old = await formerServer(servers[0]!, ends);
      console.info(
        `${before} requests before, ${traffic.requests} in all: ${JSON.stringify(traffic.statuses)}; ` +
          `no success for ${Math.round(outage)} ms; acknowledged and undone: ${traffic.undone.length}`,
      );
      expect(traffic.statuses[503]).toBeGreaterThan(0);
      expect(traffic.requests).toBeGreaterThan(before + 100);
      // Replication is asynchronous: what the dead master alone had is lost. Anything else would be a fault of the store.
      for (const undone of traffic.undone)
        expect(undone.expected).toContainEqual(await contentIn(old, undone));
    });
  },
);
