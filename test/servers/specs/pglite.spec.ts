import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sessionTable, SqlSessionStore } from 'nest-session/sql';
import { sessionStoreContract } from 'nest-session/testing';
import pg from 'pg';
import { openSite } from '../../support/site.js';
import { Traffic } from './traffic.js';

describe('PGlite behind its socket server', () => {
  const pool = new pg.Pool({ connectionString: process.env.PGLITE_URL!, max: 4 });

  beforeAll(async () => void (await pool.query(sessionTable('postgres'))));
  afterAll(() => pool.end());

  sessionStoreContract('SqlSessionStore', async () => {
    const store = new SqlSessionStore(pool);
    await store.deleteAll();
    return { store };
  });

  it('serves an application under load', async () => {
    const store = new SqlSessionStore(pool);
    const site = await openSite({ kind: 'postgres', store, close: () => Promise.resolve() });
    const traffic = new Traffic(site);
    await traffic.more(300);
    await traffic.stop();
    await site.close();
    console.info(JSON.stringify(traffic.statuses));
    expect(Object.keys(traffic.statuses)).toEqual(['200']);
    expect(traffic.undone).toEqual([]);
  });
});
