import { describe, expect, it } from '@jest/globals';
import express from 'express';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import session from '../../../lib/express/index.js';
import { ADAPTER_NAMES } from '../../support/adapters.js';
import { rawRequest } from '../../support/raw-request.js';
import { BACKENDS, deferred, SECRET, siteOn } from '../../support/site.js';

const ANSWER = { status: 200, body: 'the answer', setCookies: [expect.any(String)] };

/** A store whose next write waits until the test says so. */
function gatedStore() {
  const store = new session.MemoryStore();
  const reached = deferred();
  const gate = deferred();
  const set = store.set.bind(store);
  store.set = (id, data, done) => {
    reached.resolve();
    void gate.promise.then(() => set(id, data, done));
  };
  return { store, reached, gate };
}

const sessionOn = (store: InstanceType<typeof session.MemoryStore>) =>
  session({ secret: SECRET, resave: false, saveUninitialized: false, store });

/** Servers with the drop-in, whose handler changes the session and answers. */
const DROP_INS: Record<string, (middleware: ReturnType<typeof sessionOn>) => RequestListener> = {
  'node:http': (middleware) => (req, res) =>
    middleware(req, res, () => {
      (req as unknown as { session: { seen: boolean } }).session.seen = true;
      res.end('the answer');
    }),
  Express: (middleware) =>
    express()
      .use(middleware)
      .use((req, res) => {
        (req.session as { seen?: boolean }).seen = true;
        res.send('the answer');
      }),
};

describe('a server that is closed while a response waits for the store', () => {
  it.each(Object.entries(DROP_INS))('sends it: the drop-in on %s', async (_, handlerOf) => {
    const { store, reached, gate } = gatedStore();
    const server: Server = createServer(handlerOf(sessionOn(store)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const asking = rawRequest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '/', []);
    await reached.promise;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    gate.resolve();
    expect(await asking).toMatchObject(ANSWER);
    await closed;
  });

  it.each(ADAPTER_NAMES.flatMap((adapter) => (['run', 'raw'] as const).map((how) => ({ adapter, how }))))(
    'sends it: app.close() on $adapter ($how)',
    async ({ adapter, how }) => {
      const backend = await BACKENDS.memory();
      const site = await siteOn(adapter)(backend);
      site.handle('visit', ({ session, res }) => {
        session.seen = true;
        if (how === 'run') return 'the answer';
        return void res.send('the answer');
      });
      const reached = deferred();
      const gate = deferred();
      const create = backend.store.create.bind(backend.store);
      backend.store.create = async (records) => {
        reached.resolve();
        await gate.promise;
        return create(records);
      };
      const asking = rawRequest(site.base, `/${how}/visit`, []);
      await reached.promise;
      const closed = site.close();
      // Far enough for the server to have looked at its connections.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      gate.resolve();
      expect(await asking).toMatchObject(ANSWER);
      await closed;
      await backend.close();
    },
  );
});
