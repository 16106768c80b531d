import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSample } from '../support/run-sample.js';
import { Fleet } from './fleet.js';
import { chooseProxy } from './proxy/choose-proxy.js';
import { Secrets } from './secrets.js';
import { makeSessionTable } from './session-table.js';
import { readSettings } from './settings.js';

// Beside the sources: this file runs from `dist/05-several-instances`.
const sources = fileURLToPath(new URL('../../', import.meta.url));
const data = join(sources, '.data');

await runSample({
  data,
  async create({ secret, databaseUrl }) {
    const settings = readSettings(process.env);
    const { redisUrl, isSecretGiven } = settings;
    const environment =
      redisUrl === undefined ? { DATABASE_URL: await databaseUrl() } : { REDIS_URL: redisUrl };
    // Once, before the instances start.
    if (environment.DATABASE_URL !== undefined) await makeSessionTable(environment.DATABASE_URL);

    const proxy = chooseProxy(settings.proxy, join(sources, 'proxy', 'nginx.conf'), join(data, 'nginx'));
    const fleet = new Fleet({
      size: settings.size,
      script: fileURLToPath(new URL('./app/main.js', import.meta.url)),
      environment,
      secrets: new Secrets(settings.secrets ?? secret, isSecretGiven ? undefined : join(data, 'secret')),
      proxy,
    });
    const sayWho = (): void => {
      const instances = fleet.instances.map(({ name, url }) => `${name} at ${url}`).join(', ');
      console.log(`Behind ${proxy.name}: instance ${instances}`);
    };
    process.on('SIGUSR2', () => {
      console.log('A new secret comes: every instance is replaced twice.');
      fleet.rotateSecret().then(sayWho, (error: unknown) => console.error('The restart failed:', error));
    });
    return {
      async listen(port, host) {
        await fleet.listen(port, host);
        sayWho();
      },
      getUrl: () => fleet.getUrl(),
      close: () => fleet.close(),
    };
  },
});
