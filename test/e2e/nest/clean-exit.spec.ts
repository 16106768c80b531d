import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { findResource } from '../../support/resources/find.js';

await findResource('dist'); // what the program imports

/** DESIGN 5.12, on the built package: a process that has closed its application ends by itself. */
describe('a process that has closed its application', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  const program = (store: string, adapter: string): string => `
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { ExpressAdapter } from '@nestjs/platform-express';
    import { FastifyAdapter } from '@nestjs/platform-fastify';
    import { MemorySessionStore, SESSION_MIDDLEWARE, SessionModule } from 'nest-session';
    import { SessionEntity, TypeOrmSessionStore } from 'nest-session/typeorm';
    import { DataSource } from 'typeorm';

    const dataSource = new DataSource({ type: 'postgres', url: process.env.DATABASE, entities: [SessionEntity], synchronize: true });
    await dataSource.initialize();
    const store = ${store};
    const app = await NestFactory.create(
      SessionModule.forRoot({ secret: 'x'.repeat(32), store }),
      new ${adapter}(),
      { logger: false },
    );
    app.use(app.get(SESSION_MIDDLEWARE));
    app.use((req, res) => res.end(String((req.session.visits = (req.session.visits ?? 0) + 1))));
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(await app.getUrl());
    console.log(await answer.text(), answer.headers.getSetCookie().length);
    await app.close();
    await dataSource.destroy();
  `;

  const stores = [
    'new MemorySessionStore()',
    'new TypeOrmSessionStore(dataSource, { pruneInterval: 60_000 })',
  ];
  it.each(['ExpressAdapter', 'FastifyAdapter'].flatMap((adapter) => stores.map((store) => [store, adapter])))(
    'ends by itself, with %s on %s',
    async (store, adapter) => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program(store, adapter)], {
        env: { ...process.env, DATABASE: database.url, NODE_OPTIONS: '' },
        timeout: 50_000,
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      expect({ code, signal, output }).toEqual({ code: 0, signal: null, output: '1 1\n' });
    },
    30_000,
  );
});
