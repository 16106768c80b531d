import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from '../../../lib/index.js';
import { TestClock } from '../../support/clock.js';
import { BACKENDS, type Backend, deferred, KINDS } from '../../support/site.js';
import { type Bank, openBank, type Visitor } from './support/bank.js';

describe.each(KINDS)('the token, %s store', (kind) => {
  let backend: Backend;
  const banks: Bank[] = [];
  let clock: TestClock | undefined;

  const open = async (options: Partial<SessionModuleOptions> = {}): Promise<Bank> => {
    const bank = await openBank(backend, options);
    banks.push(bank);
    return bank;
  };

  beforeAll(async () => {
    backend = await BACKENDS[kind]();
  });
  afterEach(async () => {
    clock?.restore();
    clock = undefined;
    for (const bank of banks.splice(0)) await bank.close();
  });
  afterAll(() => backend.close());

  /** A visitor whose session holds something, but no token. */
  async function shopper(bank: Bank): Promise<Visitor> {
    const visitor = bank.visitor();
    await visitor.post('/transfer');
    bank.spy.reset();
    return visitor;
  }

  it('is nothing for those who do not ask: no row, no cookie', async () => {
    const bank = await open();
    const { setCookies } = await bank.visitor().send('GET', '/data');
    expect([setCookies, bank.spy.count()]).toEqual([[], 0]);
  });

  it('gives a visitor a session that holds no data, stored once', async () => {
    const bank = await open();
    const visitor = bank.visitor();
    const token = await visitor.token();
    expect(visitor.cookie).toMatch(/^sid=/);
    expect([bank.spy.count('create'), bank.spy.count('update')]).toEqual([1, 0]);
    expect((await visitor.send('GET', '/data')).body).toEqual({});
    expect(await visitor.tokenIs(token)).toBe('good');
  });

  it('is another text every time, at the cost of no further write, and every one is good', async () => {
    const bank = await open();
    const visitor = await shopper(bank);
    const tokens = [await visitor.token(), await visitor.token(), await visitor.token()];
    expect(new Set(tokens).size).toBe(3);
    expect(bank.spy.count('update')).toBe(1);
    for (const token of tokens) expect(await visitor.tokenIs(token)).toBe('good');
  });

  it('can be asked for twice in a handler', async () => {
    const visitor = (await open()).visitor();
    const { one, other } = (await visitor.send('GET', '/forms')).body as { one: string; other: string };
    expect([await visitor.tokenIs(one), await visitor.tokenIs(other)]).toEqual(['good', 'good']);
  });

  it('stays good across rotate(), and while a scheduled renewal of the id has its grace', async () => {
    const bank = await open({ rotateInterval: '1h' });
    const visitor = bank.visitor();
    const token = await visitor.token();
    const first = visitor.cookie;
    await visitor.post('/rotate');
    expect(visitor.cookie).not.toBe(first);
    expect(await visitor.tokenIs(token)).toBe('good');

    clock = new TestClock();
    clock.advance(2 * 3_600_000);
    const slow = visitor.at(bank);
    expect(await visitor.tokenIs(token)).toBe('good');
    expect(visitor.cookie).not.toBe(slow.cookie);
    expect(await slow.tokenIs(token)).toBe('good');
  });

  it.each(['/login', '/regenerate'])('ends with %s', async (path) => {
    const visitor = await shopper(await open());
    const before = await visitor.token();
    await visitor.post(path);
    expect(await visitor.tokenIs(before)).toBe('bad');
    const after = await visitor.token();
    expect([await visitor.tokenIs(after), await visitor.tokenIs(before)]).toEqual(['good', 'bad']);
  });

  it('ends with every login, also of the same user', async () => {
    const visitor = (await open()).visitor();
    await visitor.post('/login');
    const before = await visitor.token();
    await visitor.post('/login');
    expect(await visitor.tokenIs(before)).toBe('bad');
  });

  it.each([
    ['one instance', 1],
    ['two instances', 2],
  ])('that two requests ask for at the same time, on %s, is the same for both', async (_, instances) => {
    const one = await open();
    const other = instances === 1 ? one : await open();
    const visitor = await shopper(one);
    const gate = deferred();
    for (const { spy } of [one, other]) {
      spy.reset();
      spy.gate = gate.promise;
    }
    const tokens = [visitor.at(one).token(), visitor.at(other).token()];
    await until(() => one.spy.count('read') > 0 && other.spy.count('read') > 0);
    for (const { spy } of [one, other]) spy.gate = undefined;
    gate.resolve();
    for (const token of await Promise.all(tokens)) expect(await visitor.tokenIs(token)).toBe('good');
  });

  it('and what another request changes at the same time are both kept', async () => {
    const bank = await open();
    const visitor = await shopper(bank);
    const [token] = await Promise.all([
      visitor.at(bank).token(),
      visitor.at(bank).post('/transfer'),
      visitor.at(bank).post('/transfer'),
    ]);
    expect(await visitor.tokenIs(token)).toBe('good');
    expect(await visitor.transfers()).toBeGreaterThan(1);
  });

  it('works with sessions that are loaded when they are asked for, and with sealed ones', async () => {
    const visitor = (await open({ load: 'lazy', encryption: { keys: ['ab'.repeat(32)] } })).visitor();
    expect(await visitor.tokenIs(await visitor.token())).toBe('good');
  });

  it.each(['5', '"short"', '[]', '{"toString":1}', `"${'A'.repeat(44)}"`])(
    'that somebody wrote into the row by hand, %s, is a fresh session and no fault',
    async (csrf) => {
      const bank = await open();
      const visitor = bank.visitor();
      const token = await visitor.token();
      const [[{ key }]] = bank.spy.calls.create as [[{ key: string }]];
      await bank.spy.tamper(key, { meta: `{"csrf":${csrf}}` });
      expect(await visitor.tokenIs(token)).toBe('bad');
      expect(await visitor.tokenIs(await visitor.token())).toBe('good');
    },
  );

  it('that cannot be stored is an error, not a page that does not work', async () => {
    const bank = await open();
    const visitor = await shopper(bank);
    bank.spy.failure = { error: new Error('down'), methods: ['update'] };
    expect((await visitor.send('GET', '/form')).status).toBe(503);
    bank.spy.failure = undefined;
    expect(await visitor.tokenIs(await visitor.token())).toBe('good');
  });

  it('is good for nothing where the session is, but its page is there (onStoreError: "anonymous")', async () => {
    const bank = await open({ onStoreError: 'anonymous' });
    const visitor = await shopper(bank);
    bank.spy.failure = { error: new Error('down') };
    const { status, body } = await visitor.send('GET', '/form');
    expect([status, (body as { csrf: string }).csrf]).toEqual([200, expect.stringMatching(/^[\w-]{86}$/)]);
    expect(bank.spy.count('create') + bank.spy.count('update')).toBe(0);
    bank.spy.failure = undefined;
    expect(await visitor.tokenIs((body as { csrf: string }).csrf)).toBe('bad');
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
