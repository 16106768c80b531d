import { Controller, Get } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Flash, Session, SessionModule } from '../../../lib/index.js';
import { type AdapterName, ADAPTERS } from '../../support/adapters.js';
import { Client, listen } from '../../support/client.js';
import { BACKENDS, type Backend, deferred, type KINDS, SECRET, STAGES } from '../../support/site.js';

const closing: (() => Promise<unknown>)[] = [];

async function backendOf(kind: (typeof KINDS)[number]): Promise<Backend> {
  const backend = await BACKENDS[kind]();
  closing.push(() => backend.close());
  return backend;
}

@Controller()
class NoticeController {
  @Get('add')
  add(@Session() session: Session): void {
    session.flash('notice', 'saved');
  }

  @Get('read')
  read(@Flash('notice') notices: string[]): string[] {
    return notices;
  }
}

/** An instance of an application that shows its notices with `@Flash()`. */
async function openInstance(adapter: AdapterName, { store }: Backend): Promise<string> {
  const module = await Test.createTestingModule({
    imports: [SessionModule.forRoot({ secret: SECRET, store })],
    controllers: [NoticeController],
  }).compile();
  const app = await ADAPTERS[adapter](module);
  app.useLogger(false);
  closing.push(() => app.close());
  return listen(app);
}

describe.each(STAGES)('a flash value, kept in $kind ($adapter)', ({ kind, adapter, openSite }) => {
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('goes to one of the requests that read it at the same time', async () => {
    const site = await openSite(await backendOf(kind));
    closing.push(() => site.close());
    const bothThere = deferred();
    let there = 0;
    site.handle('add', ({ session }) => session.flash('notice', 'saved'));
    site.handle('read', async ({ session }) => {
      if (++there === 2) bothThere.resolve();
      await bothThere.promise;
      return session.flash('notice');
    });
    const client = site.client();
    await client.get('/run/add');
    const answers = await Promise.all([client.get('/run/read'), client.get('/run/read')]);
    expect(answers.flatMap(({ body }) => body as string[])).toEqual(['saved']);
  });

  it('is there for a later request where the one that took it could not store that', async () => {
    const site = await openSite(await backendOf(kind));
    closing.push(() => site.close());
    site.handle('add', ({ session }) => session.flash('notice', 'saved'));
    site.handle('read', ({ session }) => session.flash('notice'));
    const client = site.client();
    await client.get('/run/add');
    site.spy.failure = { error: new Error('down'), methods: ['update'] };
    expect((await client.get('/run/read')).status).toBe(503);
    site.spy.failure = undefined;
    expect((await client.get('/run/read')).body).toEqual(['saved']);
  });

  it('stays with the request that has it, though an update of that request fails', async () => {
    const site = await openSite(await backendOf(kind));
    closing.push(() => site.close());
    const [taken, read] = [deferred(), deferred()];
    site.handle('add', ({ session }) => session.flash('notice', 'saved'));
    site.handle('take', async ({ session }) => {
      const notices = session.flash('notice');
      await expect(session.update(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
      taken.resolve();
      await read.promise;
      return notices;
    });
    site.handle('read', ({ session }) => session.flash('notice'));
    const client = site.client();
    await client.get('/run/add');
    const first = client.get('/run/take');
    await taken.promise;
    expect((await client.get('/run/read')).body).toEqual([]);
    read.resolve();
    expect((await first).body).toEqual(['saved']);
  });

  it('that a request took and gave back by reload() is there for the next one', async () => {
    const site = await openSite(await backendOf(kind));
    closing.push(() => site.close());
    site.handle('add', ({ session }) => session.flash('notice', 'saved'));
    site.handle('reload', async ({ session }) => {
      session.flash('notice');
      await session.reload();
    });
    site.handle('read', ({ session }) => session.flash('notice'));
    const client = site.client();
    await client.get('/run/add');
    await client.get('/run/reload');
    expect((await client.get('/run/read')).body).toEqual(['saved']);
  });

  it('goes to one of many requests on two instances that ask with @Flash()', async () => {
    const backend = await backendOf(kind);
    const client = new Client(await openInstance(adapter, backend));
    const elsewhere = await openInstance(adapter, backend);
    for (let round = 0; round < 5; round++) {
      await client.get('/add');
      const other = new Client(elsewhere);
      for (const [name, value] of client.cookies) other.cookies.set(name, value);
      const answers = await Promise.all([client, other, client, other].map((one) => one.get('/read')));
      expect(answers.flatMap(({ body }) => body as string[])).toEqual(['saved']);
    }
  });
});
