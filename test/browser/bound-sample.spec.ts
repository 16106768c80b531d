import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SessionEvents } from 'nest-session';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { AppModule } from '../../sample/01-accounts/app.module.js';
import { protect } from '../../sample/01-accounts/protect.js';
import { keptCertificate } from '../../sample/support/kept-certificate.js';
import { CHROMIUM } from '../support/chromium.js';
import { listen } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { BoundBrowser } from './support/bound-browser.js';
import { fillIn, PASSWORD, press } from './support/sample.js';

jest.setTimeout(120_000); // a browser takes its time, the more so with many tests beside

(CHROMIUM ? describe : describe.skip)('the accounts sample over HTTPS', () => {
  let folder: string;
  let database: TestDatabase;
  let app: INestApplication;
  let browser: BoundBrowser;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-session-certificate-'));
    const httpsOptions = await keptCertificate(join(folder, 'certificate'));
    database = await createDatabase();
    const settings = {
      databaseUrl: database.url,
      secret: 'a secret of more than thirty-two bytes',
      https: true,
    };
    const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
    app = module.createNestApplication({ httpsOptions });
    protect(app);
    const base = await listen(app, 'https');
    browser = await BoundBrowser.start(httpsOptions.cert);
    page = await browser.context.newPage();
    await page.goto(`${base}/sign-up`);
  });
  afterAll(async () => {
    await browser.stop();
    await app.close();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('binds the session of who signs up, and says so on the page of devices', async () => {
    const bound = new Promise((resolve) => app.get(SessionEvents).on('bound').subscribe(resolve));
    await fillIn(page, { Name: 'Ada', Password: PASSWORD });
    await press(page, 'Sign up');
    await bound;
    await page.getByRole('navigation').getByRole('link', { name: 'Devices' }).click();
    await page.getByRole('main').getByText('Bound to the device').waitFor();
    expect(await page.getByRole('main').getByText('This device').count()).toBe(1);
  });
});
