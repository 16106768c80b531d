import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { findFreePort } from '../../../sample/support/embedded-postgres.js';
import { buildSample } from '../../support/built-sample.js';
import { Client } from '../../support/client.js';
import { createDatabase } from '../../support/database.js';
import { NGINX } from '../../support/nginx.js';
import { SECRET } from '../../support/site.js';

describe('npm run start:instances', () => {
  it('serves, replaces its instances on SIGUSR2, and ends with all of them', async () => {
    const built = await buildSample('05-several-instances');
    const database = await createDatabase();
    const child = spawn(process.execPath, [join(built, 'main.js')], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        DATABASE_URL: database.url,
        REDIS_URL: '',
        SESSION_SECRETS: SECRET,
        INSTANCES: '1',
        PROXY: NGINX ? 'nginx' : 'node',
        PORT: String(await findFreePort()),
      },
      stdio: ['ignore', 'pipe', process.env.TEST_LOG ? 'inherit' : 'ignore'],
    });
    const ended = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (start: string): Promise<string> => {
      for (;;) {
        const { value, done } = (await lines.next()) as { value: string; done?: boolean };
        if (done) throw new Error(`The sample ended before it said "${start}".`);
        if (value.startsWith(start)) return value;
      }
    };
    try {
      const before = await line('Behind');
      const [, base] = /on (\S+)$/.exec(await line('The sample listens on'))!;
      const ada = new Client(base!);
      ada.headers.connection = 'close';
      await ada.post('/sign-in', { name: 'ada' });
      child.kill('SIGUSR2');
      const after = await line('Behind');
      expect(after).not.toBe(before);
      expect((await ada.get('/account')).body).toMatchObject({ name: 'ada' });
      const [instance] = /http:\S+/.exec(after)!;
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      await expect(fetch(instance)).rejects.toThrow();
      await expect(fetch(base!)).rejects.toThrow();
    } finally {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
      await database.drop();
    }
  });
});
