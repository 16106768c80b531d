import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Page } from 'playwright-core';
import { DEVICE, GuardedController, SESSION } from '../e2e/device-bound/support/bound-site.js';
import { selfSigned } from '../faults/support/certificate.js';
import { ADAPTER_NAMES } from '../support/adapters.js';
import { CHROMIUM } from '../support/chromium.js';
import type { Client } from '../support/client.js';
import { MINUTE, TestClock } from '../support/clock.js';
import type { SessionModuleOptions } from '../../lib/index.js';
import { type AnySite, type Backend, BACKENDS, siteOn } from '../support/site.js';
import { BoundBrowser } from './support/bound-browser.js';

jest.setTimeout(120_000); // a browser takes its time, the more so with many tests beside

const https = selfSigned();

/**
 * Chromium as it is, with keys in software. The end of the short-lived cookie is brought about by deleting it: for the browser
 * both are the same.
 */
(CHROMIUM ? describe : describe.skip).each(ADAPTER_NAMES)('a browser that binds sessions (%s)', (adapter) => {
  let backend: Backend;
  let site: AnySite;
  let browser: BoundBrowser;
  let page: Page;
  /** The requests that the server has answered: path, status, and whether there was a signature. */
  let seen: string[];

  beforeEach(async () => {
    seen = [];
    backend = await BACKENDS.postgres();
    site = await openSite({ cookie: { secure: true, maxAge: '1h' } });
    browser = await BoundBrowser.start(https.cert);
    await openPage();
  });
  afterEach(async () => {
    await browser.stop();
    await site.close();
    await backend.close();
  });

  it('binds the session at the login, and refreshes before a request when the cookie has ended', async () => {
    await login('ann');
    expect(seen.slice(-1)).toEqual(['/.session/register 200 signed']);
    expect(await me()).toEqual([200, 'ann']);
    for (let round = 0; round < 3; round++) {
      await endProof();
      seen = [];
      expect(await me()).toEqual([200, 'ann']);
      expect(seen).toEqual(['/.session/refresh 403', '/.session/refresh 200 signed', '/me 200']);
    }
    expect((await site.sessions.list('ann')).map(({ isBound }) => isBound)).toEqual([true]);
  });

  it('asks for no second proof while the cookie lives', async () => {
    await login('ann');
    seen = [];
    for (let visit = 0; visit < 3; visit++) await me();
    await page.reload();
    expect(seen).toEqual(['/me 200', '/me 200', '/me 200', '/run/page 200']);
  });

  it('refreshes once for five requests, a page and an image among them', async () => {
    await login('ann');
    await endProof();
    seen = [];
    const statuses = await page.evaluate(() =>
      Promise.all([...Array(5).keys()].map(async () => (await fetch('/me')).status)),
    );
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect(seen.filter((line) => line.endsWith('signed'))).toEqual(['/.session/refresh 200 signed']);
    await endProof();
    seen = [];
    // It is no image, and the request counts.
    await page.evaluate(
      'new Promise((done) => Object.assign(new Image(), { onerror: () => done(), src: "/me" }))',
    );
    expect(seen.at(-1)).toBe('/me 200');
    await endProof();
    expect((await page.goto(`${site.base}/me`))?.status()).toBe(200);
  });

  // What follows is decided by the browser and by the engine, not by the adapter. test/e2e/device-bound has the protocol on both.
  if (adapter !== 'express') return;

  it('is the only one that has the session: stolen cookies are worth nothing after the lifetime of the proof', async () => {
    await login('ann');
    const alone = await robbed(SESSION);
    const both = await robbed(SESSION, DEVICE);
    expect(await alone.get('/me')).toMatchObject({ status: 401, body: { code: 'DEVICE_PROOF_REQUIRED' } });
    expect((await both.get('/me')).status).toBe(200);
    const clock = new TestClock();
    try {
      clock.advance(10 * MINUTE);
      expect(await both.get('/me')).toMatchObject({ status: 401, body: { code: 'DEVICE_PROOF_REQUIRED' } });
      await endProof();
      expect(await me()).toEqual([200, 'ann']);
    } finally {
      clock.restore();
    }
  });

  it('forgets the binding with the logout, and binds the next login', async () => {
    await login('ann');
    expect((await ask('POST', '/run/logout'))[0]).toBeLessThan(300);
    expect((await me())[0]).toBe(401);
    seen = [];
    expect((await me())[0]).toBe(401);
    expect(seen).toEqual(['/me 401']);
    await login('ben');
    await endProof();
    expect(await me()).toEqual([200, 'ben']);
  });

  it('binds a second login in the same session anew, and refreshes that one alone', async () => {
    await login('ann');
    await login('ben');
    await endProof();
    seen = [];
    expect(await me()).toEqual([200, 'ben']);
    expect(seen).toEqual(['/.session/refresh 403', '/.session/refresh 200 signed', '/me 200']);
  });

  it('goes on after the id was renewed', async () => {
    await login('ann');
    await ask('POST', '/run/rotate');
    await endProof();
    expect(await me()).toEqual([200, 'ann']);
  });

  it('keeps its session when it is started again', async () => {
    await login('ann');
    await endProof();
    await browser.restart();
    page = await browser.context.newPage();
    seen = [];
    expect((await page.goto(`${site.base}/me`))?.status()).toBe(200);
    expect(seen.slice(-2)).toEqual(['/.session/refresh 200 signed', '/me 200']);
  });

  it('keeps its session through an outage of the database', async () => {
    await login('ann');
    await endProof();
    site.spy.failure = { error: new Error('down') };
    seen = [];
    expect((await me())[0]).toBe(503);
    expect(seen[0]).toBe('/.session/refresh 503');
    site.spy.failure = undefined;
    await until(async () => (await me())[0] === 200);
    expect(await me()).toEqual([200, 'ann']);
  });

  it('refreshes before it opens a stream of events, and before it opens it again', async () => {
    site.handle('events', ({ session, takeOver }) => {
      const res = takeOver();
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end(`retry: 100\ndata: ${session.userId}\n\n`);
    });
    await login('ann');
    const stream = await page.evaluateHandle(() => {
      const events: string[] = [];
      const source = new EventSource('/raw/events');
      source.onmessage = ({ data }) => void events.push(data as string);
      return { source, events };
    });
    await until(() => stream.evaluate(({ events }) => events.length > 0));
    await endProof();
    seen = [];
    // The server ends each stream, so that the browser opens the next one.
    await until(() => seen.filter((line) => line === '/raw/events 200').length > 1);
    expect(seen.filter((line) => line.endsWith('signed'))).toEqual(['/.session/refresh 200 signed']);
    const events = await stream.evaluate(({ source, events: heard }) => {
      source.close();
      return heard;
    });
    expect(new Set(events)).toEqual(new Set(['ann']));
  });

  it('refreshes before it opens a WebSocket', async () => {
    await login('ann');
    await endProof();
    seen = [];
    await page.evaluate(
      'new Promise((done) => { new WebSocket(`wss://${location.host}/socket`).onerror = () => done(); })',
    );
    expect(seen.slice(-2)).toEqual(['/.session/refresh 200 signed', '/socket upgrade proved']);
  });

  it('proves itself for a session whose cookie has a path', async () => {
    await site.close();
    site = await openSite({ name: '__Secure-sid', cookie: { secure: true, path: '/run' } });
    await page.goto(`${site.base}/run/page`);
    await login('ann');
    expect(seen.at(-1)).toBe('/run/.session/register 200 signed');
    await endProof('__Secure-sid-device');
    seen = [];
    expect(await ask('GET', '/run/read')).toEqual([200, { userId: 'ann' }]);
    expect(seen).toEqual(['/run/.session/refresh 403', '/run/.session/refresh 200 signed', '/run/read 200']);
    await endProof('__Secure-sid-device');
    seen = [];
    // No cookie goes there, so that none has to be fetched.
    expect((await me())[0]).toBe(401);
    expect(seen).toEqual(['/me 401']);
  });

  it('goes without a proof when it has signed too often, says so, and keeps the session', async () => {
    await browser.stop();
    browser = await BoundBrowser.start(https.cert, { hasQuota: true });
    await openPage();
    await login('ann');
    let rounds = 0;
    let status = 200;
    while (status === 200 && rounds++ < 20) {
      await endProof();
      seen = [];
      [status] = await me();
    }
    expect([rounds, status]).toEqual([6, 401]); // the registration counts, too
    expect(seen.at(-1)).toBe('/me 401 quota_exceeded'); // after a challenge that the browser could not sign any more
    expect(seen).not.toContain('/.session/refresh 200 signed');
    expect((await site.sessions.list('ann')).map(({ isBound }) => isBound)).toEqual([true]);
  });

  it('is signed in when it follows a link from another site', async () => {
    await login('ann');
    await endProof();
    await openOtherSite();
    seen = [];
    expect(await follow('/me')).toContain('ann');
    // Another site has led to the refresh, so the browser leaves the session's cookie out of it.
    expect(seen.slice(0, 3)).toEqual(['/.session/refresh 403', '/.session/refresh 200 signed', '/me 200']);
  });

  it('binds the session where another site has led to the sign-in', async () => {
    site.handle('callback', ({ session }) => session.login('ann').then(() => 'welcome'));
    await openOtherSite();
    expect(await follow('/run/callback')).toContain('welcome');
    await until(() => registrations() === 1);
    await page.goto(`${site.base}/run/page`);
    await endProof();
    expect(await me()).toEqual([200, 'ann']);
  });

  /** Another site: a name is no neighbour of an address. */
  async function openOtherSite(): Promise<void> {
    await page.goto(`${site.base.replace('127.0.0.1', 'localhost')}/run/page`);
  }

  /** Follows a link, and answers what stands there. */
  async function follow(path: string): Promise<string | null> {
    await page.setContent(`<!doctype html><a href="${site.base}${path}">go</a>`);
    await Promise.all([page.waitForURL(`**${path}`), page.click('a')]);
    return page.textContent('body');
  }

  async function openSite(options: Partial<SessionModuleOptions>): Promise<AnySite> {
    const opened = await siteOn(adapter, { https })(
      backend,
      { deviceBound: true, ...options },
      (app) => (app.getHttpServer() as Server).prependListener('request', watch).on('upgrade', watchSocket),
      [GuardedController],
    );
    opened.handle('page', ({ res }) => {
      res.header('content-type', 'text/html');
      return '<!doctype html><link rel="icon" href="data:,"><title>Page</title>';
    });
    return opened;
  }

  async function openPage(): Promise<void> {
    page = await browser.context.newPage();
    await page.goto(`${site.base}/run/page`);
  }

  /** At the server, because the module answers the browser's own requests ahead of all middleware. */
  function watch({ url = '', headers }: IncomingMessage, res: ServerResponse): void {
    const [path] = url.split('?');
    const signed = 'secure-session-response' in headers ? ' signed' : '';
    const skipped = headers['secure-session-skipped'];
    const reason = typeof skipped === 'string' ? ` ${skipped.split(';', 1)[0]}` : '';
    res.setHeader('cache-control', 'no-store');
    // The browser asks for an icon whenever it likes.
    if (path !== '/favicon.ico')
      res.on('finish', () => void seen.push(`${path} ${res.statusCode}${signed}${reason}`));
  }

  function watchSocket({ url = '', headers }: IncomingMessage, socket: Duplex): void {
    seen.push(`${url} upgrade${headers.cookie?.includes(DEVICE) ? ' proved' : ''}`);
    socket.destroy();
  }

  /** Signs in, and waits until the session is bound. */
  async function login(userId: string): Promise<void> {
    const before = registrations();
    expect((await ask('POST', '/run/login', { userId }))[0]).toBeLessThan(300);
    await until(() => registrations() > before);
    // The server has answered; the browser may still be about to take note of it.
    await until(() => seen.at(-1)?.includes('/.session/register') === true);
  }

  function registrations(): number {
    return site.events.filter(({ type }) => type === 'bound').length;
  }

  /** The status, and whose the session is. */
  async function me(): Promise<[status: number, userId: unknown]> {
    const [status, body] = await ask('GET', '/me');
    return [status, (body as { userId?: unknown } | undefined)?.userId];
  }

  function ask(method: string, path: string, body?: object): Promise<[status: number, body: unknown]> {
    return page.evaluate(
      async ([how, where, what]) => {
        const headers = { 'content-type': 'application/json' };
        const init = what === undefined ? { method: how! } : { method: how!, headers, body: what };
        const response = await fetch(where!, init);
        const text = await response.text();
        return [response.status, text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined];
      },
      [method, path, body && JSON.stringify(body)],
    );
  }

  /** The short-lived cookie ends. */
  async function endProof(cookie = DEVICE): Promise<void> {
    const known = async (): Promise<boolean> =>
      (await browser.context.cookies(`${site.base}/run/`)).some(({ name }) => name === cookie);
    await until(known);
    await browser.context.clearCookies({ name: cookie });
  }

  /** Somebody who has the cookies named. */
  async function robbed(...names: string[]): Promise<Client> {
    const thief = site.client();
    for (const { name, value } of await browser.context.cookies(site.base))
      if (names.includes(name)) thief.cookies.set(name, value);
    return thief;
  }

  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 1_000; tries++) {
      if (await isSo()) return;
      await page.waitForTimeout(50);
    }
    throw new Error('It did not come about.');
  }
});
