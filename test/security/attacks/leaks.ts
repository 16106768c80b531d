import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { SessionEntity, TypeOrmSessionStore } from '../../../lib/stores/typeorm/index.js';
import { createDatabase } from '../../support/database.js';
import { openSite, SECRET, type Site } from '../../support/site.js';
import { Hearing, textOf } from '../support/hearing.js';
import {
  type Attacks,
  bearer,
  keyOf,
  member,
  type Scene,
  secretOf,
  signed,
  valueOf,
  visitor,
} from '../support/scene.js';

const DATA = 'what nobody else may read';

/** A store on a database whose every statement is logged. */
async function talkativeStore(scene: Scene): Promise<TypeOrmSessionStore> {
  const database = await createDatabase();
  scene.atEnd(() => database.drop());
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [SessionEntity],
    synchronize: true,
    logging: 'all',
    maxQueryExecutionTime: 1,
  }).initialize();
  scene.atEnd(() => dataSource.destroy());
  return new TypeOrmSessionStore(dataSource, { pruneInterval: false });
}

/** All that a session goes through; answers what nobody may hear of it. */
async function live(site: Site): Promise<string[]> {
  site.handle('fails', ({ session }) => {
    session.text = `${DATA} again`;
    throw new Error('of the handler');
  });
  site.handle('big', ({ session }) => void (session.big = DATA.repeat(200)));
  site.handle('bad', ({ session }) => void (session.bad = { text: DATA, n: 1n }));
  const client = await visitor(site, { text: DATA });
  const ids = [client.sessionId!];
  const secrets = [secretOf(client)];
  for (const way of ['login', 'rotate', 'increment', 'read']) {
    await client.post(`/run/${way}`, { userId: 'ann' });
    ids.push(client.sessionId!);
    secrets.push(secretOf(client));
  }
  for (const way of ['fails', 'big', 'bad']) expect((await client.get(`/run/${way}`)).status).toBe(500);
  const value = valueOf(client);
  for (const wrong of [ids[0]!, value.slice(0, -1), `${value.slice(0, -3)}AAA`, signed(ids[0]!)])
    await bearer(site, wrong).get('/run/read');
  await Promise.all(Array.from({ length: 10 }, () => client.post('/run/increment')));
  await site.sessions.list('ann', { current: keyOf(client) });
  await site.sessions.prune();
  const other = await visitor(site, { text: DATA });
  await site.spy.tamper(keyOf(other), { data: `{"text":"${DATA}` });
  expect((await other.get('/run/read')).body).toEqual({});
  await client.post('/run/logout');
  return [...new Set([...ids, ...secrets, other.sessionId!, secretOf(other), value.slice(-40)])];
}

/** What is written down where others read it. */
export const leaks: Attacks = {
  'ASVS 16.2.5: errors, events and error pages hold no id, no secret and no data': async (scene) => {
    const hearing = new Hearing();
    scene.atEnd(() => hearing.end());
    const key = randomBytes(32);
    const secrets = [
      SECRET,
      DATA,
      ...(['hex', 'base64', 'base64url'] as const).map((kind) => key.toString(kind)),
    ];
    const said: string[] = [];
    for (const encryption of [{}, { encryption: { keys: [key] } }]) {
      const options = { maxDataBytes: 2_000, ...encryption };
      const site = await scene.open(options, (app) => app.useLogger(hearing.logger));
      secrets.push(...(await live(site)));
      const client = await member(site);
      secrets.push(secretOf(client));
      for (const method of ['read', 'update', 'delete'] as const) {
        site.spy.failure = { error: new Error('down'), methods: [method] };
        for (const way of ['set', 'rotate', 'logout']) said.push((await client.post(`/run/${way}`)).text);
      }
      site.spy.failure = undefined;
      said.push((await (await member(site)).get('/run/bad')).text);
      for (const event of site.events)
        said.push(JSON.stringify(event), 'error' in event ? textOf(event.error) : '');
    }
    const everything = [hearing.everything, ...said].join('\n');
    const codes = ['SESSION_STORE_UNAVAILABLE', 'SESSION_DATA_INVALID', 'corrupt', 'signature', 'rotated'];
    for (const code of codes) expect(everything).toContain(code);
    for (const secret of secrets) expect(everything).not.toContain(secret);
  },

  'CVE-2023-20866: no log level shows an id, neither of Nest nor of TypeORM': async (scene) => {
    const hearing = new Hearing();
    scene.atEnd(() => hearing.end());
    const store = scene.kind === 'postgres' ? await talkativeStore(scene) : scene.backend.store;
    const options = { maxDataBytes: 2_000, rotateInterval: '10m' };
    const site = await openSite({ ...scene.backend, store }, options, (app) => app.useLogger(hearing.logger));
    scene.atEnd(() => site.close());
    const secrets = await live(site);
    const client = await member(site);
    scene.clock.advance(11 * 60_000);
    secrets.push(secretOf(client));
    await client.get('/run/read');
    secrets.push(secretOf(client));
    expect(new Set(secrets).size).toBe(secrets.length);
    expect(hearing.everything).toContain('of the handler');
    if (scene.kind === 'postgres') expect(hearing.everything).toContain('CREATE TABLE'); // TypeORM does talk
    for (const secret of [...secrets, SECRET, DATA]) expect(hearing.everything).not.toContain(secret);
  },
};
