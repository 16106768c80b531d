import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CHROMIUM } from '../support/chromium.js';
import {
  fillIn,
  NEW_PASSWORD,
  noticeOf,
  PASSWORD,
  pathOf,
  press,
  SampleInBrowser,
} from './support/sample.js';

jest.setTimeout(60_000); // a browser takes its time, the more so with many tests beside

let sample: SampleInBrowser;

(CHROMIUM ? describe : describe.skip)('the accounts sample in a browser', () => {
  beforeAll(async () => {
    sample = await SampleInBrowser.start();
  });
  afterEach(() => sample.closePages());
  afterAll(() => sample.stop());

  it('lets somebody fill a cart, sign up, sign out and sign in', async () => {
    const page = await sample.open();
    await page.goto('/cart');
    await press(page, 'Add Oak gall ink to the cart');
    await press(page, 'Add Oak gall ink to the cart');
    expect(await noticeOf(page)).toBe('Oak gall ink is in your cart.');

    const name = await sample.signUp(page);
    expect(await noticeOf(page)).toBe(`Your account is ready, and you are signed in. Welcome, ${name}!`);
    expect(await page.getByRole('navigation').textContent()).toContain('2 in cart');

    await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    await page.goto('/notes');
    expect(pathOf(page)).toBe('/sign-in?next=%2Fnotes');
    await fillIn(page, { Name: name, Password: 'wrong horse' });
    await press(page, 'Sign in');
    await page.getByText('The name or the password is wrong.').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe(name);
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    await fillIn(page, { Password: PASSWORD });
    await press(page, 'Sign in');
    expect(pathOf(page)).toBe('/notes');
    await fillIn(page, { 'New note': '<b>Feed</b> the cat' });
    await press(page, 'Save note');
    await page.getByText('<b>Feed</b> the cat', { exact: true }).waitFor();
  });

  it('changes quantities in the cart, with the focus where it was', async () => {
    const page = await sample.open();
    const focused = page.locator(':focus');
    await page.goto('/cart');
    await press(page, 'Add Carpenter’s pencil to the cart');
    expect(await focused.getAttribute('aria-label')).toBe('Add Carpenter’s pencil to the cart');
    const quantity = page.getByLabel('Quantity of Carpenter’s pencil', { exact: true });
    await quantity.fill('12');
    const loaded = page.waitForEvent('load');
    await quantity.press('Enter');
    await loaded;
    expect(await noticeOf(page)).toBe('Carpenter’s pencil: 12 in your cart.');
    expect(await focused.getAttribute('aria-label')).toBe('Quantity of Carpenter’s pencil');
    expect(await page.locator('.total').textContent()).toContain('€21.60');
    await press(page, 'Remove Carpenter’s pencil');
    expect(await focused.textContent()).toBe('Your cart');
    await page.getByText('Your cart is empty.').waitFor();
  });

  it('shows nothing of anybody after signing out, when the Back button is pressed', async () => {
    const page = await sample.open();
    const name = await sample.signUp(page);
    for (const path of ['/', '/cart', '/notes', '/devices', '/account']) await page.goto(path);
    await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    const seen = [];
    for (let back = 0; back < 5; back += 1) {
      await page.goBack();
      await page.waitForLoadState();
      seen.push(pathOf(page));
      expect(await page.content()).not.toContain(name);
    }
    expect(seen).toEqual([
      '/sign-in?next=%2Faccount',
      '/sign-in?next=%2Fdevices',
      '/sign-in?next=%2Fnotes',
      '/cart',
      '/',
    ]);
  });

  it('lists the devices of a user, and signs one out with its next click', async () => {
    const laptop = await sample.open();
    const name = await sample.signUp(laptop);
    const phone = await sample.open({
      userAgent:
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    });
    await sample.signIn(phone, name);
    await phone.goto('/notes');

    await laptop.getByRole('navigation').getByRole('link', { name: 'Devices' }).click();
    const devices = laptop.getByRole('main').getByRole('heading', { level: 2 });
    await devices.first().waitFor();
    expect(await devices.allTextContents()).toEqual([
      'Safari on iPhone',
      'Chrome on Linux, automated This device',
    ]);
    await press(laptop, 'Sign out Safari on iPhone');
    expect(await noticeOf(laptop)).toBe('Safari on iPhone is signed out.');
    expect(await devices.allTextContents()).toEqual(['Chrome on Linux, automated This device']);

    await fillIn(phone, { 'New note': 'Written too late' });
    await press(phone, 'Save note');
    expect(pathOf(phone)).toBe('/sign-in?next=%2Fnotes');
    await laptop.goto('/notes');
    expect(await laptop.content()).not.toContain('Written too late');
  });

  it('changes a password, which signs out all other devices', async () => {
    const laptop = await sample.open();
    const name = await sample.signUp(laptop);
    const phone = await sample.open();
    await sample.signIn(phone, name);
    await laptop.goto('/password');
    await fillIn(laptop, { 'Current password': PASSWORD, 'New password': PASSWORD });
    await press(laptop, 'Change password');
    await laptop.getByText('Choose a password that is not your current one.').waitFor();
    await fillIn(laptop, { 'Current password': PASSWORD, 'New password': NEW_PASSWORD });
    await press(laptop, 'Change password');
    expect(await noticeOf(laptop)).toBe('Your password is changed. All your other devices are signed out.');
    await phone.goto('/account');
    expect(pathOf(phone)).toBe('/sign-in?next=%2Faccount');
    await sample.signIn(phone, name, NEW_PASSWORD);
    expect(pathOf(phone)).toBe('/');
  });

  it('shows times in the time zone of the visitor', async () => {
    const page = await sample.open({ timezoneId: 'Asia/Kolkata' });
    await sample.signUp(page);
    await page.goto('/session');
    const time = page.locator('time').first();
    const [datetime, text, title] = await Promise.all([
      time.getAttribute('datetime'),
      time.textContent(),
      time.getAttribute('title'),
    ]);
    const format = { dateStyle: 'medium', timeStyle: 'short' } as const;
    const inZone = (timeZone: string) =>
      new Intl.DateTimeFormat('en-GB', { ...format, timeZone }).format(new Date(datetime!));
    expect(text).toBe(inZone('Asia/Kolkata'));
    expect(title).toBe(`${inZone('UTC')} UTC`);
  });
});
