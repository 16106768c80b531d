import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sign } from 'cookie-signature';
import { type Backend, BACKENDS, SECRET, type AnySite, STAGES } from '../../support/site.js';

/** DESIGN 5.11, CVE-2023-20866: whatever happens, no log line, error or event holds an id, a secret, or session data. */
describe.each(STAGES)('silence ($stage)', ({ kind, openSite }) => {
  let backend: Backend;
  let site: AnySite;
  const said: string[] = [];
  const DATA = 'what nobody else may read';

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
    const say = (...words: unknown[]): void => void said.push(words.map((word) => textOf(word)).join(' '));
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
      jest.spyOn(console, method).mockImplementation(say);
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((chunk) => (say(chunk), true));
    }
    site = await openSite(backend, { maxDataBytes: 2_000 }, (app) =>
      app.useLogger({ log: say, error: say, warn: say, debug: say, verbose: say, fatal: say }),
    );
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await site.close();
    await backend.close();
  });

  function textOf(value: unknown): string {
    if (!(value instanceof Error))
      return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
    return `${value.stack} ${JSON.stringify(value)} ${value.cause === undefined ? '' : textOf(value.cause)}`;
  }

  it('holds through errors, hostile cookies, a failing store and rows that cannot be read', async () => {
    const client = site.client();
    await client.post('/run/set', { text: DATA });
    const ids = [client.sessionId!];
    await client.post('/run/login', { userId: 'ann' });
    ids.push(client.sessionId!);
    site.handle('fails', ({ session }) => {
      session.text = `${DATA} again`;
      throw new Error('of the handler');
    });
    site.handle('big', ({ session }) => void (session.big = DATA.repeat(200)));
    site.handle('bad', ({ session }) => void (session.bad = { text: DATA, n: 1n }));
    for (const name of ['fails', 'big', 'bad']) expect((await client.get(`/run/${name}`)).status).toBe(500);
    for (const value of [ids[0], `s:${ids[0]}.wrong`, `s:${sign(ids[0]!, SECRET)}`]) {
      const other = site.client();
      other.cookies.set('sid', encodeURIComponent(value!));
      await other.get('/run/read');
    }
    site.spy.failure = { error: new Error('down') };
    expect((await client.get('/run/read')).status).toBe(503);
    site.spy.failure = undefined;
    await site.spy.tamper((await client.get('/run/facts')).body.handle as string, {
      data: `{"text":"${DATA}`,
    });
    expect((await client.get('/run/read')).status).toBe(200);
    said.push(
      JSON.stringify(site.events),
      ...site.events.map((event) => ('error' in event ? textOf(event.error) : '')),
    );

    const everything = said.join('\n');
    expect(everything).toContain('SESSION_STORE_UNAVAILABLE');
    expect(everything).toContain('corrupt');
    for (const secret of [...ids, SECRET, DATA]) expect(everything).not.toContain(secret);
  });
});
