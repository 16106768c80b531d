import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { AppModule } from '../../../sample/01-accounts/app.module.js';
import { protect } from '../../../sample/01-accounts/protect.js';
import { CHROMIUM } from '../../support/chromium.js';
import { listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';

export const PASSWORD = 'correct horse';
export const NEW_PASSWORD = 'battery staple';

const ARGUMENTS = [
  '--no-sandbox', // Chromium refuses to run as root with it
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The accounts sample, and a Chromium to look at it. Both start once for a whole file. */
export class SampleInBrowser {
  readonly #contexts: BrowserContext[] = [];
  #people = 0;

  private constructor(
    readonly app: INestApplication,
    readonly base: string,
    private readonly database: TestDatabase,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<SampleInBrowser> {
    const [browser, database] = await Promise.all([
      chromium.launch({
        executablePath: CHROMIUM!,
        args: ARGUMENTS,
        // Playwright switches the cache of the Back button off. People have it.
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      }),
      createDatabase(),
    ]);
    const settings = { databaseUrl: database.url, secret: 'a secret of more than thirty-two bytes' };
    const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
    const app = module.createNestApplication();
    protect(app);
    return new SampleInBrowser(app, await listen(app), database, browser);
  }

  /** A page in a browser of its own: nothing is shared with other pages. Playwright removes its data when it closes. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ baseURL: this.base, ...options });
    context.setDefaultTimeout(10_000);
    this.#contexts.push(context);
    return context.newPage();
  }

  /** Signs somebody up, who is signed in by that. Answers their name. */
  async signUp(page: Page, name = `Kim ${++this.#people}`): Promise<string> {
    await page.goto('/sign-up');
    await fillIn(page, { Name: name, Password: PASSWORD });
    await press(page, 'Sign up');
    return name;
  }

  async signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
    await page.goto('/sign-in');
    await fillIn(page, { Name: name, Password: password });
    await press(page, 'Sign in');
  }

  async closePages(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.app.close();
    await this.database.drop();
  }
}

/** Fills in fields by their labels. */
export async function fillIn(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values))
    await page.getByLabel(label, { exact: true }).fill(value);
}

/** Presses a button of the content by its name, and waits for the page it leads to. */
export async function press(page: Page, name: string): Promise<void> {
  const loaded = page.waitForEvent('load');
  await page.getByRole('main').getByRole('button', { name, exact: true }).click();
  await loaded;
}

/** What the page says in response to a form. */
export async function noticeOf(page: Page): Promise<string> {
  return (await page.getByRole('status').textContent()) ?? '';
}

/** The path where the page is. */
export function pathOf(page: Page): string {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}
