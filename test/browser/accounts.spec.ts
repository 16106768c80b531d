import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { CHROMIUM } from '../support/chromium.js';
import { fillIn, focusOf, noticeOf, PASSWORD, pathOf, press, SampleInBrowser } from './support/sample.js';

const NEW_PASSWORD = 'battery staple';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const FOR_VISITORS = ['/', '/cart', '/session', '/sign-in', '/sign-up', '/nowhere'];
const FOR_USERS = ['/', '/session', '/sign-in', '/account', '/notes', '/devices', '/password', '/nowhere'];

let sample: SampleInBrowser;

(CHROMIUM ? describe : describe.skip)('the accounts sample in a browser', () => {
  beforeAll(async () => {
    sample = await SampleInBrowser.start();
  });
  afterEach(() => sample.closeAll());
  afterAll(() => sample.stop());

  it('lets somebody fill a cart, sign up, sign out and sign in', async () => {
    const page = await sample.visitor();
    await page.goto('/cart');
    await press(page, 'Add Oak gall ink to the cart');
    expect(await noticeOf(page)).toBe('Oak gall ink is in your cart.');

    await page.getByRole('link', { name: 'Sign up' }).click();
    await fillIn(page, { Name: 'Ada', Password: PASSWORD });
    await press(page, 'Sign up');
    expect(await noticeOf(page)).toBe('Your account is ready, and you are signed in. Welcome, Ada!');
    expect(await page.getByRole('navigation').textContent()).toContain('1 in cart');

    await press(page, 'Sign out', 'navigation');
    await page.getByText('You are signed out.').waitFor();
    await page.goto('/notes');
    expect(pathOf(page)).toBe('/sign-in?next=%2Fnotes');
    await fillIn(page, { Name: 'Ada', Password: 'wrong horse' });
    await press(page, 'Sign in');
    await page.getByText('The name or the password is wrong.').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('Ada');
    await fillIn(page, { Password: PASSWORD });
    await press(page, 'Sign in');
    expect(pathOf(page)).toBe('/notes');
  });

  it('changes quantities in the cart, with the focus where it was', async () => {
    const page = await sample.visitor();
    await page.goto('/cart');
    await press(page, 'Add Carpenter’s pencil to the cart');
    expect(await focusOf(page)).toBe('Add Carpenter’s pencil to the cart');
    await fillIn(page, { 'Quantity of Carpenter’s pencil': '12' });
    await press(page, 'Update the quantity of Carpenter’s pencil');
    expect(await noticeOf(page)).toBe('Carpenter’s pencil: 12 in your cart.');
    expect(await focusOf(page)).toBe('Quantity of Carpenter’s pencil');
    expect(await page.locator('.total').textContent()).toContain('€21.60');
    await press(page, 'Remove Carpenter’s pencil');
    expect(await focusOf(page)).toBe('Your cart');
    await page.getByText('Your cart is empty.').waitFor();
  });

  it('shows nothing of anybody after signing out, when the Back button is pressed', async () => {
    const page = await sample.user('Bob', 'sign-up');
    for (const path of ['/', '/cart', '/notes']) await page.goto(path);
    await press(page, 'Sign out', 'navigation');
    for (const path of ['/sign-in?next=%2Fnotes', '/cart', '/']) {
      await page.goBack();
      await page.waitForLoadState();
      expect(pathOf(page)).toBe(path);
      expect(await page.content()).not.toContain('Bob');
    }
  });

  it('lists the devices of a user, and signs one out with its next click', async () => {
    const laptop = await sample.user('Cyd', 'sign-up');
    const phone = await sample.user('Cyd', 'sign-in', { userAgent: IPHONE });
    await phone.goto('/notes');
    await laptop.goto('/');
    await laptop.getByRole('link', { name: 'Devices', exact: true }).click();
    const names = laptop.getByRole('main').getByRole('heading', { level: 2 });
    const laptopName = 'Chrome on Linux, automated This device';
    await names.first().waitFor();
    expect(await names.allTextContents()).toEqual(['Safari on iPhone', laptopName]);
    await press(laptop, 'Sign out Safari on iPhone');
    expect(await noticeOf(laptop)).toBe('Safari on iPhone is signed out.');
    expect(await names.allTextContents()).toEqual([laptopName]);
    await fillIn(phone, { 'New note': 'Written too late' });
    await press(phone, 'Save note');
    expect(pathOf(phone)).toBe('/sign-in?next=%2Fnotes');
  });

  it('changes a password, which signs out all other devices', async () => {
    const laptop = await sample.user('Dan', 'sign-up');
    const phone = await sample.user('Dan', 'sign-in');
    await laptop.goto('/password');
    await fillIn(laptop, { 'Current password': PASSWORD, 'New password': PASSWORD });
    await press(laptop, 'Change password');
    await laptop.getByText('Choose a password that is not your current one.').waitFor();
    await fillIn(laptop, { 'Current password': PASSWORD, 'New password': NEW_PASSWORD });
    await press(laptop, 'Change password');
    expect(await noticeOf(laptop)).toBe('Your password is changed. All your other devices are signed out.');
    await phone.goto('/account');
    expect(pathOf(phone)).toBe('/sign-in?next=%2Faccount');
    await fillIn(phone, { Name: 'Dan', Password: NEW_PASSWORD });
    await press(phone, 'Sign in');
    expect(pathOf(phone)).toBe('/account');
  });

  it('shows times in the time zone of the visitor', async () => {
    const page = await sample.user('Eve', 'sign-up', { timezoneId: 'Asia/Kolkata' });
    await page.goto('/session');
    const time = page.locator('time').first();
    const date = new Date((await time.getAttribute('datetime'))!);
    const inZone = (timeZone: string): string =>
      new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(date);
    expect(await time.textContent()).toBe(inZone('Asia/Kolkata'));
    expect(await time.getAttribute('title')).toBe(`${inZone('UTC')} UTC`);
  });

  it('works without JavaScript, and then names the zone of its times', async () => {
    const page = await sample.user('Fay', 'sign-up', { javaScriptEnabled: false });
    await page.goto('/cart');
    await press(page, 'Add Oak gall ink to the cart');
    expect(await focusOf(page)).toBe('Add Oak gall ink to the cart');
    await page.goto('/notes');
    await fillIn(page, { 'New note': '<b>Feed</b> the cat' });
    await press(page, 'Save note');
    expect(await noticeOf(page)).toBe('Your note is saved.');
    expect(await page.locator('.text').textContent()).toBe('<b>Feed</b> the cat');
    expect(await page.locator('time').textContent()).toMatch(/^\d+ \w+ \d{4}, \d\d:\d\d UTC$/);
    await page.goto('/devices');
    await press(page, 'Sign out this device');
    await page.getByText('You are signed out.').waitFor();
  });

  it('can be used with the keyboard alone', async () => {
    const page = await sample.visitor();
    /** Presses Tab until the element with this name has the focus: up to 30 times. */
    const tabTo = async (name: string): Promise<void> => {
      for (let tabs = 0; tabs < 30; tabs += 1) {
        await page.keyboard.press('Tab');
        if ((await focusOf(page)) === name) return;
      }
      throw new Error(`The keyboard does not lead to "${name}".`);
    };
    const enter = (): Promise<unknown> =>
      Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);

    await page.goto('/');
    await tabTo('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo('Fill a cart');
    await enter();
    await tabTo('Add Oak gall ink to the cart');
    await enter();
    await enter(); // the focus is where it was
    await tabTo('Remove Oak gall ink');
    expect(await page.getByLabel('Quantity of Oak gall ink', { exact: true }).inputValue()).toBe('2');
    await page.goto('/sign-up');
    await tabTo('Name');
    await page.keyboard.type('Gil');
    await tabTo('Password');
    await page.keyboard.type('short');
    await enter();
    await page.keyboard.type('long enough'); // the focus is at the error
    await enter();
    expect(await noticeOf(page)).toContain('Welcome, Gil!');
    await tabTo('Devices');
    await enter();
    await tabTo('Sign out this device');
    await enter();
    expect(pathOf(page)).toBe('/sign-in?signed-out');
  });

  it('fits a phone 320 pixels wide, and has nothing that axe objects to, light and dark', async () => {
    const phone = { viewport: { width: 320, height: 640 } };
    const page = await sample.visitor(phone);
    await page.context().addInitScript({ content: axe.source });
    const faults: string[] = [];
    const look = async (place: string): Promise<void> => {
      const found = [...(await overflowOf(page)), ...(await violationsOf(page))];
      faults.push(...found.map((fault) => `${place}: ${fault}`));
    };
    for (const path of FOR_VISITORS) {
      await page.goto(path);
      await look(path);
    }
    await page.goto('/sign-up');
    await press(page, 'Sign up');
    await look('/sign-up with errors');
    await fillIn(page, { Name: 'Wolfeschlegelsteinhausenbergerdorffabcde', Password: PASSWORD });
    await press(page, 'Sign up');
    await look('/ with a notice');
    await page.goto('/cart');
    await press(page, 'Add Rocker blotter to the cart');
    await look('/cart with a line');
    await page.goto('/notes');
    await fillIn(page, { 'New note': 'm'.repeat(300) });
    await press(page, 'Save note');
    for (const path of FOR_USERS) {
      await page.goto(path);
      await look(path);
    }
    expect(faults).toEqual([]);
  });
});

/** How much of a page is out of sight to the right. */
async function overflowOf(page: Page): Promise<string[]> {
  const width = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  return width > 0 ? [`${width} pixels too wide`] : [];
}

/** What axe finds wrong with a page. In the dark only colours differ. */
async function violationsOf(page: Page): Promise<string[]> {
  const run = (rules?: string[]): Promise<string[]> =>
    page.evaluate(async (values) => {
      const { axe: injected } = globalThis as unknown as { axe: typeof axe };
      const { violations } = await injected.run(values ? { runOnly: { type: 'rule', values } } : {});
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    }, rules);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await run();
  await page.emulateMedia({ colorScheme: 'dark' });
  return [...light, ...(await run(['color-contrast']))];
}
