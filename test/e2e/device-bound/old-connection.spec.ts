import { expect, it } from '@jest/globals';
import { Agent, request } from 'node:http';
import { fakeClock } from '../../../lib/testing/index.js';
import { MINUTE } from '../../support/clock.js';
import { BACKENDS } from '../../support/site.js';
import { openSocketSite } from '../websocket/support/gateway.js';
import { TRANSPORTS } from '../websocket/support/sockets.js';
import { DeviceBrowser, offerIn } from './support/device-browser.js';

/** A handshake by polling comes over a connection that may have carried others, from before the proof has ended. */
it('a proof that has ended opens no session on a connection that is older than it', async () => {
  const backend = await BACKENDS.memory();
  const site = await openSocketSite(TRANSPORTS[0], backend, { options: { proxy: true, deviceBound: true } });
  const clock = fakeClock(site.app);
  const browser = new DeviceBrowser(site.client());
  browser.client.headers['x-forwarded-proto'] = 'https';
  const old = new Agent({ keepAlive: true, maxSockets: 1 });

  /** The answer to a message that asks who is there, over the one connection. */
  async function whoIs(cookie: string): Promise<string> {
    const ask = (method: string, query: string, body?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const headers = {
          'x-forwarded-proto': 'https',
          ...(cookie && { cookie }),
          ...(body && { 'content-type': 'text/plain' }),
        };
        const asking = request(`${site.base}/socket.io/?EIO=4&transport=polling${query}`, {
          agent: old,
          method,
          headers,
        });
        asking.on('response', (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () => resolve(text));
        });
        asking.on('error', reject);
        asking.end(body);
      });
    const { sid } = JSON.parse((await ask('GET', '')).slice(1)) as { sid: string };
    const query = `&sid=${sid}`;
    await ask('POST', query, '40');
    await ask('GET', query);
    await ask('POST', query, '42["login",{}]');
    const answer = await ask('GET', query);
    await ask('POST', query, '1');
    return answer;
  }

  try {
    await browser.register(offerIn(await browser.client.post('/run/login'))!);
    const cookie = [...browser.client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    await whoIs('');
    expect(await whoIs(cookie)).toContain('"42"');
    clock.advance(60 * MINUTE);
    expect(await whoIs(cookie)).toContain('DEVICE_PROOF_REQUIRED');
  } finally {
    old.destroy();
    await site.close();
    await backend.close();
  }
});
