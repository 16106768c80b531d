import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { fakeClock, signIn } from 'nest-session/testing';
import { DataSource } from 'typeorm';
import { deviceName } from '../../../sample/01-accounts/devices/device-name.js';
import { protect } from '../../../sample/01-accounts/protect.js';
import { type Answer, listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { Browser } from './browser.js';
import './quick-passwords.js'; // before the sample is imported

const { AppModule } = await import('../../../sample/01-accounts/app.module.js');
const { UsersService } = await import('../../../sample/01-accounts/users/users.service.js');

const SECRET = 'a secret of more than thirty-two bytes';
const PASSWORD = 'correct horse';
const NEW_PASSWORD = 'battery staple';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const TABLES = ['nest_session', 'sample_user'];

let database: TestDatabase;
let app: INestApplication;
let base: string;
/** Ada's phone and laptop, and the laptop of Bob, as they are when a test begins. */
let signedIn: Browser[];
let phone: Browser;
let laptop: Browser;
let stranger: Browser;

describe('devices', () => {
  /** Once for all: every test begins with the rows that are kept here. */
  beforeAll(async () => {
    database = await createDatabase();
    const settings = { databaseUrl: database.url, secret: SECRET };
    const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
    app = module.createNestApplication();
    protect(app);
    base = await listen(app);
    await Promise.all(['Ada', 'Bob'].map((name) => app.get(UsersService).create(name, PASSWORD)));
    signedIn = [await device('Ada', IPHONE), await device('Ada', FIREFOX), await device('Bob', FIREFOX)];
    for (const table of TABLES) await query(`CREATE TABLE kept_${table} AS TABLE ${table}`);
  });

  beforeEach(async () => {
    fakeClock(app).reset();
    for (const table of TABLES) await query(`TRUNCATE ${table}; INSERT INTO ${table} TABLE kept_${table}`);
    [phone, laptop, stranger] = signedIn.map((browser) =>
      Object.assign(browser.copy(), { headers: { ...browser.headers } }),
    ) as [Browser, Browser, Browser];
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  function query(sql: string): Promise<unknown> {
    return app.get(DataSource).query(sql);
  }

  /** A browser in which somebody is signed in. */
  async function device(name: string, userAgent: string): Promise<Browser> {
    const browser = new Browser(base);
    browser.headers['user-agent'] = userAgent;
    await browser.submit('/sign-in', { name, password: PASSWORD });
    return browser;
  }

  /** What the devices page says of each. */
  async function devicesOf(browser: Browser): Promise<{ text: string; isThis: boolean }[]> {
    const { text: page } = await browser.visit('/devices');
    expect(browser.path).toBe('/devices');
    return [...page.matchAll(/<li>\s*<h2>(.*?)<\/li>/gs)].map(([, text = '']) => ({
      text,
      isThis: text.includes('This device'),
    }));
  }

  /** The handle of a browser's session: the part of its id that is no secret. */
  function handleOf(browser: Browser): string {
    return browser.sessionId!.split('~')[0]!;
  }

  /** Whether a browser's next request is one of somebody who is signed in. */
  async function isSignedIn(browser: Browser): Promise<boolean> {
    await browser.visit('/account');
    return browser.path === '/account';
  }

  /** A form as another site would send it. */
  function forge(browser: Browser, path: string, headers: Record<string, string>): Promise<Response> {
    return fetch(base + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...browser.headers, cookie: browser.cookieHeader, ...headers },
      body: new URLSearchParams({ current: PASSWORD, password: NEW_PASSWORD }),
    });
  }

  function changePassword(browser: Browser, current = PASSWORD, password = NEW_PASSWORD): Promise<Answer> {
    return browser.submit('/password', { current, password });
  }

  async function canSignIn(password: string): Promise<boolean> {
    return (await new Browser(base).send('/sign-in', { name: 'Ada', password })).status === 303;
  }

  describe('the devices page', () => {
    it('lists the devices of one user, newest first, with this one marked', async () => {
      for (const path of ['/', '/cart', '/account']) {
        expect((await laptop.visit(path)).text).toContain('<a href="/devices" >Devices</a>');
      }
      const devices = await devicesOf(laptop);
      expect(devices.map(({ isThis }) => isThis)).toEqual([true, false]);
      expect(devices[0]?.text).toContain('Firefox on Linux');
      expect(devices[1]?.text).toContain('Safari on iPhone');
      for (const { text } of devices) {
        expect(text).toContain('127.0.0.1');
        expect(text).toMatch(/Signed in<\/dt>\s*<dd><time/);
        expect(text).toMatch(/Last seen<\/dt>\s*<dd><time/);
      }
      expect((await devicesOf(phone)).map(({ isThis }) => isThis)).toEqual([false, true]);
      expect(await devicesOf(stranger)).toHaveLength(1);
    });

    it('says for whom a session of the user acts, and shows it to nobody else', async () => {
      const [ada, bob] = await Promise.all(
        ['Ada', 'Bob'].map(async (name) => (await app.get(UsersService).authenticate(name, PASSWORD))!.id),
      );
      await signIn(app, { userId: bob!, actor: ada! });
      const acting = (await devicesOf(laptop)).filter(({ text }) => text.includes('Acting for'));
      expect(acting).toHaveLength(1);
      expect(acting[0]?.text).toMatch(new RegExp(`Acting for</dt>\\s*<dd>User ${bob}`));
      expect(await devicesOf(laptop)).toHaveLength(3);
      expect(await devicesOf(stranger)).toHaveLength(1);
    });

    it('shows no id', async () => {
      const { text } = await laptop.visit('/devices');
      expect(text).toContain('up to a minute old');
      for (const browser of [laptop, phone]) expect(text).not.toContain(browser.sessionId);
    });

    it('is for members', async () => {
      const visitor = new Browser(base);
      await visitor.visit('/devices');
      expect(visitor.path).toBe('/sign-in?next=%2Fdevices');
      await visitor.submit('/cart/add', { sku: 'ink' });
      await visitor.visit('/devices');
      expect(visitor.path).toBe('/sign-in?next=%2Fdevices');
    });

    it('writes what a device calls itself as text', async () => {
      const hostile = await device('Ada', `"><img/src=x (X11; Linux x86_64)`);
      const name = '&quot;&gt;&lt;img on Linux';
      const { text } = await laptop.visit('/devices');
      expect(text).toContain(`<h2>${name}`);
      expect(text).not.toContain('<img');
      const ended = await laptop.submit(`/devices/${handleOf(hostile)}/end`);
      expect(ended.text).toContain(`${name} is signed out.`);
      expect(ended.text).not.toContain('<img');
    });
  });

  describe('ending a device', () => {
    it('signs it out with its very next request, and no other', async () => {
      const ended = await laptop.submit(`/devices/${handleOf(phone)}/end`);
      expect(laptop.path).toBe('/devices');
      expect(ended.text).toContain('Safari on iPhone is signed out.');
      expect((await laptop.visit('/devices')).text).not.toContain('is signed out.');
      expect(await isSignedIn(phone)).toBe(false);
      expect(await isSignedIn(laptop)).toBe(true);
      expect(await devicesOf(laptop)).toHaveLength(1);
    });

    it('signs out the device in hand as the button of every page does', async () => {
      expect((await devicesOf(laptop))[0]?.text).toContain('action="/sign-out"');
      const stolen = laptop.copy();
      expect((await laptop.submit('/sign-out')).text).toContain('You are signed out.');
      expect(laptop.cookies.size).toBe(0);
      expect(await isSignedIn(stolen)).toBe(false);
      expect(await isSignedIn(phone)).toBe(true);
    });

    it('ends the device in hand, too', async () => {
      await laptop.submit(`/devices/${handleOf(laptop)}/end`);
      expect(laptop.path).toBe('/sign-in?next=%2Fdevices');
      expect(await isSignedIn(phone)).toBe(true);
    });

    it('leaves what is somebody else’s alone, and does not say that it is there', async () => {
      const handle = handleOf(stranger);
      const theirs = await laptop.submit(`/devices/${handle}/end`);
      const nobodys = await laptop.submit(`/devices/${'x'.repeat(handle.length)}/end`);
      expect([theirs.status, nobodys.status]).toEqual([404, 404]);
      expect(theirs.text).toBe(nobodys.text);
      expect(await isSignedIn(stranger)).toBe(true);
    });

    it.each([
      ['a blank', '%20'],
      ['a NUL', '%00'],
      ['SQL', '%27%20OR%201%3D1'],
      ['a path', '..%2F..%2Fsign-out'],
      ['a prototype', '__proto__'],
      ['far too much', 'x'.repeat(5000)],
    ])('knows no device called %s', async (_, handle) => {
      expect((await laptop.send(`/devices/${handle}/end`)).status).toBe(404);
      expect(await devicesOf(laptop)).toHaveLength(2);
    });

    it('takes no broken address', async () => {
      expect((await laptop.send('/devices/%E0%A4%A/end')).status).toBe(400);
      expect(await devicesOf(laptop)).toHaveLength(2);
    });
  });

  describe('ending all other devices', () => {
    it('leaves this one, and those of others', async () => {
      const tablet = await device('Ada', 'something of 1999');
      const ended = await laptop.submit('/devices/end-others');
      expect(laptop.path).toBe('/devices');
      expect(ended.text).toContain('All your other devices are signed out.');
      expect(ended.text).not.toContain('Sign out all other devices');
      expect(await isSignedIn(phone)).toBe(false);
      expect(await isSignedIn(tablet)).toBe(false);
      expect(await isSignedIn(laptop)).toBe(true);
      expect(await isSignedIn(stranger)).toBe(true);
    });

    it('is not done by one who was signed out meanwhile', async () => {
      await laptop.submit('/devices/end-others');
      phone.headers.referer = `${base}/devices`;
      await phone.submit('/devices/end-others');
      expect(phone.path).toBe('/sign-in?next=%2Fdevices');
      expect(await isSignedIn(laptop)).toBe(true);
    });
  });

  describe('forms of other sites', () => {
    it.each([
      ['says so', { 'sec-fetch-site': 'cross-site' }],
      ['is beside ours', { 'sec-fetch-site': 'same-site' }],
      ['is known by its origin alone', { origin: 'https://elsewhere.example' }],
    ])('do nothing where the browser %s', async (_, headers) => {
      const handle = handleOf(phone);
      for (const path of [`/devices/${handle}/end`, '/devices/end-others', '/password']) {
        const { status } = await forge(laptop, path, headers);
        expect([path, status]).toEqual([path, 403]);
      }
      expect(await isSignedIn(phone)).toBe(true);
      expect(await canSignIn(PASSWORD)).toBe(true);
    });
  });

  describe('changing the password', () => {
    it('is for members', async () => {
      const visitor = new Browser(base);
      await visitor.visit('/password');
      expect(visitor.path).toBe('/sign-in?next=%2Fpassword');
      expect((await visitor.send('/password', { current: PASSWORD, password: NEW_PASSWORD })).status).toBe(
        303,
      );
      expect(await canSignIn(PASSWORD)).toBe(true);
    });

    it('changes it, ends all other devices, and goes on under a new id', async () => {
      await laptop.submit('/notes', { text: 'Feed the cat' });
      expect((await laptop.visit('/account')).text).toContain('href="/password"');
      expect((await laptop.visit('/password')).status).toBe(200);
      const stolen = laptop.copy();
      const changed = await changePassword(laptop);
      expect(laptop.path).toBe('/devices');
      expect(changed.text).toContain('Your password is changed');
      expect(laptop.sessionId).not.toBe(stolen.sessionId);

      expect(await isSignedIn(laptop)).toBe(true);
      expect((await laptop.visit('/notes')).text).toContain('Feed the cat');
      expect(await isSignedIn(stolen)).toBe(false);
      expect(await isSignedIn(phone)).toBe(false);
      expect(await isSignedIn(stranger)).toBe(true);
      expect(await devicesOf(laptop)).toHaveLength(1);
      expect([await canSignIn(NEW_PASSWORD), await canSignIn(PASSWORD)]).toEqual([true, false]);
    });

    it('counts as a login', async () => {
      fakeClock(app).advance('4m');
      await changePassword(laptop);
      fakeClock(app).advance('4m');
      await laptop.visit('/password');
      expect(laptop.path).toBe('/password');
    });

    it.each([
      ['the wrong current password', 'wrong horse', NEW_PASSWORD, 'This is not your current password.'],
      ['none', '', NEW_PASSWORD, 'This is not your current password.'],
      ['a new one that is too short', PASSWORD, 'short', 'Choose a longer password'],
      ['the old one as the new one', PASSWORD, PASSWORD, 'Choose a password that is not your current one.'],
    ])('does nothing for %s', async (_, current, password, message) => {
      const before = laptop.sessionId;
      const { status, text } = await laptop.send('/password', { current, password });
      expect(status).toBe(422);
      expect(text).toContain(message);
      for (const typed of [current, password].filter(Boolean)) expect(text).not.toContain(`"${typed}"`);
      expect(laptop.sessionId).toBe(before);
      expect(await isSignedIn(phone)).toBe(true);
      expect([await canSignIn(PASSWORD), await canSignIn(NEW_PASSWORD)]).toEqual([true, false]);
    });

    it('is done once when two devices do it at the same time', async () => {
      const answers = await Promise.all(
        [laptop, phone].map((browser, index) =>
          browser.send('/password', { current: PASSWORD, password: `${NEW_PASSWORD} ${index}` }),
        ),
      );
      const winner = answers.findIndex(({ status }) => status === 303);
      expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
      expect(await canSignIn(`${NEW_PASSWORD} ${winner}`)).toBe(true);
      expect(await isSignedIn([laptop, phone][winner]!)).toBe(true);
      expect(await isSignedIn([laptop, phone][1 - winner]!)).toBe(false);
    });
  });

  describe('a login of more than five minutes ago', () => {
    beforeEach(async () => {
      await laptop.submit('/notes', { text: 'Feed the cat' });
      fakeClock(app).advance('6m');
    });

    it('is asked for again, and leads back', async () => {
      const asked = await laptop.visit('/password');
      expect(laptop.path).toBe('/sign-in?again&next=%2Fpassword');
      expect(asked.text).toContain('<h1>Sign in again</h1>');
      expect(asked.text).toContain('Enter your password again to go on.');
      expect(asked.text).toContain('value="Ada"');
      expect(asked.text).toContain('name="next" value="/password"');

      const stolen = laptop.copy();
      await laptop.submit('/sign-in', { name: 'Ada', password: PASSWORD, next: '/password' });
      expect(laptop.path).toBe('/password');
      expect(laptop.sessionId).not.toBe(stolen.sessionId);
      expect(await isSignedIn(stolen)).toBe(false);
      expect((await laptop.visit('/notes')).text).toContain('Feed the cat');
      await changePassword(laptop);
      expect(laptop.path).toBe('/devices');
    });

    it('is not renewed by a wrong password', async () => {
      const { status, text } = await laptop.send('/sign-in', {
        name: 'Ada',
        password: 'wrong horse',
        next: '/password',
      });
      expect(status).toBe(422);
      expect(text).toContain('<h1>Sign in again</h1>');
      expect(text).toContain('name="next" value="/password"');
      await laptop.visit('/password');
      expect(laptop.path).toBe('/sign-in?again&next=%2Fpassword');
      expect(await isSignedIn(laptop)).toBe(true);
    });

    it('gives its data to nobody else who signs in', async () => {
      await laptop.submit('/sign-in', { name: 'Bob', password: PASSWORD, next: '/notes' });
      expect(laptop.path).toBe('/notes');
      expect((await laptop.visit('/notes')).text).not.toContain('Feed the cat');
    });

    it('does not change a password, and leads from the form back to it', async () => {
      laptop.headers.referer = `${base}/password`;
      await changePassword(laptop);
      expect(laptop.path).toBe('/sign-in?again&next=%2Fpassword');
      expect([await canSignIn(PASSWORD), await canSignIn(NEW_PASSWORD)]).toEqual([true, false]);
    });

    it.each(['https://elsewhere.example//elsewhere.example/', 'about:blank', 'nonsense'])(
      'does not lead elsewhere, whatever the page was (%s)',
      async (referer) => {
        laptop.headers.referer = referer;
        const { text } = await changePassword(laptop);
        expect(laptop.path).toMatch(/^\/sign-in\?again/);
        expect(text).toContain('name="next" value="/"');
      },
    );

    it('is recent enough for ending devices, up to ten minutes, and for looking at them', async () => {
      laptop.headers.referer = `${base}/devices`;
      fakeClock(app).advance('5m');
      expect(await devicesOf(laptop)).toHaveLength(2);
      for (const path of ['/devices/end-others', `/devices/${handleOf(phone)}/end`]) {
        await laptop.submit(path);
        expect(laptop.path).toBe('/sign-in?again&next=%2Fdevices');
      }
      expect(await isSignedIn(phone)).toBe(true);
      await laptop.submit('/sign-in', { name: 'Ada', password: PASSWORD, next: '/devices' });
      expect(laptop.path).toBe('/devices');
      await laptop.submit('/devices/end-others');
      expect(await isSignedIn(phone)).toBe(false);
    });

    it('is told to programs', async () => {
      laptop.headers.accept = 'application/json';
      const answer = await laptop.get('/password');
      expect([answer.status, answer.body.code]).toEqual([401, 'LOGIN_STALE']);
    });
  });

  describe('the name of a device', () => {
    const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
    it.each([
      [FIREFOX, 'Firefox on Linux'],
      [IPHONE, 'Safari on iPhone'],
      [
        `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/138.0.0.0 Safari/537.36`,
        'Chrome on Windows',
      ],
      [
        `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0`,
        'Microsoft Edge on Windows',
      ],
      [
        `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webKit} Chrome/138.0.0.0 Safari/537.36`,
        'Chrome on Chrome OS',
      ],
      [
        `Mozilla/5.0 (Linux; Android 10; K) ${webKit} Chrome/138.0.0.0 Mobile Safari/537.36`,
        'Chrome on Android',
      ],
      [
        `Mozilla/5.0 (Linux; Android 15; SM-S931B) ${webKit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
        'Samsung Internet on Android',
      ],
      [
        `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webKit} Chrome/138.0.0.0 Safari/537.36 OPR/120.0.0.0`,
        'Opera on macOS',
      ],
      [
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
        'Safari on macOS',
      ],
      [
        'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/137.0 Mobile/15E148 Safari/604.1',
        'Chrome on iPad',
      ],
      [
        `Mozilla/5.0 (X11; Linux x86_64) ${webKit} HeadlessChrome/138.0.0.0 Safari/537.36`,
        'Chrome on Linux, automated',
      ],
      ['curl/8.14.1', 'Unknown browser'],
      ['Linux', 'Unknown browser'],
      ['x'.repeat(500), 'Unknown browser'],
      [' ', 'Unknown browser'],
      ['', 'Unknown browser'],
      [undefined, 'Unknown browser'],
    ])('of %j is "%s"', (userAgent, name) => {
      expect(deviceName(userAgent)).toBe(name);
    });
  });
});
