import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCluster } from 'redis';
import { RedisSessionStore } from '../../../lib/stores/redis/index.js';
import { ioredis } from '../../support/ioredis.js';
import { ask, freePort, type RedisServer, startRedisServer, until } from '../../support/redis-server.js';
import { openSite, type Site } from '../../support/site.js';
import { contentIn, formerServer } from './former-server.js';
import { outageOf, Traffic } from './traffic.js';

const CLIENTS = {
  'createCluster() of node-redis': async (urls: readonly string[]) => {
    const defaults = { disableOfflineQueue: true };
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })), defaults });
    client.on('error', () => undefined); // the calls that fail report it
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  'Cluster of ioredis': async (urls: readonly string[]) => {
    const client = new ioredis!.Cluster(urls, { enableOfflineQueue: false });
    client.on('error', () => undefined);
    await new Promise<void>((resolve) => client.once('ready', resolve));
    return { client, close: () => client.quit() };
  },
};

async function cli(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-cli', args);
  return stdout;
}

describe.each(Object.entries(CLIENTS))(
  'a Cluster of three masters and three replicas under load, through %s',
  (_, open) => {
    const ends: (() => unknown)[] = [];
    let servers: RedisServer[];
    let site: Site;

    beforeEach(async () => {
      servers = [];
      for (let count = 0; count < 6; count++) {
        const port = String(await freePort());
        const timeout = ['--cluster-node-timeout', '1500', '--cluster-replica-validity-factor', '0'];
        servers.push(await startRedisServer('--cluster-enabled', 'yes', '--cluster-port', port, ...timeout));
        ends.push(() => servers[count]!.close());
      }
      const places = servers.map(({ port }) => `127.0.0.1:${port}`);
      await cli('--cluster', 'create', ...places, '--cluster-replicas', '1', '--cluster-yes');
      for (const { url } of servers)
        await until(async () => {
          const said =
            String(await ask(url, ['CLUSTER', 'INFO'])) + String(await ask(url, ['CLUSTER', 'NODES']));
          return said.includes('cluster_state:ok') && (said.match(/slave /g)?.length ?? 0) === 3;
        });
      const { client, close } = await open(servers.map(({ url }) => url));
      ends.push(close);
      const store = new RedisSessionStore({ client });
      const backend = { kind: 'redis', store, close: () => Promise.resolve() };
      site = await openSite(backend, { storeTimeout: '2s' });
      ends.push(() => site.close());
    });

    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    it('moves slots from one server to another, and nothing acknowledged is undone', async () => {
      const traffic = new Traffic(site);
      await traffic.more(200);
      const before = traffic.requests;
      const [from, to] = await Promise.all(
        servers.slice(0, 2).map(({ url }) => ask(url, ['CLUSTER', 'MYID'])),
      );
      const moved = ['--cluster-from', String(from), '--cluster-to', String(to), '--cluster-slots', '1000'];
      await cli('--cluster', 'reshard', `127.0.0.1:${servers[0]!.port}`, ...moved, '--cluster-yes');
      const during = traffic.requests - before;
      await traffic.more(200);
      await traffic.stop();
      console.info(`1000 slots moved in ${during} requests: ${JSON.stringify(traffic.statuses)}`);
      expect(during).toBeGreaterThan(50);
      expect(traffic.undone).toEqual([]);
    });

    it('loses a master: answers 503 for its sessions, recovers, and undoes nothing but what the new master never had', async () => {
      const traffic = new Traffic(site);
      await traffic.more(300);
      const before = traffic.requests;
      const outage = await outageOf(site, () => servers[0]!.kill());
      await until(async () =>
        String(await ask(servers[1]!.url, ['CLUSTER', 'INFO'])).includes('cluster_state:ok'),
      );
      await traffic.more(200);
      const { 503: refused } = traffic.statuses;
      await traffic.more(200);
      const late = (traffic.statuses[503] ?? 0) - (refused ?? 0);
      await traffic.stop();
      console.info(
        `${before} requests before, ${traffic.requests} in all: ${JSON.stringify(traffic.statuses)}; ` +
          `a visitor without success for ${Math.round(outage)} ms; acknowledged and undone: ${traffic.undone.length}`,
      );
      expect(refused).toBeGreaterThan(0);
      expect(late).toBe(0);
      const old = await formerServer(servers[0]!, ends);
      for (const undone of traffic.undone)
        expect(undone.expected).toContainEqual(await contentIn(old, undone));
    });
  },
);
