import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { config, map } from 'rxjs';
import { SessionEvents } from '../../../lib/index.js';
import { type Backend, BACKENDS, FRAMEWORKS, type AnySite } from '../../support/site.js';

describe.each(FRAMEWORKS)('SessionEvents ($adapter)', ({ openSite }) => {
  let backend: Backend;
  let site: AnySite;

  beforeAll(async () => {
    backend = await BACKENDS.memory();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    site = await openSite(backend);
  });
  afterEach(() => site.close());

  it('tells the life of a session, with handles and users', async () => {
    const client = site.client();
    await client.post('/run/set', { a: 1 });
    await client.post('/run/login', { userId: 'ann' });
    await client.get('/run/read');
    await client.post('/run/logout');
    expect(site.events.map(({ type }) => type)).toEqual([
      'created',
      'loaded',
      'rotated',
      'loaded',
      'loaded',
      'destroyed',
    ]);
    expect(site.events.at(-1)).toMatchObject({ reason: 'logout', userId: 'ann', at: expect.any(Date) });
  });

  it('on(type) tells of that type alone', async () => {
    const reasons: string[] = [];
    site.app
      .get(SessionEvents)
      .on('destroyed')
      .subscribe(({ reason }) => reasons.push(reason));
    const client = site.client();
    await client.post('/run/set', { a: 1 });
    await client.post('/run/regenerate');
    expect(reasons).toEqual(['replaced']);
  });

  it('a subscriber that throws, at the end of operators too, harms neither request nor process', async () => {
    const events = site.app.get(SessionEvents);
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const fail = (): never => {
      throw new Error('subscriber failed');
    };
    events.all.subscribe(fail);
    events.on('created').pipe(map(fail)).subscribe();
    const crashed = jest.fn();
    config.onUnhandledError = crashed; // where RxJS would otherwise throw on a timer
    const client = site.client();
    expect((await client.post('/run/set', { a: 1 })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(crashed).not.toHaveBeenCalled();
    expect(warn.mock.calls).toEqual(
      Array(2).fill([expect.any(String), expect.objectContaining({ code: 'NEST_SESSION_LISTENER' })]),
    );
    expect((await client.get('/run/read')).body).toEqual({ a: 1 });
    config.onUnhandledError = null;
    warn.mockRestore();
  });
});
