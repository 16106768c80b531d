import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeClock } from '../../lib/testing/index.js';
import type { Client } from '../support/client.js';
import { HOUR, MINUTE } from '../support/clock.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { openSite, type Site } from '../support/site.js';
import { type Database, openDatabase } from './support/database.js';

const SKEW = 5 * MINUTE;
const IDLE = 30 * MINUTE;
const ABSOLUTE = 2 * HOUR;

/** Two instances on one database, the clock of one ahead of the other's. Time is what the slow one says. */
describe('instances whose clocks disagree', () => {
  let database: TestDatabase;
  let backend: Database;
  let slow: Site;
  let fast: Site;

  beforeAll(async () => {
    database = await createDatabase();
    backend = await openDatabase(database.url);
  });
  afterAll(async () => {
    await backend.close();
    await database.drop();
  });
  beforeEach(async () => {
    const options = { idleTimeout: IDLE, absoluteTimeout: ABSOLUTE, touchInterval: 0 };
    slow = await openSite(backend, options);
    fast = await openSite(backend, options);
    fakeClock(fast.app).advance(SKEW);
  });
  afterEach(async () => {
    await slow.close();
    await fast.close();
  });

  function pass(time: number): void {
    for (const { app } of [slow, fast]) fakeClock(app).advance(time);
  }

  async function signedOnAt(site: Site): Promise<Client> {
    const client = site.client();
    await client.post('/run/set', { start: true });
    return client;
  }

  async function isAlive(cookieHeader: string, site: Site): Promise<boolean> {
    const client = site.client();
    client.headers.cookie = cookieHeader;
    const { status, body } = await client.get('/run/read');
    expect(status).toBe(200);
    return (body as { start?: boolean }).start === true;
  }

  const pairs = [
    ['slow', 'slow'],
    ['slow', 'fast'],
    ['fast', 'slow'],
    ['fast', 'fast'],
  ] as const;

  describe.each(pairs)('used on the %s one and then on the %s one, a session', (writer, reader) => {
    const site = (name: 'slow' | 'fast'): Site => (name === 'slow' ? slow : fast);

    it('lives for the idle timeout, give or take the difference', async () => {
      const [early, late] = [await signedOnAt(site(writer)), await signedOnAt(site(writer))];
      pass(IDLE - SKEW - MINUTE);
      expect(await isAlive(early.cookieHeader, site(reader))).toBe(true);
      pass(2 * SKEW + 2 * MINUTE);
      expect(await isAlive(late.cookieHeader, site(reader))).toBe(false);
    });

    it('lives for the absolute timeout, give or take the difference, however it is used', async () => {
      const { cookieHeader } = await signedOnAt(site(writer));
      const stay = 10 * MINUTE;
      let age = 0;
      for (; age + stay < ABSOLUTE - SKEW; age += stay) {
        pass(stay);
        expect(await isAlive(cookieHeader, age % (2 * stay) ? slow : fast)).toBe(true);
      }
      pass(ABSOLUTE + SKEW + MINUTE - age);
      expect(await isAlive(cookieHeader, site(reader))).toBe(false);
    });
  });

  it('do not add up their difference when a session goes to and fro', async () => {
    const { cookieHeader } = await signedOnAt(fast);
    for (let times = 0; times < 10; times++)
      expect(await isAlive(cookieHeader, times % 2 ? fast : slow)).toBe(true);
    pass(IDLE + SKEW + MINUTE);
    expect(await isAlive(cookieHeader, slow)).toBe(false);
  });

  it('prune what the slow one still uses at most by the difference too early', async () => {
    await slow.sessions.revokeEverything(); // what the tests before this one have left to be pruned
    await signedOnAt(slow);
    pass(IDLE - SKEW - MINUTE);
    expect(await fast.sessions.prune()).toBe(0);
    pass(2 * MINUTE);
    expect(await slow.sessions.prune()).toBe(0);
    expect(await fast.sessions.prune()).toBe(1);
  });
});
