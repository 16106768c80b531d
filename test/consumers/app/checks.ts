import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import express from 'express';
import { SESSION_STORE, SessionEvents, SessionGuard, SessionService } from 'nest-session';
import session, { ExpressStoreAdapter } from 'nest-session/express';
import { failingStore, fakeClock, readSession, signIn } from 'nest-session/testing';
import { AppModule } from './app.module.js';
import { applied } from './excluded.js';
import { MemberGuard } from './member.guard.js';
import './session-data.js';

@Injectable()
class Reports {
  constructor(
    readonly sessions: SessionService,
    readonly events: SessionEvents,
  ) {}
}

/** What a test of the application sees of a session. */
async function tested() {
  const module = await Test.createTestingModule({ imports: [AppModule], providers: [Reports] })
    .overrideProvider(SESSION_STORE)
    .useValue(failingStore())
    .compile();
  const app = await module.createNestApplication().init();
  const cookie = await signIn(app, { userId: 'ada', visits: 3 });
  const { userId, visits } = (await readSession(app, cookie))?.data ?? {};
  fakeClock(app).advance('2d');
  const isOver = (await readSession(app, cookie)) === undefined;
  const { sessions, events } = app.get(Reports);
  const isInjected = sessions instanceof SessionService && events instanceof SessionEvents;
  await app.close();
  return { userId, visits, isOver, isInjected };
}

/** The views that a browser is told of by an Express application on the drop-in. */
async function viewed(createApplication: typeof express) {
  const app = createApplication().use(session({ secret: 'x', resave: false, saveUninitialized: false }));
  app.get('/', (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1;
    res.json(req.session.views);
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const first = await fetch(url);
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
  const views = [await first.json(), await (await fetch(url, { headers: { cookie } })).json()];
  server.close();
  return views;
}

/** A store written against express-session's types. */
class Rows extends session.Store {
  readonly rows = new Map<string, session.SessionData>();

  get(id: string, callback: (error?: Error | null, found?: session.SessionData | null) => void): void {
    callback(undefined, this.rows.get(id));
  }

  set(id: string, value: session.SessionData, callback?: (error?: Error | null) => void): void {
    this.rows.set(id, value);
    callback?.();
  }

  destroy(id: string, callback?: (error?: Error | null) => void): void {
    this.rows.delete(id);
    callback?.();
  }
}

async function main() {
  const isGuard = new MemberGuard(new Reflector()) instanceof SessionGuard;
  const isStore = new ExpressStoreAdapter(new Rows()) instanceof ExpressStoreAdapter;
  const { default: express4 } = (await import('express4')) as { default: typeof express };
  const views = [await viewed(express), await viewed(express4)];
  console.log(JSON.stringify({ tested: await tested(), views, applied: await applied(), isGuard, isStore }));
}

void main();
