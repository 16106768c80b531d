import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { fakeClock, openSession, readSession, signIn } from 'nest-session/testing';
import { DataSource } from 'typeorm';
import { AppModule } from '../../../sample/01-accounts/app.module.js';
import { protect } from '../../../sample/01-accounts/protect.js';
import { listen } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { Browser } from './browser.js';

const SECRET = 'a secret of more than thirty-two bytes';
const PASSWORD = 'correct horse';
const WRONG = 'Name or password is wrong.';

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

beforeAll(async () => {
  database = await createDatabase();
});

beforeEach(async () => {
  browser = new Browser(await start());
});

afterEach(() => app.close());

afterAll(() => database.drop());

/** Somebody who has signed up, and in. */
async function member(): Promise<string> {
  const name = `Kim ${++people}`;
  await browser.submit('/sign-up', { name, password: PASSWORD });
  await browser.submit('/sign-in', { name, password: PASSWORD });
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
    expect((await browser.visit('/cart')).text).toContain('Nothing in it yet.');
    expect((await browser.visit('/session')).text).toContain('You have none yet');
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

    // The members' page leads to the form, that to the other form, and back.
    const refused = await browser.visit('/members');
    expect(browser.path).toBe('/sign-in?next=%2Fmembers');
    expect(refused.text).toContain('The page you asked for is for members.');
    expect(refused.text).toContain('href="/sign-up?next=%2Fmembers"');
    const signedUp = await browser.submit('/sign-up', { name: 'Ada', password: PASSWORD, next: '/members' });
    expect(browser.path).toBe('/sign-in?next=%2Fmembers');
    expect(signedUp.text).toContain('Your account is ready, Ada.');
    expect(signedUp.text).toContain('value="Ada"');

    const visitor = browser.copy();
    const signedIn = await browser.submit('/sign-in', { name: 'ada', password: PASSWORD, next: '/members' });
    expect(browser.path).toBe('/members');
    expect(signedIn.text).toContain('You are signed in. Welcome, Ada!');
    expect(signedIn.text).toContain('1 in cart');
    expect(browser.sessionId).not.toBe(visitor.sessionId);
    expect((await visitor.visit('/session')).text).toContain('You have none yet');

    const noted = await browser.submit('/notes', { text: 'Buy <b>paper</b> & "ink"' });
    expect(noted.text).toContain('Your note is kept.');
    expect(noted.text).toContain('Buy &lt;b&gt;paper&lt;/b&gt; &amp; &quot;ink&quot;');
    expect(noted.text).not.toContain('<b>paper');

    // The application starts anew.
    await app.close();
    const restarted = new Browser(await start());
    restarted.cookies.set('sid', browser.cookies.get('sid') ?? '');
    browser = restarted;
    expect((await browser.visit('/members')).text).toContain('You are one, Ada.');
    expect(browser.path).toBe('/members');
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
    await before.visit('/members');
    expect(before.path).toBe('/sign-in?next=%2Fmembers');
    expect(await query('SELECT 1 FROM nest_session')).toEqual([]);
  });

  it('sees facts of the session, and never its id or its handle', async () => {
    const cookie = await signIn(app, { userId: 'kim', userName: 'Kim' });
    holds(cookie);
    const { text, headers } = await browser.visit('/session');
    const session = await readSession(app, cookie);
    expect(text).toContain(`datetime="${session?.expiresAt.toISOString()}"`);
    expect(text).not.toContain(browser.sessionId);
    expect(text).not.toContain(session?.handle);
    expect(headers.get('cache-control')).toBe('no-store');
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
    const emptied = await browser.submit('/cart/remove', { sku: 'pencil' });
    expect(emptied.text).toContain('Nothing in it yet.');
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
    const { status, text } = await browser.send('/sign-up', { name: name.toUpperCase(), password: PASSWORD });
    expect(status).toBe(422);
    expect(text).toContain('Somebody has this name already.');
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
    expect(text).toContain('Make it shorter');
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
    const answer = await browser.get('/members');
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ statusCode: 401, code: 'SESSION_REQUIRED' });
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

describe('what is not there', () => {
  it('is a page, too', async () => {
    const { status, text } = await browser.visit('/nowhere');
    expect(status).toBe(404);
    expect(text).toContain('There is nothing at this address.');
  });
});

describe('the stylesheet', () => {
  it('is served without a look at the session', async () => {
    await browser.submit('/cart/add', { sku: 'ink' });
    const { headers, setCookies } = await browser.get('/style.css');
    expect(headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(headers.get('vary')).toBeNull();
    expect(setCookies).toEqual([]);
  });
});
