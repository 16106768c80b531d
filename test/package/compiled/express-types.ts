import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { compile } from '../compile.js';

/** An Express application as it was written against @types/express-session, but for the name of the package. */
const APPLICATION = `
  declare module 'nest-session/express' {
    interface SessionData { views: number; user?: { name: string } }
  }
  const options: session.SessionOptions = {
    secret: ['keyboard cat', Buffer.from('older')],
    name: 'sid', resave: false, saveUninitialized: false, rolling: true, proxy: true, unset: 'destroy',
    genid: (req: express.Request) => String(req.ip),
    cookie: { maxAge: 60_000, sameSite: 'lax', secure: 'auto', path: '/', httpOnly: true },
    store: new session.MemoryStore(),
  };
  const app = express();
  app.use(session(options));
  app.use(session({ ...options, cookie: (req: express.Request) => ({ secure: req.secure }) }));
  app.get('/', (req, res, next) => {
    req.session.views = (req.session.views ?? 0) + 1;
    req.session.user = { name: req.sessionID };
    req.session.cookie.maxAge = 5;
    req.session.cookie.expires = new Date();
    req.session.touch().resetMaxAge();
    req.session.regenerate((error) => (error ? next(error) : res.send(req.session.id)));
    req.session.save().then(() => req.session.reload()).catch(next);
    req.session.destroy((error: unknown) => next(error));
    req.sessionStore.load(req.sessionID, (error, other) => res.send(other?.cookie.originalMaxAge));
    req.sessionStore.on('disconnect', () => undefined);
  });
`;

const STORE = `
  class Mine extends session.Store {
    readonly #rows = new Map<string, string>();
    get(id: string, callback: (error?: Error | null, found?: session.StoredSession | null) => void): void {
      const row = this.#rows.get(id);
      callback(null, row === undefined ? null : (JSON.parse(row) as session.StoredSession));
    }
    set(id: string, value: session.StoredSession, callback?: (error?: Error | null) => void): void {
      this.#rows.set(id, JSON.stringify(value));
      callback?.();
    }
    destroy(id: string, callback?: (error?: Error | null) => void): void {
      this.#rows.delete(id);
      callback?.();
    }
  }
  class Theirs extends session.Store {
    get(_id: string, callback: (error: any, found?: session.SessionData | null) => void): void {
      callback(undefined, null);
    }
    set(_id: string, value: session.SessionData, callback?: (error?: any) => void): void {
      callback?.(value.cookie.maxAge);
    }
    destroy(_id: string, callback?: (error?: any) => void): void {
      callback?.();
    }
    override touch(_id: string, value: session.SessionData, callback?: () => void): void {
      value.cookie.resetMaxAge();
      callback?.();
    }
  }
  export const stores: session.Store[] = [new Mine(), new Theirs()];
`;

const IMPORTS = `
  import express from 'express';
  import session from 'nest-session/express';
`;

const NODE16 = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 };

describe('the types of nest-session/express', () => {
  it('serve an Express application', () => {
    const files = { 'app.ts': IMPORTS + APPLICATION, 'store.ts': IMPORTS + STORE };
    expect(compile(files, { skipLibCheck: false })).toEqual([]);
  });

  it.each([
    ['requires', `import session = require('nest-session/express');`, {}],
    ['imports the default', `import session from 'nest-session/express';`, {}],
    [
      'imports all',
      `import * as session from 'nest-session/express';`,
      { esModuleInterop: false, ignoreDeprecations: '6.0' },
    ],
  ])('serve CommonJS that %s', (_, imported, options) => {
    const app = `import express = require('express'); ${imported} ${APPLICATION}`;
    expect(compile({ 'app.cts': app }, { ...NODE16, ...options })).toEqual([]);
  });

  it.each([
    ['a misspelt option', `session({ secert: 'x' });`, /secert/],
    ['a wrong option', `session({ unset: 'drop' });`, /"drop"/],
    ['a misspelt key', `express().use((req) => void req.session.veiws);`, /veiws/],
    [
      'a wrong value',
      `express().use((req) => void (req.session.views = 'one'));`,
      /'string' is not assignable/,
    ],
  ])('tell of %s', (_, code, message) => {
    expect(compile({ 'app.ts': IMPORTS + APPLICATION + code }).join('\n')).toMatch(message);
  });
});
