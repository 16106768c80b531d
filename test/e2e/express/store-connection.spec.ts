import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, stopServers } from './support/peers.js';
import { fakeStore, type Route, site } from './support/store-helpers.js';

const ROUTES: Record<string, Route> = {
  '/set': (req) => {
    req.session.color = 'green';
    return 'ok';
  },
  '/look': (req) => ({
    session: req.session === undefined ? 'none' : { color: req.session.color },
    id: typeof req.sessionID,
    store: typeof req.sessionStore,
  }),
};
const NOTHING = { session: 'none', id: 'undefined', store: 'undefined' };

describe.each(PEERS)('%s: a store', (_, session) => {
  afterEach(stopServers);

  it('that has disconnected: requests go on without a session', async () => {
    const store = fakeStore(session);
    const { client, errors } = await site(session, ROUTES, { store, saveUninitialized: true });
    store.emit('disconnect');
    const answer = await client().get('/look');
    expect(answer.body).toEqual(NOTHING);
    expect(answer.setCookies).toEqual([]);
    expect(store.calls).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('that has disconnected: a visitor keeps the cookie and has the session again afterwards', async () => {
    const store = fakeStore(session);
    const { client } = await site(session, ROUTES, { store });
    const visitor = client();
    await visitor.get('/set');
    store.emit('disconnect');
    const answer = await visitor.get('/look');
    expect([answer.body, answer.setCookies]).toEqual([NOTHING, []]);
    store.emit('connect');
    expect((await visitor.get('/look')).body).toMatchObject({ session: { color: 'green' } });
  });

  it('may disconnect and connect many times', async () => {
    const store = fakeStore(session);
    const { client } = await site(session, ROUTES, { store });
    const visitor = client();
    await visitor.get('/set');
    for (let round = 0; round < 3; round++) {
      store.emit('disconnect');
      store.emit('disconnect');
      expect((await visitor.get('/look')).body).toEqual(NOTHING);
      store.emit('connect');
      expect((await visitor.get('/look')).body).toMatchObject({ session: { color: 'green' } });
    }
  });

  it('that connects first is as good as one that says nothing', async () => {
    const store = fakeStore(session);
    const { client } = await site(session, ROUTES, { store });
    store.emit('connect');
    expect((await client().get('/look')).body).toMatchObject({ id: 'string', store: 'object' });
  });

  it('that disconnects during a request: its session is stored nevertheless', async () => {
    const store = fakeStore(session);
    const { client } = await site(
      session,
      {
        '/': (req) => {
          store.emit('disconnect');
          req.session.color = 'green';
          return 'ok';
        },
      },
      { store },
    );
    const { setCookies } = await client().get('/');
    expect(store.data).toEqual([{ color: 'green' }]);
    expect(setCookies).toHaveLength(1);
  });

  it('of one site that disconnects leaves another site alone', async () => {
    const [first, second] = [fakeStore(session), fakeStore(session)];
    await site(session, ROUTES, { store: first });
    const { client } = await site(session, ROUTES, { store: second });
    first.emit('disconnect');
    expect((await client().get('/look')).body).toMatchObject({ id: 'string' });
  });
});
