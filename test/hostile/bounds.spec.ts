import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { type AnySite, type Backend, BACKENDS, FRAMEWORKS, siteOn } from '../support/site.js';

/** What SECURITY.md promises of floods: each number there is one of these. */
const BOUNDS = { agent: 512, address: 64, cookies: 8 };

const STAGES = FRAMEWORKS.flatMap(({ adapter, kinds }) => kinds.map((kind) => ({ adapter, kind })));

describe.each(STAGES)('what a session keeps of a request ($kind, $adapter)', ({ adapter, kind }) => {
  let backend: Backend;
  let site: AnySite;
  beforeAll(async () => {
    backend = await BACKENDS[kind]();
    site = await siteOn(adapter, { trustProxy: true })(backend, { maxDataBytes: 100 });
  });
  afterEach(() => site.spy.reset());
  afterAll(async () => {
    await site.close();
    await backend.close();
  });

  const LONG = 'x'.repeat(5_000);

  async function begin(headers: Record<string, string>) {
    const client = site.client();
    Object.assign(client.headers, headers);
    expect((await client.post('/run/set', { n: 1 })).status).toBe(200);
    const { handle } = (await client.get('/run/facts')).body as { handle: string };
    const [record] = await backend.store.read([handle]);
    return { client, record: record! };
  }

  it('is the beginning of a long user agent and of a long address', async () => {
    const { record } = await begin({ 'user-agent': LONG, 'x-forwarded-for': LONG });
    expect(record.userAgent).toBe(LONG.slice(0, BOUNDS.agent));
    expect(record.ip).toBe(LONG.slice(0, BOUNDS.address));
  });

  it('is the whole of those that are not longer', async () => {
    const agent = 'y'.repeat(BOUNDS.agent);
    const address = 'z'.repeat(BOUNDS.address);
    const { record } = await begin({ 'user-agent': agent, 'x-forwarded-for': address });
    expect([record.userAgent, record.ip]).toEqual([agent, address]);
  });

  it('is no more data than maxDataBytes', async () => {
    const client = site.client();
    expect((await client.post('/run/set', { text: 'x'.repeat(200) })).status).toBe(500);
    expect(site.spy.count('create')).toBe(0);
  });

  it('is found by one of the first cookies of its name, and by none after them', async () => {
    const { client } = await begin({});
    const own = client.cookieHeader;
    const name = own.split('=')[0]!;
    const others = (count: number): string => Array(count).fill(`${name}=s%3Awrong`).join('; ');
    for (const [count, found] of [
      [BOUNDS.cookies - 1, { n: 1 }],
      [BOUNDS.cookies, {}],
    ] as const) {
      const headers = { cookie: `${others(count)}; ${own}` };
      const answer = await fetch(`${site.base}/run/read`, { headers });
      expect(await answer.json()).toEqual(found);
    }
  });
});

it('SECURITY.md names these bounds', async () => {
  const text = await readFile(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const floods = /- \*\*Floods\.\*\*[^]*?\n- /.exec(text)![0].replace(/\s+/g, ' ');
  expect(floods).toContain('At most eight cookies');
  expect(floods).toContain(`${BOUNDS.agent} characters of user agent and ${BOUNDS.address} of address`);
});
