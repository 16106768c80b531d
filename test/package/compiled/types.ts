import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { compile, namesIn } from '../compile.js';
import { entryPoints, runNode } from '../package.js';

const DATA = `
  declare module 'nest-session' {
    interface SessionData { cart?: string[]; userId?: string; roles?: string[] }
  }
`;

/** An application's controller, with this in it. */
const controllerOf = (members: string): string => `
  import { Controller, Get, UseGuards, ParseIntPipe } from '@nestjs/common';
  import { AllowAnonymous, Flash, RequireSession, Session, SessionGuard, SessionId } from 'nest-session';
  ${DATA}
  void [UseGuards, ParseIntPipe, AllowAnonymous, Flash, RequireSession, SessionGuard, SessionId, Session];
  @Controller()
  export class CartController {
    ${members}
  }
`;

/** What an application does with a session that knows its data. */
const TYPED = `
      @Get('cart') cart(@Session('cart') cart: string[] = []) { return cart; }
      @Get('add') add(@Session() session: Session) {
        (session.cart ??= []).push('book');
        const cart: string[] | undefined = session.cart;
        return cart;
      }
      @Get('in') async signIn(@Session() session: Session, @SessionId() id: string) {
        await session.login('ada', { keep: ['cart'] });
        await session.login(7);
        const n: number = await session.update((own) => (own.cart ??= []).length);
        session.cookie.maxAge = 5_000;
        session.save((error?: unknown) => void error);
        return [n, id, session.handle, session.createdAt.getTime(), session.authenticatedAt?.getTime()];
      }
      @UseGuards(SessionGuard) @RequireSession('userId', (s) => s.roles?.includes('admin'))
      @Get('admin') admin(@Flash('notice') notices: string[]) { return notices; }
      @AllowAnonymous() @Get('n/:n') n(@Session('userId', ParseIntPipe) n: number) { return n; }
`;

function optionsOf(module: 'Node16' | 'NodeNext' | 'Preserve'): ts.CompilerOptions {
  return {
    module: ts.ModuleKind[module],
    moduleResolution: ts.ModuleResolutionKind[module === 'Preserve' ? 'Bundler' : module],
  };
}

/** ESM and CommonJS that share classes and session data. */
const BOTH = {
  'esm.mts': `
    import { MemorySessionStore, SessionError, SessionGuard, SessionService } from 'nest-session';
    import session, { Store } from 'nest-session/express';
    declare module 'nest-session' { interface SessionData { cart?: string[] } }
    declare module 'nest-session/express' { interface SessionData { views?: number } }
    export declare const service: SessionService;
    export const store = new MemorySessionStore();
    export class EsmGuard extends SessionGuard {}
    export const memory: Store = new session.MemoryStore();
    export const isOurs = (error: unknown): boolean => error instanceof SessionError && error.code !== '';
  `,
  'commonjs.cts': `
    import { MemorySessionStore, SessionError, SessionGuard, SessionService, type Session } from 'nest-session';
    import session = require('nest-session/express');
    import express = require('express');
    import type * as esm from './esm.mjs' with { 'resolution-mode': 'import' };
    declare module 'nest-session' { interface SessionData { roles?: string[] } }
    declare module 'nest-session/express' { interface SessionData { user?: { name: string } } }
    export const service = (given: typeof esm.service): SessionService => given;
    export const store = (given: typeof esm.store): MemorySessionStore => given;
    export const back: typeof esm.store = new MemorySessionStore();
    export class OwnGuard extends SessionGuard {}
    export const guard = (given: esm.EsmGuard): SessionGuard => given;
    export const memory = (given: typeof esm.memory): session.Store => given;
    export const code = (error: unknown): string => (error instanceof SessionError ? error.code : '');
    export const data = ({ cart, roles }: Session): (string[] | undefined)[] => [cart, roles];
    express().use(session({ secret: 'x' })).use((req, _res, next) => {
      req.session.user = { name: String((req.session.views ?? 0) + 1) };
      next();
    });
  `,
};

type Case = readonly [what: string, code: string, message: RegExp];

/** Compiles all cases at once; answers, by what a case is about, the errors in it. */
function errorsOf(cases: readonly Case[], fileOf: (code: string) => string): Map<string, string> {
  const files = Object.fromEntries(cases.map(([, code], index) => [`case-${index}.ts`, fileOf(code)]));
  const errors = compile(files);
  return new Map(
    cases.map(([what], index) => [
      what,
      errors.filter((error) => error.startsWith(`case-${index}.ts:`)).join('\n'),
    ]),
  );
}

describe('the declarations', () => {
  it('hold up to a check of every library, and type the session by what an application declares', () => {
    const everything = entryPoints
      .map(({ specifier }, index) => `export * as names${index} from '${specifier}';`)
      .join('\n');
    const files = { 'everything.ts': everything, 'cart.controller.ts': controllerOf(TYPED) };
    expect(compile(files, { skipLibCheck: false })).toEqual([]);
  });

  it.each(['Node16', 'NodeNext', 'Preserve'] as const)(
    'are found from ESM and from CommonJS, %s',
    (module) => {
      const files = entryPoints.flatMap(({ specifier }, index) => [
        [`${index}.mts`, `import * as all from '${specifier}'; export const names: object = all;`],
        [`${index}.cts`, `import all = require('${specifier}'); export const names: object = all;`],
      ]);
      expect(compile(Object.fromEntries(files) as Record<string, string>, optionsOf(module))).toEqual([]);
    },
  );

  it.each(['Node16', 'NodeNext'] as const)(
    'are the same for ESM and for CommonJS in one program, %s',
    (module) => {
      expect(compile(BOTH, { ...optionsOf(module), skipLibCheck: false })).toEqual([]);
    },
  );

  it.each(entryPoints)(
    'name in CommonJS whatever they name in ESM: $specifier',
    async ({ specifier, types }) => {
      const names = namesIn(types).filter((name) => name !== 'default');
      const script = `console.log(JSON.stringify(Object.keys(require('${specifier}'))))`;
      const values = new Set(JSON.parse(await runNode('commonjs', script)) as string[]);
      const used = names.filter((name) => values.has(name));
      const text = `import { ${names.join(', ')} } from '${specifier}'; export const values: unknown[] = [${used.join(', ')}];`;
      expect(used.length).toBeGreaterThan(0);
      expect(compile({ 'all.cts': text }, optionsOf('Node16'))).toEqual([]);
    },
  );

  it('have every type of the contract', () => {
    const text = `
      import type {
        SessionData, SessionStore, SessionRecord, SessionChange, SessionModuleOptions, SessionEvent, SessionInfo,
        SessionSummary, StoreOutcome, UserSessionStore, PrunableSessionStore, SessionObject, SessionCookie,
        SessionOptionsFactory, SessionStoreFactory, SessionMiddleware, Duration, LoginOptions,
      } from 'nest-session';
      import type { TypeOrmSessionStoreOptions, TypeOrmStoreOptions } from 'nest-session/typeorm';
      import type { SessionTableOptions, SqlSessionStoreOptions, SqlStoreOptions } from 'nest-session/sql';
      export type All = [
        SessionData, SessionStore, SessionRecord, SessionChange, SessionModuleOptions, SessionEvent, SessionInfo,
        SessionSummary, StoreOutcome, UserSessionStore, PrunableSessionStore, SessionObject, SessionCookie,
        SessionOptionsFactory, SessionStoreFactory, SessionMiddleware, Duration, LoginOptions,
        TypeOrmSessionStoreOptions, TypeOrmStoreOptions, SessionTableOptions, SqlSessionStoreOptions, SqlStoreOptions,
      ];
    `;
    expect(compile({ 'all.ts': text })).toEqual([]);
  });
});

describe('the handles of nest-session/sql', () => {
  it('are the types of the drivers', () => {
    const text = `
      import mysql from 'mysql2';
      import promised from 'mysql2/promise';
      import pg from 'pg';
      import { SqlSessionStore, sqlStore } from 'nest-session/sql';
      new SqlSessionStore(new pg.Pool());
      new SqlSessionStore(mysql.createPool('mysql://'));
      new SqlSessionStore(promised.createPool('mysql://'), { table: 'auth.sessions', pruneInterval: false });
      sqlStore({ client: new pg.Pool() });
    `;
    expect(compile({ 'handles.ts': text }, { exactOptionalPropertyTypes: true })).toEqual([]);
  });

  it('are not single connections', () => {
    const text = `
      import mysql from 'mysql2';
      import pg from 'pg';
      import { SqlSessionStore } from 'nest-session/sql';
      new SqlSessionStore(new pg.Client());
      new SqlSessionStore(mysql.createConnection('mysql://'));
    `;
    expect(compile({ 'handles.ts': text })).toEqual([
      expect.stringMatching(/handles\.ts:5.+'Client' is not assignable/s),
      expect.stringMatching(/handles\.ts:6.+'Connection' is not assignable/s),
    ]);
  });
});

describe('an application that declares its session data', () => {
  it('has it typed on the session', () => {
    expect(compile({ 'cart.controller.ts': controllerOf(TYPED) })).toEqual([]);
  });

  const statement = (code: string): string => `@Get() get(@Session() session: Session) { ${code}; }`;
  const cases: readonly Case[] = [
    ['a misspelt key', statement('session.crat = []'), /'crat' does not exist/],
    ['a wrong type', statement('session.cart = 5'), /'number' is not assignable to type 'string\[\]'/],
    ['a misspelt method', statement('void session.logn("ada")'), /'logn' does not exist/],
    ['a wrong user', statement('void session.login({ id: 5 })'), /to parameter of type 'string \| number'/],
    ['an assignment to a fact', statement('session.createdAt = new Date()'), /read-only property/],
    ['a wrong option', statement('void session.login("ada", { kep: [] })'), /'kep' does not exist/],
    [
      'a misspelt key in update()',
      statement('void session.update((own) => own.crat)'),
      /'crat' does not exist/,
    ],
    [
      'a misspelt key in a requirement',
      `@RequireSession((s) => s.rules?.includes('x')) @Get() get() { return 1; }`,
      /'rules' does not exist/,
    ],
  ];
  let errors: Map<string, string> | undefined;

  it.each(cases)('is told of %s', (what, _, message) => {
    errors ??= errorsOf(cases, controllerOf);
    expect(errors.get(what)).toMatch(message);
    expect(errors.get(what)?.split('\n')[0]).toMatch(/^case-\d+\.ts:/);
  });
});

describe('the options', () => {
  const moduleOf = (options: string): string => `
    import { SessionModule } from 'nest-session';
    import { typeOrmStore } from 'nest-session/typeorm';
    void typeOrmStore;
    export const imports = [SessionModule.forRoot(${options})];
  `;

  it('are typed', () => {
    const options = `{
      secret: ['x', Buffer.from('y')], store: typeOrmStore(), isGlobal: false, name: 'sid', idleTimeout: '30m',
      absoluteTimeout: false, rotateInterval: 5_000, cookie: { secure: 'auto', sameSite: true, maxAge: '1h' },
      userId: (data) => (data as { id?: number }).id, exclude: ['health'], forRoutes: ['*path'],
    }`;
    expect(compile({ 'app.module.ts': moduleOf(options) })).toEqual([]);
  });

  const cases: readonly Case[] = [
    ['no secret', '{}', /secret/],
    ['a misspelt name', "{ secret: 'x', idelTimeout: 5 }", /'idelTimeout' does not exist/],
    ['a wrong choice', "{ secret: 'x', load: 'later' }", /"later"/],
    ['a wrong cookie', "{ secret: 'x', cookie: { sameSite: 'maybe' } }", /sameSite|maybe/],
    ['a store that is none', "{ secret: 'x', store: {} }", /SessionStore/],
  ];
  let errors: Map<string, string> | undefined;

  it.each(cases)('tell of %s', (what, _, message) => {
    errors ??= errorsOf(cases, moduleOf);
    expect(errors.get(what)).toMatch(message);
  });

  it('may be made by a factory with dependencies', () => {
    const text = `
      import { Injectable } from '@nestjs/common';
      import { SessionModule, type SessionModuleOptions, type SessionOptionsFactory } from 'nest-session';
      @Injectable() export class Config implements SessionOptionsFactory {
        createSessionOptions(): SessionModuleOptions { return { secret: 'x' }; }
      }
      export const imports = [
        SessionModule.forRootAsync({ useClass: Config }),
        SessionModule.forRootAsync({ useExisting: Config, isGlobal: false }),
        SessionModule.forRootAsync({ inject: [Config], useFactory: (config: Config) => config.createSessionOptions() }),
        SessionModule.forRootAsync({ useFactory: async () => Promise.resolve({ secret: 'x', load: 'lazy' as const }) }),
      ];
    `;
    expect(compile({ 'app.module.ts': text })).toEqual([]);
  });
});
