import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { SECRET } from '../../support/site.js';
import { type Application, openApplication, textOf } from './support/application.js';
import { type Home, HOMES } from './support/homes.js';
import { ANN, BOB, credentials, PASSWORDS } from './support/people.js';

/** Whatever happens around a login, no log line, error or event holds an id, a secret or a password. */
describe.each(HOMES)('silence around Passport (%s)', (_, openHome) => {
  let home: Home;
  let application: Application;
  const said: string[] = [];
  const ids = new Set<string>();

  beforeAll(async () => {
    home = await openHome();
    const say = (...words: unknown[]): void => void said.push(words.map(textOf).join(' '));
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
      jest.spyOn(console, method).mockImplementation(say);
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation((chunk) => (say(chunk), true));
    jest.spyOn(process, 'emitWarning').mockImplementation(say);
    application = await openApplication(home);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await application.close();
    await home.close();
  });

  async function sent(client: Client, path: string, body: object): Promise<number> {
    const { status } = await client.post(path, body);
    if (client.sessionId !== undefined) ids.add(client.sessionId);
    return status;
  }

  it('holds through logins, logouts, wrong passwords and a store that fails', async () => {
    const client = application.client();
    await sent(client, '/data', { cart: ['apple'] });
    for (const person of [ANN, BOB]) expect(await sent(client, '/login', credentials(person))).toBe(201);
    expect(await sent(client, '/login', credentials(ANN, 'not the password'))).toBe(401);
    expect(await sent(client, '/join', { keepSessionInfo: true })).toBe(201);
    for (const kind of ['write', 'end', 'read'] as const) {
      home.tap.failure = { error: new Error('the store is down'), kinds: [kind] };
      expect(await sent(client, '/login', credentials(ANN))).toBeGreaterThanOrEqual(500);
      await sent(client, '/logout', {});
      home.tap.failure = undefined;
      expect(await sent(client, '/login', credentials(BOB))).toBe(201);
    }
    expect(await sent(client, '/logout', { keepSessionInfo: true })).toBe(201);
    said.push(...application.log, JSON.stringify(application.events));

    const everything = said.join('\n');
    expect(everything).toMatch(/the store is down|SESSION_STORE_UNAVAILABLE/); // the drop-in hands on the store's words
    expect(ids.size).toBeGreaterThan(5);
    for (const secret of [...ids, ...Object.values(PASSWORDS), 'not the password', SECRET])
      expect(everything).not.toContain(secret);
  });
});
