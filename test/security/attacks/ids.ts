import { expect, jest } from '@jest/globals';
import { keyOf as keyOfId, OUR_ID, tokenOf } from '../../support/ids.js';
import {
  type Attacks,
  bearer,
  keyOf,
  rejections,
  seenWith,
  signed,
  valueOf,
  visitor,
} from '../support/scene.js';

/** Where session ids come from, when they change, and which are believed. */
export const ids: Attacks = {
  'ASVS 7.2.3: the next id is not foreseen': async ({ open, atEnd }) => {
    const site = await open();
    const seen: string[] = [];
    const random = jest.spyOn(Math, 'random');
    atEnd(() => random.mockRestore());
    for (let run = 0; run < 2; run++) {
      let next = 1; // the attacker knows what Math.random gives: the same in each run
      random.mockImplementation(() => (next = (next * 48_271) % 2_147_483_647) / 2_147_483_647);
      for (let i = 0; i < 10; i++) {
        const client = await visitor(site);
        for (const way of ['login', 'rotate', 'regenerate'] as const) {
          seen.push(client.sessionId!);
          await client.post(`/run/${way}`, { userId: 'ann' });
        }
      }
    }
    expect(new Set(seen).size).toBe(60);
    const [keys, secrets] = [0, 1].map((part) => [...new Set(seen.map((id) => id.split('~')[part]!))]);
    expect([keys!.length, secrets!.length]).toEqual([20, 60]); // a session keeps its key
    for (const [parts, bits] of [
      [keys!, 128],
      [secrets!, 256],
    ] as const) {
      const bytes = parts.map((part) => Buffer.from(part, 'base64url'));
      for (const part of bytes) expect(part).toHaveLength(bits / 8);
      for (let bit = 0; bit < bits; bit++) {
        const ones = bytes.filter((part) => part[bit >> 3]! & (1 << (bit & 7))).length;
        expect(ones % parts.length).not.toBe(0); // no bit is the same in all of them
      }
    }
  },

  'ASVS 7.2.4: an id from before a login or a change of privilege is dead at once': async ({ open }) => {
    const [site, other] = [await open(), await open()];
    for (const way of ['login', 'rotate', 'regenerate', 'logout']) {
      const client = await visitor(site);
      await client.post('/run/login', { userId: 'ann' }); // each is tried as a login again, too
      const before = client.copy();
      await client.post(`/run/${way}`, { userId: 'ann' });
      expect(client.sessionId).not.toBe(before.sessionId);
      for (const at of [other, site]) expect([way, await seenWith(before, at)]).toEqual([way, {}]);
      const kept = ['login', 'rotate'].includes(way) ? { color: 'green', userId: 'ann' } : {};
      expect([way, (await client.get('/run/read')).body]).toEqual([way, kept]);
    }
  },

  'Malformed and unsigned ids never reach the store': async ({ open }) => {
    const site = await open();
    const client = await visitor(site);
    const good = valueOf(client);
    const id = client.sessionId!;
    site.spy.reset();
    site.events.splice(0);
    const malformed = ['', id, good.slice(2), `j:${good}`, 's:', `s:\0${good}`, `s:${'x'.repeat(8_000)}`];
    malformed.push('j:{"id":{"$ne":null}}', `s:${id} OR 1=1.${good.slice(-43)}`, "s:' OR '1'='1.x");
    const unsigned = [`s:${id}`, `s:${id}.`, good.slice(0, -1), `${good}=`, `s:x${good.slice(2)}`];
    unsigned.push(signed(id, 'another secret of thirty-two bytes or more'), signed(tokenOf(id), ''));
    for (const value of [...malformed, ...unsigned]) {
      const answer = await bearer(site, value).get('/run/read');
      expect([value, answer]).toMatchObject([value, { status: 200, body: {}, setCookies: [] }]);
    }
    expect(site.spy.count()).toBe(0);
    expect(new Set(rejections(site))).toEqual(new Set(['malformed', 'signature']));
  },

  'Unknown ids are not adopted: a fresh id, no row, and an event': async ({ open, backend }) => {
    const site = await open();
    const ours = `${'A'.repeat(22)}~${'B'.repeat(43)}`;
    for (const planted of [ours, 'A'.repeat(43), `${'A'.repeat(43)}~${'B'.repeat(43)}`]) {
      site.spy.reset();
      site.events.splice(0);
      const client = bearer(site, signed(planted));
      expect(await client.get('/run/read')).toMatchObject({ status: 200, body: {}, setCookies: [] });
      expect([site.spy.count('create'), await site.sessions.count()]).toEqual([0, 0]);
      expect(rejections(site)).toEqual(['unknown']);
      await client.post('/run/login', { userId: 'ann' });
      expect(client.sessionId).toMatch(OUR_ID);
      expect(keyOf(client)).not.toBe(keyOfId(planted));
      expect(await backend.store.read([keyOfId(planted)])).toEqual([undefined]);
      await site.sessions.revokeEverything();
    }
  },

  'Superseded ids are refused, with an event that names the session': async ({ open }) => {
    const [site, other] = [await open(), await open()];
    for (const way of ['login', 'rotate']) {
      const client = await visitor(site);
      const copies = [client.copy()];
      await client.post(`/run/${way}`, { userId: 'ann' });
      copies.push(client.copy());
      await client.post(`/run/${way}`, { userId: 'ann' });
      for (const [index, copy] of copies.entries()) {
        other.events.splice(0);
        expect([way, index, await seenWith(copy, other)]).toEqual([way, index, {}]);
        expect(rejections(other)).toEqual(['superseded']);
        expect(other.events[0]).toMatchObject({ handle: keyOf(client) });
      }
      const made = bearer(other, signed(`${keyOf(client)}~${'A'.repeat(43)}`)); // by somebody with the secret of the signature
      expect((await made.post('/run/set', { mine: true })).status).toBe(200);
      expect(keyOf(made)).not.toBe(keyOf(client));
      expect(await seenWith(client, other)).toMatchObject({ color: 'green' });
    }
  },

  'ASVS 14.2.1: an id in a query, body, path or header is ignored': async ({ open }) => {
    const site = await open();
    site.handle('go', ({ session, res }) => {
      session.seen = true;
      res.redirect('/run/read');
    });
    const client = await visitor(site);
    const value = valueOf(client);
    site.spy.reset();
    const stranger = site.client();
    for (const name of ['authorization', 'x-session-id', 'x-auth-token', 'sid', 'set-cookie', 'cookie2'])
      stranger.headers[name] = name === 'cookie2' ? `sid=${encodeURIComponent(value)}` : value;
    const query = ['sid', '__Host-sid', 'sessionId', 'connect.sid', 'id'].map(
      (name) => `${name}=${encodeURIComponent(value)}`,
    );
    const body = { sid: value, sessionId: value, id: client.sessionId, cookie: { sid: value } };
    for (const path of [`/run/read?${query.join('&')}`, `/run/read;sid=${encodeURIComponent(value)}`])
      expect((await stranger.post(path, body)).text).not.toContain('green');
    expect(site.spy.count()).toBe(0);
    const { headers, text } = await client.get('/raw/go'); // nor does one go out but in the cookie
    expect(headers.get('location') + text).not.toContain(client.sessionId);
  },
};
