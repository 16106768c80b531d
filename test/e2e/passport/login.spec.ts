import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../support/client.js';
import { deferred } from '../../support/site.js';
import { type Application, late, openApplication } from './support/application.js';
import { type Home, HOMES } from './support/homes.js';
import { ANN, BOB, credentials, gone } from './support/people.js';

describe.each(HOMES)('signing in and out with Passport (%s)', (_, openHome) => {
  let home: Home;
  let application: Application;
  let client: Client;

  beforeAll(async () => {
    home = await openHome();
  });
  beforeEach(async () => {
    application = await openApplication(home);
    client = application.client();
  });
  afterEach(async () => {
    gone.clear();
    Object.assign(home.tap, { failure: undefined, delay: 0 });
    await application.close();
  });
  afterAll(() => home.close());

  const me = async (visitor: Client): Promise<unknown> => (await visitor.get('/me')).body;
  const nobody = { user: null, in: false, data: {} };
  const ann = { user: ANN, in: true, data: { passport: { user: 42 } } };

  /** A visitor with something in their session. */
  async function visitor(): Promise<Client> {
    await client.post('/data', { cart: ['apple'] });
    return client;
  }

  /** Does something while a request of the visitor has the session in hand, which it then changes. */
  async function whileUnderWay(visitor: Client, act: () => Promise<unknown>): Promise<void> {
    Object.assign(late, { arrived: deferred(), mayGoOn: deferred() });
    const answer = visitor.post('/late', { late: true });
    await late.arrived.promise;
    await act();
    late.mayGoOn.resolve();
    await answer;
  }

  it('costs one who only looks around nothing', async () => {
    const before = await home.count();
    expect(await client.get('/me')).toMatchObject({ body: nobody, setCookies: [] });
    expect(await home.count()).toBe(before);
  });

  it('knows the user in the request of the login and in every later one', async () => {
    expect(await client.post('/login', credentials(ANN))).toMatchObject({ status: 201, body: ANN });
    expect(await me(client)).toEqual(ann);
    expect(await me(client)).toEqual(ann);
  });

  it('knows the user after a restart', async () => {
    await client.post('/login', credentials(ANN));
    await application.close();
    application = await openApplication(home);
    const later = application.client();
    for (const [name, value] of client.cookies) later.cookies.set(name, value);
    expect(await me(later)).toEqual(ann);
  });

  describe('at the login', () => {
    it('the id changes, the old one is dead, and the old session gone', async () => {
      await visitor();
      const before = client.copy();
      const sessions = await home.count();
      const { setCookies } = await client.post('/login', credentials(ANN));
      expect(setCookies).toHaveLength(1);
      expect(client.sessionId).not.toBe(before.sessionId);
      expect(await me(before)).toEqual(nobody);
      expect(await home.count()).toBe(sessions);
    });

    it('who planted the cookie is not let in', async () => {
      const attacker = await visitor();
      const victim = attacker.copy();
      await victim.post('/login', credentials(ANN));
      expect(await me(victim)).toEqual(ann);
      expect(await me(attacker)).toEqual(nobody);
      await attacker.post('/data', { planted: true });
      expect(await me(victim)).toEqual(ann);
    });

    it('an id that was made up is not taken over', async () => {
      client.cookies.set('sid', encodeURIComponent('s:made-up.and-not-signed'));
      await client.post('/login', credentials(ANN));
      expect(client.sessionId).not.toBe('made-up');
      expect(await me(client)).toEqual(ann);
    });

    it('the data of the visitor are dropped', async () => {
      await visitor();
      await client.post('/login', credentials(ANN));
      expect(await me(client)).toEqual(ann);
    });

    it('the data are kept with keepSessionInfo, under the new id alone', async () => {
      await application.close();
      application = await openApplication(home, { passport: { keepSessionInfo: true } });
      client = application.client();
      await visitor();
      const before = client.copy();
      await client.post('/login', credentials(ANN));
      expect(await me(client)).toEqual({ ...ann, data: { cart: ['apple'], passport: { user: 42 } } });
      expect(client.sessionId).not.toBe(before.sessionId);
      expect(await me(before)).toEqual(nobody);
    });

    it('req.login takes keepSessionInfo, too, and what is set after it is kept', async () => {
      await visitor();
      expect((await client.post('/join')).body).toEqual(ANN);
      expect(await me(client)).toEqual({ ...ann, data: { passport: { user: 42 }, joined: true } });
      await client.post('/data', { cart: ['pear'] });
      await client.post('/join', { keepSessionInfo: true });
      const data = { passport: { user: 42 }, joined: true, cart: ['pear'] };
      expect(await me(client)).toEqual({ ...ann, data });
    });

    it('of another user nothing of the first one stays', async () => {
      await client.post('/login', credentials(ANN));
      await visitor();
      const before = client.copy();
      await client.post('/login', credentials(BOB));
      expect(await me(client)).toEqual({ user: BOB, in: true, data: { passport: { user: 43 } } });
      expect(await me(before)).toEqual(nobody);
    });

    it('a request that is still under way does not bring the old session back', async () => {
      await visitor();
      const before = client.copy();
      await whileUnderWay(before, () => client.post('/login', credentials(ANN)));
      expect(await me(before)).toEqual(nobody);
      expect(await me(client)).toEqual(ann);
    });
  });

  describe('a wrong password', () => {
    it('is a 401 that gives a visitor nothing', async () => {
      const before = await home.count();
      for (const body of [credentials(ANN, 'wrong'), { username: 'eve', password: 'any' }, {}]) {
        expect(await client.post('/login', body)).toMatchObject({ status: 401, setCookies: [] });
      }
      expect(await me(client)).toEqual(nobody);
      expect(await home.count()).toBe(before);
    });

    it('leaves the session as it was', async () => {
      await visitor();
      const { sessionId } = client;
      expect(await client.post('/login', credentials(ANN, 'wrong'))).toMatchObject({
        status: 401,
        setCookies: [],
      });
      expect(client.sessionId).toBe(sessionId);
      expect(await me(client)).toEqual({ ...nobody, data: { cart: ['apple'] } });
    });

    it('leaves one who is signed in signed in', async () => {
      await client.post('/login', credentials(ANN));
      await client.post('/login', credentials(BOB, 'wrong'));
      expect(await me(client)).toEqual(ann);
    });
  });

  describe('at the logout', () => {
    it('the id changes, the old session is ended, and nothing of it is left', async () => {
      await client.post('/login', credentials(ANN));
      await visitor();
      const thief = client.copy();
      expect((await client.post('/logout', {})).status).toBe(201);
      expect(client.sessionId).not.toBe(thief.sessionId);
      expect(await me(client)).toEqual(nobody);
      expect(await me(thief)).toEqual(nobody);
      await thief.post('/data', { late: true });
      expect(await me(client)).toEqual(nobody);
    });

    it('keepSessionInfo keeps the data, but not the user, under a new id', async () => {
      await client.post('/login', credentials(ANN));
      await visitor();
      const thief = client.copy();
      await client.post('/logout', { keepSessionInfo: true });
      expect(client.sessionId).toBeDefined();
      expect(client.sessionId).not.toBe(thief.sessionId);
      expect(await me(client)).toEqual({ ...nobody, data: { cart: ['apple'], passport: {} } });
      expect(await me(thief)).toEqual(nobody);
    });

    it('of one who is not signed in nothing is wrong', async () => {
      expect((await client.post('/logout', {})).status).toBe(201);
      expect(await me(client)).toEqual(nobody);
    });

    it('a request that is still under way does not sign them in again', async () => {
      await client.post('/login', credentials(ANN));
      const before = client.copy();
      await whileUnderWay(before, () => client.post('/logout', {}));
      expect(await me(before)).toEqual(nobody);
      expect(await me(client)).toEqual(nobody);
    });

    it('the next login begins anew', async () => {
      await client.post('/login', credentials(ANN));
      await client.post('/logout', {});
      await client.post('/login', credentials(BOB));
      expect(await me(client)).toMatchObject({ user: BOB });
    });
  });

  it('takes a user who does not exist any more out of the session, and leaves the rest', async () => {
    await client.post('/login', credentials(ANN));
    await visitor();
    gone.add(ANN.id);
    const forgotten = { ...nobody, data: { cart: ['apple'], passport: {} } };
    expect(await me(client)).toEqual(forgotten);
    gone.clear();
    expect(await me(client)).toEqual(forgotten);
  });

  describe('logins at the same time', () => {
    it('of one browser each succeed, and end the visitor’s session', async () => {
      await visitor();
      const tabs = [client.copy(), client.copy()];
      const sessions = await home.count();
      const answers = await Promise.all(tabs.map((tab) => tab.post('/login', credentials(ANN))));
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(new Set([client, ...tabs].map(({ sessionId }) => sessionId)).size).toBe(3);
      for (const tab of tabs) expect(await me(tab)).toEqual(ann);
      expect(await me(client)).toEqual(nobody);
      expect(await home.count()).toBe(sessions + 1);
    });

    it('of two people with one cookie are two sessions', async () => {
      await visitor();
      const [one, two] = [client.copy(), client.copy()];
      await Promise.all([one.post('/login', credentials(ANN)), two.post('/login', credentials(BOB))]);
      expect(await me(one)).toMatchObject({ user: ANN });
      expect(await me(two)).toMatchObject({ user: BOB });
    });

    it('and logouts leave nobody signed in under the old id', async () => {
      await client.post('/login', credentials(ANN));
      const [one, two, thief] = [client.copy(), client.copy(), client.copy()];
      await Promise.all([one.post('/login', credentials(ANN)), two.post('/logout', {})]);
      expect(await me(thief)).toEqual(nobody);
      expect(await me(one)).toEqual(ann);
      expect(await me(two)).toEqual(nobody);
    });
  });

  describe('more than one strategy', () => {
    it('is tried in turn, and whichever knows the user signs them in', async () => {
      const program = application.client();
      program.headers['x-key'] = 'the key of bob';
      expect((await program.post('/either', {})).body).toEqual(BOB);
      delete program.headers['x-key'];
      expect(await me(program)).toMatchObject({ user: BOB });
      expect((await client.post('/either', credentials(ANN))).body).toEqual(ANN);
      expect(await me(client)).toMatchObject({ user: ANN });
    });

    it('lets nobody in whom none knows, and writes nothing', async () => {
      await visitor();
      client.headers['x-key'] = 'no key';
      expect(await client.post('/either', credentials(ANN, 'wrong'))).toMatchObject({
        status: 401,
        setCookies: [],
      });
      expect(await me(client)).toEqual({ ...nobody, data: { cart: ['apple'] } });
    });
  });

  describe('a redirect arrives after the session is stored', () => {
    /** Follows a redirect at once, with what came along. */
    async function followed({ headers }: { headers: Headers }) {
      home.tap.delay = 0;
      return client.get(headers.get('location')!);
    }

    beforeEach(() => {
      home.tap.delay = 30;
    });

    it('of @Redirect() behind the guard', async () => {
      const answer = await client.post('/login-and-go', credentials(ANN));
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/me']);
      expect((await followed(answer)).body).toEqual(ann);
    });

    it('of successRedirect', async () => {
      const answer = await client.post('/passport', credentials(ANN));
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/me']);
      expect((await followed(answer)).body).toEqual(ann);
    });

    it('of failureRedirect, with the message', async () => {
      const answer = await client.post('/passport', credentials(ANN, 'wrong'));
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/failed']);
      home.tap.delay = 0;
      expect(await me(client)).toEqual({ ...nobody, data: { messages: ['not you'] } });
    });

    it('of a strategy that sends people elsewhere and takes them back', async () => {
      const away = await client.get('/provider');
      expect(away.status).toBe(302);
      const visitor = client.copy();
      const back = await followed(away);
      expect([back.status, back.headers.get('location')]).toEqual([303, '/me']);
      expect((await followed(back)).body).toEqual(ann);
      // What was known before the login is worth nothing after it.
      expect((await visitor.get(away.headers.get('location')!)).status).toBe(401);
    });
  });

  describe('a store that fails', () => {
    const down = new Error('down: connection string with a password');

    it.each([
      ['to write the login', ['write'] as const],
      ['to end the old session', ['end'] as const],
      ['altogether', ['write', 'end', 'read'] as const],
    ])('%s is an error, and nobody is signed in', async (_name, kinds) => {
      await visitor();
      home.tap.failure = { error: down, kinds };
      const answer = await client.post('/login', credentials(ANN));
      expect(answer.status).toBe(home.events ? 503 : 500);
      expect(answer.text).not.toContain('password');
      home.tap.failure = undefined;
      expect(await me(client)).toMatchObject({ user: null, in: false });
      expect((await client.post('/login', credentials(ANN))).status).toBe(201);
      expect(await me(client)).toEqual(ann);
    });

    it('to end the session at the logout is an error', async () => {
      await client.post('/login', credentials(ANN));
      home.tap.failure = { error: down, kinds: ['end'] };
      expect((await client.post('/logout', {})).status).toBe(home.events ? 503 : 500);
      home.tap.failure = undefined;
      await client.post('/logout', {});
      expect(await me(client)).toEqual(nobody);
    });

    it('once, and then no more, is an error all the same', async () => {
      home.tap.failure = { error: down, kinds: ['write'], times: 1 };
      expect((await client.post('/login', credentials(ANN))).status).toBe(home.events ? 503 : 500);
      expect(await me(client)).toMatchObject({ user: null, in: false });
      expect((await client.post('/login', credentials(ANN))).status).toBe(201);
    });
  });
});
