import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { AppModule } from '../../../sample/01-accounts/app.module.js';
import { protect } from '../../../sample/01-accounts/protect.js';
import { CHROMIUM } from '../../support/chromium.js';
import { listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';

export const PASSWORD = 'correct horse';

const ARGUMENTS = [
  '--no-sandbox', // Chromium does not run as root with a sandbox
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The accounts sample, and a Chromium to look at it. Both start once for a whole file. */
export class SampleInBrowser {
  private constructor(
    readonly app: INestApplication,
    private readonly base: string,
    private readonly database: TestDatabase,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<SampleInBrowser> {
    const [browser, database] = await Promise.all([launch(), createDatabase()]);
    const settings = { databaseUrl: database.url, secret: 'a secret of more than thirty-two bytes' };
    const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
    const app = module.createNestApplication();
    protect(app);
    return new SampleInBrowser(app, await listen(app), database, browser);
  }

  /** A page in a browser that has no cookies yet. */
  async visitor(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ baseURL: this.base, ...options });
    context.setDefaultTimeout(60_000);
    return context.newPage();
  }

  /** A page in a browser where somebody has signed up, or where somebody who has an account has signed in. */
  async user(name: string, form: 'sign-up' | 'sign-in', options?: BrowserContextOptions): Promise<Page> {
    const page = await this.visitor(options);
    const headers = { 'sec-fetch-site': 'same-origin' };
    await page.request.post(`/${form}`, { form: { name, password: PASSWORD, next: '/account' }, headers });
    return page;
  }

  /** Closes the browsers of a test. */
  async closeAll(): Promise<void> {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.app.close();
    await this.database.drop();
  }
}

/** Starts Chromium with a fresh folder for its data, which goes when it closes. */
function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM!,
    args: ARGUMENTS,
    // Playwright switches off what makes the Back button fast. People have it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
}

/** Fills in fields by their labels. */
export async function fillIn(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    await page.getByLabel(label, { exact: true }).fill(value);
  }
}

/** Presses a button by its name, and waits for the page it leads to. */
export async function press(page: Page, name: string, area: 'main' | 'navigation' = 'main'): Promise<void> {
  const button = page.getByRole(area).getByRole('button', { name, exact: true });
  await Promise.all([page.waitForEvent('load'), button.press('Enter')]);
}

/** What the page says in answer to a form. */
export async function noticeOf(page: Page): Promise<string> {
  return (await page.getByRole('status').textContent()) ?? '';
}

/** The path where the page is. */
export function pathOf(page: Page): string {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

/** What a screen reader calls the element that has the focus. */
export async function focusOf(page: Page): Promise<string> {
  const focused = page.locator(':focus');
  if ((await focused.count()) === 0) return '';
  const id = await focused.getAttribute('id');
  const label = page.locator(`label[for="${id}"]`);
  const name = await focused.getAttribute('aria-label');
  return (name ?? (await ((await label.count()) > 0 ? label : focused).textContent()) ?? '').trim();
}
