import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Client } from '../support/client.js';
import {
  type AnyHandler,
  type AnySite,
  type Backend,
  BACKENDS,
  deferred,
  FRAMEWORKS,
} from '../support/site.js';
import { Wire } from '../unit/http/wire.js';

/** Clients that go away, dawdle, or speak unusual HTTP/1.1: their sessions are whole, and nobody else waits. */
describe.each(FRAMEWORKS)('clients ($adapter)', ({ openSite }) => {
  let backend: Backend;
  let site: AnySite;
  let client: Client;
  let uncaught: unknown[];

  const note = (error: unknown): void => void uncaught.push(error);

  beforeEach(async () => {
    backend = await BACKENDS.memory();
    site = await openSite(backend);
    client = site.client();
    await client.post('/run/set', { start: true });
    uncaught = [];
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    await setImmediate();
    process.off('unhandledRejection', note);
    await site.close();
    await backend.close();
    expect(uncaught).toEqual([]);
  });

  function connectTo({ base }: AnySite): Wire {
    return new Wire(Number(new URL(base).port));
  }

  const server = (): Server => site.app.getHttpServer() as Server;

  /** A request as bytes. */
  function bytes(method: string, path: string, headers: Record<string, string> = {}, body = ''): string {
    const lines = Object.entries({ host: 'test', cookie: client.cookieHeader, ...headers });
    return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
  }

  function json(data: object): [Record<string, string>, string] {
    const body = JSON.stringify(data);
    return [{ 'content-type': 'application/json', 'content-length': String(body.length) }, body];
  }

  const stored = async (): Promise<unknown> => (await client.get('/run/read')).body;

  /** A route that tells when it is reached, and goes on when it is let go. */
  function slowRoute(work: AnyHandler) {
    const [reached, go, done] = [deferred(), deferred(), deferred<unknown>()];
    site.handle('slow', async (visit) => {
      reached.resolve();
      await go.promise;
      try {
        return await work(visit);
      } finally {
        done.resolve(undefined);
      }
    });
    return { reached: reached.promise, go: go.resolve, done: done.promise };
  }

  describe('a request that is aborted', () => {
    it('while it is worked on: what it changes is stored', async () => {
      const slow = slowRoute(({ session }) => void (session.late = 1));
      const wire = connectTo(site).send(bytes('POST', '/run/slow'));
      await slow.reached;
      wire.socket.destroy();
      slow.go();
      await slow.done;
      while (site.spy.count('update') === 0) await setImmediate();
      expect(await stored()).toEqual({ start: true, late: 1 });
    });

    it('while its session is being stored: it is stored, and the next request is served', async () => {
      const gate = deferred();
      site.spy.gate = gate.promise;
      site.spy.reset();
      const wire = connectTo(site).send(bytes('POST', '/run/increment'));
      while (site.spy.count('read') === 0) await setImmediate();
      wire.socket.destroy();
      await wire.closed;
      gate.resolve();
      while (site.spy.count('update') === 0) await setImmediate();
      expect(await stored()).toEqual({ start: true, count: 1 });
    });

    it('in the middle of its body: nothing is changed', async () => {
      const [headers, body] = json({ half: 'way' });
      const wire = connectTo(site).send(bytes('POST', '/run/set', headers, body.slice(0, 5)));
      await once(server(), 'request');
      wire.socket.resetAndDestroy();
      await wire.closed;
      expect(await stored()).toEqual({ start: true });
    });

    it('a hundred times over leaves no request and no connection behind', async () => {
      const wires = Array.from({ length: 100 }, () => connectTo(site).send(bytes('POST', '/run/increment')));
      await Promise.all(wires.map(({ socket }) => once(socket, 'connect')));
      for (const { socket } of wires) socket.destroy();
      await Promise.all(wires.map(({ closed }) => closed));
      expect((await client.post('/run/increment')).status).toBe(200);
      for (;;) {
        const open = await new Promise((resolve) => server().getConnections((_, count) => resolve(count)));
        if (open === 1) break; // our own client's
        await setImmediate();
      }
      const { count } = (await stored()) as { count: number };
      expect((await client.post('/run/increment')).body).toEqual({ count: count + 1 });
    });
  });

  describe('a response', () => {
    it('that its reader closes half way was stored before its first byte, and what changes later with its end', async () => {
      const [gone, go] = [deferred(), deferred()];
      site.handle('stream', async ({ session, takeOver }) => {
        const res = takeOver();
        session.before = 1;
        res.on('close', () => gone.resolve());
        res.write('first');
        await go.promise;
        session.after = 1;
        res.end('last');
      });
      const wire = connectTo(site).send(bytes('GET', '/raw/stream'));
      await wire.until('first');
      wire.socket.destroy();
      await gone.promise;
      expect(await stored()).toEqual({ start: true, before: 1 });
      site.spy.reset();
      go.resolve();
      while (site.spy.count('update') === 0) await setImmediate();
      expect(await stored()).toEqual({ start: true, before: 1, after: 1 });
    });

    it('that nobody reads holds up no other request of its session, and arrives whole in the end', async () => {
      const size = 8 * 1024 * 1024;
      site.handle('large', ({ session, res }) => {
        session.large = true;
        res.send('x'.repeat(size) + 'end');
      });
      const wire = connectTo(site);
      wire.socket.pause();
      wire.send(bytes('GET', '/raw/large', { connection: 'close' }));
      while (site.spy.count('update') === 0) await setImmediate();
      expect((await client.post('/run/increment')).body).toEqual({ count: 1 });
      expect(await stored()).toEqual({ start: true, large: true, count: 1 });
      wire.socket.resume();
      await wire.closed;
      expect(wire.received).toMatch(/^HTTP\/1\.1 200 .*end$/s);
      expect(wire.received.length).toBeGreaterThan(size);
    });

    it('that is streamed to a slow reader waits for it ("drain"), and its last changes are stored', async () => {
      const chunk = 'x'.repeat(256 * 1024);
      let drains = 0;
      site.handle('stream', async ({ session, takeOver }) => {
        const res = takeOver();
        for (let index = 0; index < 40; index++) {
          if (res.write(chunk)) continue;
          drains++;
          await once(res, 'drain');
        }
        session.after = 1;
        res.end('end');
      });
      const wire = connectTo(site);
      wire.socket.pause();
      wire.send(bytes('GET', '/raw/stream', { connection: 'close' }));
      while (drains < 2) await setImmediate();
      wire.socket.resume();
      await wire.closed;
      expect(wire.received).toMatch(/\r\nend\r\n0\r\n\r\n$/);
      expect(await stored()).toEqual({ start: true, after: 1 });
    });
  });

  describe('pipelined requests', () => {
    it('are answered in order, and none loses what another changes', async () => {
      const slow = slowRoute(({ session }) => void (session.a = 1));
      const wire = connectTo(site);
      wire.send(
        bytes('POST', '/run/slow') +
          bytes('POST', '/run/set', ...json({ b: 1 })) +
          bytes('POST', '/run/increment') +
          bytes('GET', '/run/facts', { connection: 'close' }),
      );
      await slow.reached;
      while (site.spy.count('update') < 2) await setImmediate();
      expect(wire.received).toBe('');
      slow.go();
      await wire.closed;
      const answers = wire.received.split('HTTP/1.1 ').slice(1);
      expect(answers.map((answer) => answer.slice(0, 3))).toEqual(['200', '200', '200', '200']);
      expect(answers[2]).toContain('{"count":1}');
      expect(answers[3]).toContain('"isNew":false');
      expect(await stored()).toEqual({ start: true, a: 1, b: 1, count: 1 });
    });

    it('behind one whose client goes away before it is answered change what they change', async () => {
      const slow = slowRoute(({ session }) => void (session.a = 1));
      const wire = connectTo(site).send(
        bytes('POST', '/run/slow') + bytes('POST', '/run/set', ...json({ b: 1 })),
      );
      await slow.reached;
      while (site.spy.count('update') < 1) await setImmediate();
      wire.socket.destroy();
      slow.go();
      while (site.spy.count('update') < 2) await setImmediate();
      expect(await stored()).toEqual({ start: true, a: 1, b: 1 });
    });
  });

  describe('unusual requests', () => {
    it('HEAD gets the head alone, with its cookie, and its session is stored', async () => {
      site.handle('visit', ({ session }) => ({ visits: (session.visits = 1) }));
      const visit = connectTo(site).send(bytes('HEAD', '/run/visit', { cookie: '', connection: 'close' }));
      await visit.closed;
      expect(visit.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 12\r\n[^]*\r\n\r\n$/i);
      const cookie = /set-cookie: (sid=[^;]+)/i.exec(visit.received)![1]!;
      client.cookies.clear();
      client.headers.cookie = cookie;
      expect(await stored()).toEqual({ visits: 1 });
    });

    it('Expect: 100-continue is told to continue, and answered when its body has come', async () => {
      const [headers, body] = json({ expected: true });
      const wire = connectTo(site).send(
        bytes('POST', '/run/set', { ...headers, expect: '100-continue', connection: 'close' }),
      );
      expect(await wire.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      wire.send(body);
      await wire.closed;
      expect(wire.received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
      expect(await stored()).toEqual({ start: true, expected: true });
    });

    it('1xx responses go out while the session is still open to changes', async () => {
      const slow = slowRoute(({ session }) => void (session.after = 1));
      site.handle('early', async ({ session, takeOver }) => {
        const res = takeOver();
        res.writeProcessing();
        res.writeEarlyHints({ link: '</style.css>; rel=preload' });
        await slow.done;
        session.early = 1;
        res.end();
      });
      const wire = connectTo(site).send(bytes('GET', '/raw/early', { connection: 'close' }));
      await wire.until('HTTP/1.1 103');
      const other = client.get('/run/slow');
      slow.go();
      await other;
      await wire.closed;
      expect(wire.received.match(/HTTP\/1\.1 \d+/g)).toEqual([
        'HTTP/1.1 102',
        'HTTP/1.1 103',
        'HTTP/1.1 200',
      ]);
      expect(await stored()).toEqual({ start: true, after: 1, early: 1 });
    });
  });
});
