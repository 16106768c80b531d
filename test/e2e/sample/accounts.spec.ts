import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type INestApplication, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { fakeClock, openSession, readSession, signIn } from 'nest-session/testing';
import { DataSource } from 'typeorm';
import { protect } from '../../../sample/01-accounts/protect.js';
import { listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { Browser } from './browser.js';
import './quick-passwords.js'; // before the sample is imported

const { AppModule } = await import('../../../sample/01-accounts/app.module.js');

const SECRET = 'a secret of more than thirty-two bytes';
const PASSWORD = 'correct horse';
const WRONG = 'The name or the password is wrong.';

let database: TestDatabase;
let app: INestApplication;
let browser: Browser;
let people = 0;

async function start(): Promise<string> {
  const settings = { databaseUrl: database.url, secret: SECRET };
  const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
  app = module.createNestApplication();
  protect(app);
  return listen(app);
}

describe('accounts', () => {
  beforeAll(async () => {
    database = await createDatabase();
  });

  beforeEach(async () => {
    browser = new Browser(await start());
  });

  afterEach(() => app.close());

  afterAll(() => database.drop());

  /** Somebody who has signed up, and so is signed in. */
  async function member(): Promise<string> {
    const name = `Kim ${++people}`;
    await browser.submit('/sign-up', { name, password: PASSWORD });
    return name;
  }

  /** Gives the browser the cookie of a session that was made for the test. */
  function holds(cookie: string): void {
    browser.cookies.set('sid', cookie.slice('sid='.length));
  }

  /** The session table's rows, and whatever else is asked of it. */
  function query(sql: string): Promise<unknown[]> {
    return app.get(DataSource).query<unknown[]>(sql);
  }

  describe('a person', () => {
    it('fills a cart, signs up and in, writes notes, and signs out', async () => {
      // A visitor who looks around gets nothing ...
      await query('DELETE FROM nest_session');
      expect((await browser.visit('/cart')).text).toContain('Your cart is empty.');
      expect((await browser.visit('/sign-in')).text).toContain('No account yet?');
      expect((await browser.visit('/session')).text).toContain('You have no session yet');
      expect(browser.cookies.size).toBe(0);
      expect(await query('SELECT 1 FROM nest_session')).toEqual([]);

      // ... until there is something to remember.
      const added = await browser.submit('/cart/add', { sku: 'ink' });
      expect(browser.path).toBe('/cart');
      expect(added.text).toContain('Oak gall ink is in your cart.');
      expect(browser.sessionId).toBeDefined();
      const again = await browser.visit('/cart');
      expect(again.text).not.toContain('Oak gall ink is in your cart.');
      expect(again.text).toContain('1 in cart');

      // A cart is no login. The account page leads to the form, that to the other form, and back.
      const refused = await browser.visit('/account');
      expect(browser.path).toBe('/sign-in?next=%2Faccount');
      expect(refused.text).toContain('Sign in to see this page.');
      expect(refused.text).toContain('href="/sign-up?next=%2Faccount"');
      const visitor = browser.copy();
      const signedUp = await browser.submit('/sign-up', {
        name: 'Ada',
        password: PASSWORD,
        next: '/account',
      });
      expect(browser.path).toBe('/account');
      expect(signedUp.text).toContain('Your account is ready, and you are signed in. Welcome, Ada!');
      expect(signedUp.text).toContain('1 in cart');
      expect(browser.sessionId).not.toBe(visitor.sessionId);
      expect((await visitor.visit('/session')).text).toContain('You have no session yet');

      const elsewhere = new Browser(browser.base);
      const signedIn = await elsewhere.submit('/sign-in', {
        name: 'ada',
        password: PASSWORD,
        next: '/account',
      });
      expect(elsewhere.path).toBe('/account');
      expect(signedIn.text).toContain('You are signed in. Welcome, Ada!');

      const noted = await browser.submit('/notes', { text: 'Buy <b>paper</b> & "ink"' });
      expect(noted.text).toContain('Your note is saved.');
      expect(noted.text).toContain('Buy &lt;b&gt;paper&lt;/b&gt; &amp; &quot;ink&quot;');
      expect(noted.text).not.toContain('<b>paper');

      // The application restarts.
      await app.close();
      const restarted = new Browser(await start());
      restarted.cookies.set('sid', browser.cookies.get('sid') ?? '');
      browser = restarted;
      expect((await browser.visit('/account')).text).toMatch(/Name<\/dt>\s*<dd>Ada</);
      expect(browser.path).toBe('/account');
      const notes = (await browser.visit('/notes')).text;
      expect(notes).toContain('paper');
      const [, id] = /action="\/notes\/([^/]+)\/remove"/.exec(notes) ?? [];
      const removed = await browser.submit(`/notes/${id}/remove`);
      expect(removed.text).toContain('Your note is removed.');
      expect(removed.text).not.toContain('paper');

      const before = browser.copy();
      const signedOut = await browser.submit('/sign-out');
      expect(signedOut.text).toContain('You are signed out.');
      expect(browser.cookies.size).toBe(0);
      await before.visit('/account');
      expect(before.path).toBe('/sign-in?next=%2Faccount');
      expect(await query('SELECT 1 FROM nest_session')).toHaveLength(1); // elsewhere
    });

    it('sees facts of the session, and never its id or its handle', async () => {
      const cookie = await signIn(app, { userId: 'kim', userName: 'Kim' });
      holds(cookie);
      const { text } = await browser.visit('/session');
      const session = await readSession(app, cookie);
      expect(text).toContain(`datetime="${session?.expiresAt.toISOString()}"`);
      expect(text).not.toContain(browser.sessionId);
      expect(text).not.toContain(session?.handle);
    });

    it('is signed out after half a day of doing nothing, and after a week whatever they do', async () => {
      const clock = fakeClock(app);
      holds(await signIn(app, { userId: 'kim', userName: 'Kim' }));
      clock.advance('11h');
      expect((await browser.visit('/notes')).text).toContain('Kim');
      clock.advance('13h');
      await browser.visit('/notes');
      expect(browser.path).toBe('/sign-in?next=%2Fnotes');

      holds(await signIn(app, { userId: 'kim', userName: 'Kim' }));
      for (let hours = 10; hours < 7 * 24; hours += 10) {
        clock.advance('10h');
        await browser.visit('/notes');
        expect(browser.path).toBe('/notes');
      }
      clock.advance('10h');
      await browser.visit('/notes');
      expect(browser.path).toBe('/sign-in?next=%2Fnotes');
    });
  });

  describe('the cart', () => {
    it('counts every one of many clicks at the same time', async () => {
      holds(await openSession(app, { cart: [{ sku: 'pencil', quantity: 1 }] }));
      await Promise.all(Array.from({ length: 20 }, () => browser.send('/cart/add', { sku: 'pencil' })));
      expect((await browser.visit('/cart')).text).toContain('21 in cart');
    });

    it('changes quantities, and removes what is 0', async () => {
      await browser.submit('/cart/add', { sku: 'pencil' });
      const changed = await browser.submit('/cart/quantity', { sku: 'pencil', quantity: '12' });
      expect(browser.path).toBe('/cart');
      expect(changed.text).toContain('Carpenter’s pencil: 12 in your cart.');
      expect(changed.text).toContain('12 in cart');
      expect(changed.text).toContain('€21.60');
      const removed = await browser.submit('/cart/quantity', { sku: 'pencil', quantity: '0' });
      expect(removed.text).toContain('Carpenter’s pencil is no longer in your cart.');
      expect(removed.text).toContain('Your cart is empty.');
    });

    it.each(['', '-1', '1.5', '1e1', '100', 'many'])('refuses the quantity "%s"', async (quantity) => {
      await browser.submit('/cart/add', { sku: 'pencil' });
      expect((await browser.send('/cart/quantity', { sku: 'pencil', quantity })).status).toBe(400);
      expect((await browser.visit('/cart')).text).toContain('1 in cart');
    });

    it('takes nothing that is not in the catalogue', async () => {
      expect((await browser.send('/cart/add', { sku: '__proto__' })).status).toBe(400);
      expect((await browser.send('/cart/add')).status).toBe(400);
      expect(browser.cookies.size).toBe(0);
    });
  });

  describe('the forms', () => {
    it.each([
      ['a short password', { name: 'Eve <3', password: 'short' }, 'Choose a longer password'],
      ['no name', { name: ' ', password: PASSWORD }, 'Choose a name.'],
      ['a long name', { name: 'Eve'.repeat(20), password: PASSWORD }, 'Choose a shorter name'],
    ])('say what is wrong with %s, and keep what was typed but the password', async (_, fields, message) => {
      const { status, text } = await browser.send('/sign-up', { ...fields, next: '/notes' });
      expect(status).toBe(422);
      expect(text).toContain(message);
      expect(text).toContain(`value="${fields.name.trim().replace('<', '&lt;')}"`);
      expect(text).toContain('name="next" value="/notes"');
      expect(text).not.toContain(`"${fields.password}"`);
    });

    it('know a name that is taken, however it is written', async () => {
      const name = await member();
      const { status, text } = await browser.send('/sign-up', {
        name: name.toUpperCase(),
        password: PASSWORD,
      });
      expect(status).toBe(422);
      expect(text).toContain('This name is taken.');
    });

    it('do not say whether name or password is wrong, and sign nobody in', async () => {
      const name = await member();
      await browser.submit('/sign-out');
      for (const fields of [
        { name, password: 'wrong horse' },
        { name: 'nobody', password: PASSWORD },
        { name, password: '' },
      ]) {
        const { status, text } = await browser.send('/sign-in', fields);
        expect(status).toBe(422);
        expect(text).toContain(WRONG);
        expect(text).toContain(`value="${fields.name}"`);
      }
      expect(browser.cookies.size).toBe(0);
    });

    it('keep a note that is too long, to be shortened', async () => {
      holds(await signIn(app, { userId: 'kim', userName: 'Kim' }));
      const long = `</textarea>${'x'.repeat(500)}`;
      const { status, text } = await browser.send('/notes', { text: long });
      expect(status).toBe(422);
      expect(text).toContain('Make the note shorter');
      expect(text).toContain(`&lt;/textarea&gt;${'x'.repeat(500)}`);
      expect((await browser.send('/notes', { text: ' ' })).text).toContain('Write something first.');
    });
  });

  describe('the way in', () => {
    it('does not lead elsewhere', async () => {
      const name = await member();
      for (const next of [
        'https://elsewhere.example/',
        '//elsewhere.example',
        '/\\elsewhere.example',
        '/\t/elsewhere.example',
        '/.//elsewhere.example',
        'javascript:alert(1)',
        'members',
      ]) {
        const stranger = new Browser(browser.base);
        const { text } = await stranger.visit(`/sign-in?${new URLSearchParams({ next }).toString()}`);
        expect(text).toContain('name="next" value="/"');
        const { status, headers } = await stranger.send('/sign-in', { name, password: PASSWORD, next });
        expect([next, status, headers.get('location')]).toEqual([next, 303, '/']);
      }
    });

    it('leads back to where one wanted to go, query and all', async () => {
      await browser.visit('/notes?sort=age&by=1');
      expect(new URLSearchParams(browser.path.split('?')[1]).get('next')).toBe('/notes?sort=age&by=1');
    });

    it('is shown to browsers; programs get an answer they understand', async () => {
      browser.headers.accept = 'application/json';
      const answer = await browser.get('/account');
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ statusCode: 401, code: 'LOGIN_REQUIRED' });
    });

    it('is closed to forms of other sites', async () => {
      const name = await member();
      const foreign = await fetch(`${browser.base}/sign-in`, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...browser.headers, 'sec-fetch-site': 'cross-site' },
        body: new URLSearchParams({ name, password: PASSWORD }),
      });
      expect(foreign.status).toBe(403);
      expect(foreign.headers.getSetCookie()).toEqual([]);
      expect(await foreign.text()).toContain('Not allowed');
    });
  });

  describe('the tokens of forms', () => {
    /** Sends a form as a browser that does not say where it comes from. */
    async function sendOld(path: string, fields: Record<string, string>): Promise<number> {
      const { status } = await fetch(browser.base + path, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: browser.cookieHeader, accept: 'text/html' },
        body: new URLSearchParams(fields),
      });
      return status;
    }

    it.each(['/notes', '/devices', '/password', '/account'])(
      'let old browsers send those of %s',
      async (path) => {
        await member();
        const { text } = await browser.visit(path);
        const forms = text.match(/<form /g);
        const tokens = [...text.matchAll(/name="_csrf" value="([^"]+)"/g)].map(([, token]) => token);
        expect(tokens).toHaveLength(forms!.length);
        expect(await sendOld('/notes', { text: 'Hello' })).toBe(403);
        expect(await sendOld('/notes', { text: 'Hello', _csrf: tokens[0]! })).toBe(303);
      },
    );
  });

  describe('a page', () => {
    it.each([
      '/',
      '/cart',
      '/session',
      '/account',
      '/notes',
      '/devices',
      '/password',
      '/sign-in',
      '/nowhere',
    ])('is never kept by the browser (%s)', async (path) => {
      await member();
      const { headers } = await browser.visit(path);
      expect(browser.path).toBe(path);
      expect(headers.get('cache-control')).toBe('no-store');
    });
  });

  describe('an error page', () => {
    it('has the navigation of the visitor, if there is nothing at an address', async () => {
      const visitor = await browser.visit('/nowhere');
      expect(visitor.status).toBe(404);
      expect(visitor.text).toContain('There is nothing at this address.');
      expect(visitor.text).toContain('href="/sign-up"');
      expect(browser.cookies.size).toBe(0);
      const name = await member();
      const { text } = await browser.visit('/nowhere');
      expect(text).toContain(`<span class="who">${name}</span>`);
      expect(text).toContain('action="/sign-out"');
    });

    it('has a navigation without an account, if the database cannot be reached', async () => {
      await member();
      const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
      await query('ALTER TABLE nest_session RENAME TO nest_session_away');
      const { status, text, headers } = await browser.visit('/cart');
      await query('ALTER TABLE nest_session_away RENAME TO nest_session');
      expect(logged).toHaveBeenCalledTimes(1);
      logged.mockRestore();
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('1');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(text).toContain('We cannot reach our database.');
      expect(text).toContain('href="/cart"');
      expect(text).not.toContain('href="/sign-in"');
      expect(text).not.toContain('Kim');
    });
  });

  describe('the count-down', () => {
    it('is on the pages of who is signed in, and asks without prolonging the session', async () => {
      const time = fakeClock(app);
      expect((await browser.visit('/cart')).text).not.toContain('id="expiry"');
      await member();
      expect((await browser.visit('/cart')).text).toContain('id="expiry" hidden');
      const endIn = (text: string): number =>
        Date.parse((JSON.parse(text) as { expiresAt: string }).expiresAt);
      const before = endIn((await browser.get('/session/expiry')).text);
      time.advance('1h');
      expect(endIn((await browser.get('/session/expiry')).text)).toBe(before);
      const stayed = endIn((await browser.send('/session/stay')).text);
      expect(stayed - before).toBeGreaterThan(59 * 60_000);
      time.advance('12h');
      browser.headers.accept = '*/*';
      expect((await browser.get('/session/expiry')).status).toBe(401);
    });
  });

  describe('the stylesheet and the script', () => {
    it.each([
      ['/style.css', 'text/css; charset=utf-8'],
      ['/page.js', 'text/javascript; charset=utf-8'],
    ])('are served without a look at the session (%s)', async (path, type) => {
      await browser.submit('/cart/add', { sku: 'ink' });
      const { headers, setCookies } = await browser.get(path);
      expect(headers.get('content-type')).toBe(type);
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(headers.get('vary')).toBeNull();
      expect(setCookies).toEqual([]);
    });
  });
});
