import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NextFunction, Request, Response } from 'express';
import type { Cookie, Page } from 'playwright-core';
import { SESSION_MIDDLEWARE } from '../../lib/index.js';
import { DEVICE, SESSION, GuardedController } from '../e2e/device-bound/support/bound-site.js';
import { selfSigned } from '../faults/support/certificate.js';
import { CHROMIUM } from '../support/chromium.js';
import { Client } from '../support/client.js';
import { ADAPTER_NAMES } from '../support/adapters.js';
import { type AnySite, type Backend, BACKENDS, siteOn } from '../support/site.js';
import { fetchInsecurely } from '../support/tls-fetch.js';
import { BoundBrowser } from './support/bound-browser.js';

jest.setTimeout(120_000); // a browser takes its time, the more so with many tests beside

const https = selfSigned();
const LIFETIME = 3_000;
void SESSION_MIDDLEWARE;

/** A request as the server has seen it. */
interface Seen {
  readonly path: string;
  readonly status: number;
  readonly isSigned: boolean;
}

(CHROMIUM ? describe : describe.skip).each(ADAPTER_NAMES)('a real browser (%s)', (adapter) => {
  let backend: Backend;
  let site: AnySite;
  let browser: BoundBrowser;
  let page: Page;
  let seen: Seen[];

  beforeEach(async () => {
    seen = [];
    backend = await BACKENDS.postgres();
    site = await siteOn(adapter, { https })(
      backend,
      {
        cookie: { secure: true, maxAge: '1h' },
        deviceBound: { lifetime: LIFETIME },
      },
      (app) =>
        app.use((req: Request, res: Response, next: NextFunction) => {
          const path = (req.originalUrl ?? req.url).split('?')[0]!;
          res.on('finish', () =>
            seen.push({ path, status: res.statusCode, isSigned: 'secure-session-response' in req.headers }),
          );
          next();
        }),
      [GuardedController],
    );
    site.handle('page', ({ res }) => {
      res.header('content-type', 'text/html');
      return '<!doctype html><link rel="icon" href="data:,"><title>Page</title>';
    });
    browser = await BoundBrowser.start(https.cert);
    page = await browser.context.newPage();
    await page.goto(`${site.base}/run/page`);
  });
  afterEach(async () => {
    await browser.stop();
    await site.close();
    await backend.close();
  });

  it('binds a session', async () => {
    await login();
    await bound();
    console.log(JSON.stringify(seen), JSON.stringify(site.events));
  });

  function login(userId = 'ann'): Promise<number> {
    return ask('POST', '/run/login', { userId });
  }

  function ask(method: string, path: string, body?: object): Promise<number> {
    return page.evaluate(
      async ([how, where, what]) => {
        const init = { method: how!, headers: { 'content-type': 'application/json' } };
        const response = await fetch(where!, what === undefined ? init : { ...init, body: what });
        return response.status;
      },
      [method, path, body && JSON.stringify(body)],
    );
  }

  /** Waits until the server has answered a registration. */
  async function bound(): Promise<void> {
    await until(() => site.events.some(({ type }) => type === 'bound'));
  }

  async function until(isSo: () => boolean): Promise<void> {
    for (let tries = 0; tries < 200 && !isSo(); tries++) await page.waitForTimeout(50);
    expect(isSo()).toBe(true);
  }
});
