import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { CHROMIUM } from '../support/chromium.js';
import { fillIn, noticeOf, pathOf, press, SampleInBrowser } from './support/sample.js';

jest.setTimeout(60_000); // a browser takes its time, the more so with many tests beside

const FOR_EVERYBODY = ['/', '/cart', '/session', '/sign-in', '/sign-up', '/nowhere'];
const FOR_USERS = ['/account', '/notes', '/devices', '/password'];
const LONG_NAME = 'Wolfeschlegelsteinhausenbergerdorffabcde';

let sample: SampleInBrowser;

/** Leads a page to every page of the sample, as a visitor and as a user with a cart and a note. */
async function everyPage(page: Page, name: string, look: (path: string) => Promise<void>): Promise<void> {
  const visit = async (path: string): Promise<void> => {
    await page.goto(path);
    await look(path);
  };
  for (const path of FOR_EVERYBODY) await visit(path);
  await page.goto('/sign-up');
  await press(page, 'Sign up');
  await look('/sign-up with errors');
  await page.goto('/cart');
  await press(page, 'Add Rocker blotter to the cart');
  await sample.signUp(page, name);
  await look('/ with a notice');
  await page.goto('/notes');
  await fillIn(page, { 'New note': 'm'.repeat(300) });
  await press(page, 'Save note');
  for (const path of [...FOR_EVERYBODY, ...FOR_USERS]) await visit(path);
}

/** What axe finds wrong with a page, in few words. */
async function violationsOf(page: Page, rules?: string[]): Promise<string[]> {
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(only ? { runOnly: { type: 'rule', values: only } } : {});
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, rules);
}

(CHROMIUM ? describe : describe.skip)('every page of the accounts sample', () => {
  beforeAll(async () => {
    sample = await SampleInBrowser.start();
  });
  afterEach(() => sample.closePages());
  afterAll(() => sample.stop());

  it('fits a phone 320 pixels wide, with the longest of names', async () => {
    const page = await sample.open({ viewport: { width: 320, height: 640 } });
    const tooWide: string[] = [];
    await everyPage(page, LONG_NAME, async (path) => {
      const [content, window] = (await page.evaluate(
        '[document.documentElement.scrollWidth, innerWidth]',
      )) as [number, number];
      if (content > window) tooWide.push(`${path}: ${content}`);
    });
    expect(tooWide).toEqual([]);
    expect(await page.getByRole('navigation').textContent()).toContain(LONG_NAME);
  });

  it('has nothing that axe objects to, light and dark', async () => {
    const page = await sample.open();
    const violations: string[] = [];
    await everyPage(page, 'Kim', async (path) => {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.evaluate(axe.source);
      const light = await violationsOf(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await violationsOf(page, ['color-contrast']);
      violations.push(...[...light, ...dark].map((violation) => `${path}: ${violation}`));
    });
    expect(violations).toEqual([]);
  });

  it('works without JavaScript, and names the zone of its times', async () => {
    const page = await sample.open({ javaScriptEnabled: false, timezoneId: 'Asia/Kolkata' });
    await everyPage(page, 'Lou', async () => {
      await page.getByRole('heading', { level: 1 }).waitFor();
    });
    await page.goto('/cart');
    await press(page, 'Add Oak gall ink to the cart');
    expect(await noticeOf(page)).toBe('Oak gall ink is in your cart.');
    await page.goto('/devices');
    expect(await page.locator('time').first().textContent()).toMatch(/^\d+ \w+ \d{4}, \d\d:\d\d UTC$/);
    await press(page, 'Sign out this device');
    await page.getByText('You are signed out.').waitFor();
  });

  it('can be used with the keyboard alone', async () => {
    const page = await sample.open();
    await page.goto('/');
    /** Presses Tab until an element with this name has the focus. It is an error if that needs more than 30 times. */
    const tabTo = async (name: string): Promise<void> => {
      for (let tabs = 0; tabs < 30; tabs += 1) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => {
          const { activeElement: element } = document;
          const label = element?.id ? document.querySelector(`label[for="${element.id}"]`) : null;
          return element?.getAttribute('aria-label') ?? label?.textContent ?? element?.textContent?.trim();
        });
        if (focused === name) return;
      }
      throw new Error(`The keyboard does not lead to "${name}".`);
    };
    const enter = async (): Promise<void> => {
      const loaded = page.waitForEvent('load');
      await page.keyboard.press('Enter');
      await loaded;
    };

    await tabTo('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo('Fill a cart');
    await enter();
    await tabTo('Add Oak gall ink to the cart');
    await enter();
    await enter(); // the focus is where it was
    expect(await page.getByRole('navigation').textContent()).toContain('2 in cart');

    await tabTo('Remove Oak gall ink');
    await enter();
    await page.goto('/sign-up');
    await tabTo('Name');
    await page.keyboard.type('Max');
    await tabTo('Password');
    await page.keyboard.type('short');
    await enter();
    await page.keyboard.type('long enough'); // the focus is where the error is
    await enter();
    expect(await noticeOf(page)).toContain('Welcome, Max!');
    await tabTo('Devices');
    await enter();
    expect(pathOf(page)).toBe('/devices');
    await tabTo('Sign out this device');
    await enter();
    expect(pathOf(page)).toBe('/sign-in?signed-out');
  });
});
