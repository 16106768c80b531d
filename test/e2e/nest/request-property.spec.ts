import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Request } from 'express';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { Client } from '../../support/client.js';
import { type Backend, BACKENDS, openSite, type Site } from '../../support/site.js';

type Visited = Omit<Request, 'session'> & { session?: Record<string, unknown> | undefined };

/** `req.session` on Express, where each request has room for it before the middleware runs. */

let backend: Backend;
let site: Site;

describe('request property', () => {
  beforeEach(async () => {
    backend = await BACKENDS.memory();
  });
  afterEach(async () => {
    await site.close();
    await backend.close();
  });

  describe('before the middleware of the session', () => {
    /** A site with a middleware of its own in front, as what is told to `app.use()` is. */
    async function open(early: (req: Visited) => void): Promise<void> {
      site = await openSite(backend, {}, (app) =>
        app.use((req: Visited, _res: unknown, next: () => void) => {
          early(req);
          next();
        }),
      );
    }

    test('there is none, and to look for it is no use of it', async () => {
      const seen: unknown[] = [];
      await open((req) => seen.push(req.session, Object.keys(req).includes('session')));
      const { status, setCookies, headers } = await site.client().get('/plain/nothing');
      expect([status, setCookies, headers.get('vary')]).toEqual([200, [], null]);
      expect(seen).toEqual([undefined, false]);
    });

    test('something else can be put there as on any request; the session takes its place', async () => {
      const seen: unknown[] = [];
      await open((req) => {
        req.session = { own: true };
        req.session.more = 1;
        seen.push(req.session, Object.keys(req).includes('session'));
      });
      const client = site.client();
      await client.post('/run/set', { count: 1 });
      expect(seen).toEqual([{ own: true, more: 1 }, true]);
      expect((await client.get('/run/read')).body).toEqual({ count: 1 });
    });

    test('what is put on one request is on no other', async () => {
      const seen: unknown[] = [];
      await open((req) => {
        seen.push(req.session);
        if (req.url === '/plain/nothing') req.session = { own: true };
      });
      const client = site.client();
      await client.get('/plain/nothing');
      await client.get('/run/read');
      expect(seen).toEqual([undefined, undefined]);
    });

    test('it can be taken away; the session is there all the same', async () => {
      await open((req) => expect([delete req.session, 'session' in req]).toEqual([true, false]));
      const client = site.client();
      await client.post('/run/set', { count: 1 });
      expect((await client.get('/run/read')).body).toEqual({ count: 1 });
    });
  });

  describe('delete req.session', () => {
    /** How many sessions and cookies are left of one that a handler takes off its request, unread. */
    async function remains(
      options: Partial<SessionModuleOptions>,
    ): Promise<[sessions: number, cookies: number]> {
      site = await openSite(backend, options);
      site.handle('drop', ({ req }) => [delete (req as Visited).session, 'session' in req]);
      const client = site.client();
      await client.post('/run/set', { count: 1 });
      expect((await client.get('/plain/drop')).body).toEqual([true, false]);
      return [await site.sessions.count(), client.cookies.size];
    }

    test('ends the session where unset is "destroy", though nobody has read it', async () => {
      expect(await remains({ unset: 'destroy' })).toEqual([0, 0]);
    });

    test('leaves it where unset is "keep"', async () => {
      expect(await remains({})).toEqual([1, 1]);
    });
  });

  describe.each(['eager', 'lazy'] as const)(
    'a second server that the application makes by itself, %s',
    (load) => {
      let second: Server;

      beforeEach(async () => {
        site = await openSite(backend, { load });
        second = createServer(site.app.getHttpAdapter().getInstance() as RequestListener).listen(
          0,
          '127.0.0.1',
        );
        await once(second, 'listening');
      });
      afterEach(() => void second.close());

      test('has the same sessions', async () => {
        const client = new Client(`http://127.0.0.1:${(second.address() as AddressInfo).port}`);
        expect((await client.post('/run/set', { count: 1 })).setCookies).toHaveLength(1);
        expect((await client.get('/run/read')).body).toEqual({ count: 1 });
        const first = site.client();
        first.cookies.set('sid', client.cookies.get('sid')!);
        expect((await first.get('/run/read')).body).toEqual({ count: 1 });
        site.handle('property', ({ req }) => req.session.count);
        expect((await client.get('/run/property')).text).toBe('1');
        await client.post('/run/logout');
        expect((await first.get('/run/read')).body).toEqual({});
      });
    },
  );
});
