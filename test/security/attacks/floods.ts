import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Site } from '../../support/site.js';
import { type Attacks, bearer, signed } from '../support/scene.js';

/** Sends so many requests, forty at a time; each has to be answered in vain. */
async function flood(site: Site, amount: number, path: (index: number) => string, cookie?: () => string) {
  const one = async (index: number): Promise<void> => {
    const client = cookie ? bearer(site, cookie()) : site.client();
    const { status, setCookies } = await client.post(path(index));
    expect([path(index), status, setCookies.filter((line) => !line.startsWith('sid=;'))]).toEqual([
      path(index),
      200,
      [],
    ]);
  };
  for (let sent = 0; sent < amount; sent += 40)
    await Promise.all(Array.from({ length: Math.min(40, amount - sent) }, (_, index) => one(sent + index)));
}

/** Visitors who come in thousands and leave nothing. */
export const floods: Attacks = {
  'CVE-2015-5143: a thousand bogus ids make no row': async ({ open }) => {
    const site = await open();
    let index = 0;
    const bogus = (): string => {
      const foreign = randomBytes(32).toString('base64url');
      const id = index % 2 ? foreign : `${foreign.slice(0, 22)}~${foreign}`;
      return [`s:${id}.${id}`, signed(id), id][index++ % 3]!; // the second is of a session that was pruned
    };
    await flood(site, 1_000, (i) => (i % 2 ? '/run/read' : '/run/facts'), bogus);
    expect([site.spy.count('create'), await site.sessions.count()]).toEqual([0, 0]);
  },

  'CVE-2015-5963: a thousand anonymous logouts make no row': async ({ open }) => {
    const site = await open();
    await flood(site, 1_000, () => '/run/logout');
    expect([site.spy.count(), await site.sessions.count()]).toEqual([0, 0]);
  },

  'CVE-2015-5964: nothing else that a visitor without data does makes a row': async ({ open }) => {
    const site = await open({ unset: 'destroy' });
    site.handle('save', ({ session }) => session.save());
    site.handle('touch', ({ session }) => void session.touch());
    site.handle('reload', ({ session }) => session.reload().catch(() => undefined));
    site.handle('flash', ({ session }) => session.flash('notice'));
    site.handle('update', ({ session }) => session.update(() => undefined));
    site.handle('unset', ({ req }) => void ((req as { session: unknown }).session = null));
    site.handle('undo', ({ session }) => {
      session.a = 1;
      delete session.a;
    });
    const ways = [
      'destroy',
      'regenerate',
      'rotate',
      'save',
      'touch',
      'reload',
      'flash',
      'update',
      'unset',
      'undo',
    ];
    await flood(site, 200, (index) => `/run/${ways[index % ways.length]}`);
    await flood(
      site,
      200,
      (index) => `/run/${ways[index % ways.length]}`,
      () => signed('A'.repeat(43)),
    );
    expect([site.spy.count('create'), await site.sessions.count()]).toEqual([0, 0]);
  },
};
