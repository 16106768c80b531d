import { afterEach, describe, expect, it } from '@jest/globals';
import { SESSION_MEMBERS, SessionObject } from '../../../lib/core/session.js';
import { SessionBase } from '../../../lib/core/session-base.js';
import { type AnySession, World } from './support/world.js';

const MEMBERS = [
  'id',
  'handle',
  'isNew',
  'createdAt',
  'lastSeenAt',
  'expiresAt',
  'authenticatedAt',
  'level',
  'actor',
  'cookie',
  'login',
  'stepUp',
  'actAs',
  'stopActing',
  'logout',
  'rotate',
  'regenerate',
  'destroy',
  'save',
  'reload',
  'touch',
  'resetMaxAge',
  'update',
  'flash',
];
const INHERITED = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', 'toLocaleString'];

/** Object.prototype and the session's own, as they were. */
const PROTOTYPES = [Object.prototype, SessionObject.prototype, SessionBase.prototype].map((prototype) => ({
  prototype,
  names: Reflect.ownKeys(prototype),
}));

describe('session', () => {
  afterEach(() => {
    for (const { prototype, names } of PROTOTYPES) expect(Reflect.ownKeys(prototype)).toEqual(names);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  async function freshSession(): Promise<AnySession> {
    return (await new World().visit(undefined)).session;
  }

  describe('the members of a session', () => {
    it('are those of the contract', () => {
      expect([...SESSION_MEMBERS].sort()).toEqual(expect.arrayContaining([...MEMBERS].sort()));
    });

    it('are not enumerable: what is to be seen is data', async () => {
      const session = await freshSession();
      session.cart = [1];
      const seen: string[] = [];
      for (const name in session) seen.push(name);
      expect(seen).toEqual(['cart']);
      expect(JSON.stringify(session)).toBe('{"cart":[1]}');
      expect({ ...session }).toEqual({ cart: [1] });
    });

    it.each(MEMBERS)('%s: a stored key of that name never replaces it', async (name) => {
      const world = new World();
      const token = await world.begin({ a: 1 });
      world.store.vandalize({ data: JSON.stringify({ a: 1, [name]: 'planted' }) });
      const { session } = await world.visit(token);
      expect(session[name]).not.toBe('planted');
      expect({ ...session }).toEqual({ a: 1 });
    });

    it.each(MEMBERS)('%s: assigning it shadows it for this request, and is never stored', async (name) => {
      const world = new World();
      const token = await world.begin({ a: 1 });
      await world.request(token, (session) => {
        Object.assign(session, { [name]: 'shadow' });
        expect(session[name]).toBe('shadow');
        session.b = 2;
      });
      expect(world.data).toEqual({ a: 1, b: 2 });
      const { session } = await world.visit(token);
      expect(session[name]).not.toBe('shadow');
    });

    it.each(['id', 'cookie', 'login', '__proto__'])(
      '%s: its shadow can be changed, and removed',
      async (name) => {
        const session = await freshSession();
        for (const value of ['one', 'two']) {
          Object.assign(session, JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`));
          expect(session[name]).toBe(value);
        }
        expect(Reflect.deleteProperty(session, name)).toBe(true);
        expect(session[name]).not.toBe('two');
      },
    );

    it('shadowed alone are nothing to store', async () => {
      const world = new World();
      const token = await world.begin({ a: 1 });
      const shadows = Object.fromEntries(MEMBERS.map((name) => [name, 1]));
      await world.request(token, (session) => Object.assign(session, shadows));
      await world.request(undefined, (session) => Object.assign(session, shadows));
      expect(world.store.asked('update', 'create')).toBe(0);
      expect(world.store.rows.size).toBe(1);
    });
  });

  describe('keys with names of their own', () => {
    it.each(['__proto__', ...INHERITED])('%s in stored data is only data', async (name) => {
      const world = new World();
      const token = await world.begin({ a: 1 });
      world.store.vandalize({ data: `{"a":1,${JSON.stringify(name)}:{"polluted":true}}` });
      const { session } = await world.visit(token);
      expect(session).toBeInstanceOf(SessionObject);
      expect(Object.getPrototypeOf(session)).toBe(SessionObject.prototype);
      expect(Object.getOwnPropertyDescriptor(session, name)?.value).toEqual({ polluted: true });
      expect((session as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('__proto__ that is assigned is only data, and comes back', async () => {
      const world = new World();
      const token = await world.begin({ a: 1 });
      await world.request(token, (session) => {
        (session as unknown as { __proto__: unknown }).__proto__ = { polluted: true };
        expect(Object.getPrototypeOf(session)).toBe(SessionObject.prototype);
      });
      expect(world.store.row.data).toBe('{"a":1,"__proto__":{"polluted":true}}');
      const { session } = await world.visit(token);
      expect(Object.keys(session)).toEqual(['a', '__proto__']);
      expect((session as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('that come in somebody’s request body pollute nothing and break nothing', async () => {
      const body = JSON.parse(
        '{"__proto__":{"polluted":1,"isNew":false},"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1},' +
          '"toJSON":1,"then":1,"hasOwnProperty":1,"valueOf":1,"login":1,"id":"mine","save":1,"cookie":{"maxAge":1},"x":2}',
      ) as object;
      const world = new World();
      const { token } = await world.request(undefined, (session) => Object.assign(session, body));
      const { session } = await world.visit(token);
      expect(Object.getPrototypeOf(session)).toBe(SessionObject.prototype);
      expect(Object.keys(session).sort()).toEqual(
        ['__proto__', 'constructor', 'hasOwnProperty', 'prototype', 'then', 'toJSON', 'valueOf', 'x'].sort(),
      );
      await session.login('ada');
      await session.logout();
    });
  });

  describe('the facts', () => {
    it('of a new session', async () => {
      const world = new World();
      const { session } = await world.visit(undefined);
      expect(session).toMatchObject({ isNew: true, authenticatedAt: undefined });
      expect(session.createdAt).toEqual(new Date(world.now));
      expect(session.lastSeenAt).toEqual(new Date(world.now));
      expect(session.expiresAt.getTime()).toBeGreaterThan(world.now);
      expect(session.id).toBe(session.id);
    });

    it('of a stored session', async () => {
      const world = new World();
      const { token } = await world.request(undefined, (session) => session.login('ada'));
      const born = new Date(world.now);
      world.now += 1_000;
      const { session } = await world.visit(token);
      expect(session).toMatchObject({
        isNew: false,
        createdAt: born,
        lastSeenAt: born,
        authenticatedAt: born,
      });
      expect(session.expiresAt).toEqual(new Date(world.store.row.expiresAt));
    });

    it('follow a cookie life that this request set', async () => {
      const world = new World();
      const { session } = await world.visit(await world.begin());
      session.cookie.maxAge = 5_000;
      expect(session.expiresAt).toEqual(new Date(world.now + 5_000));
    });

    it('cannot be changed through the dates that are handed out', async () => {
      const world = new World();
      const { session } = await world.visit(await world.begin());
      session.createdAt.setTime(0);
      expect(session.createdAt).toEqual(new Date(world.now));
    });
  });

  describe('touch() and resetMaxAge()', () => {
    it('start the cookie’s life anew and return the session, as in express-session', async () => {
      const world = new World();
      const { session } = await world.visit(await world.begin());
      session.cookie.maxAge = 10_000;
      world.now += 1_000;
      expect(session.resetMaxAge()).toBe(session);
      expect(session.cookie.maxAge).toBe(10_000);
      world.now += 1_000;
      expect(session.touch()).toBe(session);
      expect(session.cookie.maxAge).toBe(10_000);
    });
  });

  describe('methods that take a callback in express-session', () => {
    const METHODS = ['save', 'reload', 'regenerate', 'destroy'] as const;

    it.each(METHODS)('%s(callback) calls it without an error, and returns the session', async (method) => {
      const world = new World();
      const { session } = await world.visit(await world.begin());
      const given = await new Promise<unknown[]>((resolve) => {
        expect(session[method]((...args) => resolve(args))).toBe(session);
      });
      expect(given).toEqual([]);
    });

    it.each(METHODS)('%s(callback) calls it with the error', async (method) => {
      const world = new World();
      const { session } = await world.visit(await world.begin());
      world.store.before = () => Promise.reject(new Error('down'));
      const error = await new Promise((resolve) => session[method](resolve));
      expect(error).toMatchObject({ statusCode: 503 });
    });

    it.each(METHODS)('%s() returns a promise', async (method) => {
      const { session } = await new World().visit(undefined);
      const returned = session[method]();
      expect(returned).toBeInstanceOf(Promise);
      await returned.catch(() => undefined);
    });
  });

  describe('flash()', () => {
    it('keeps values for a later request, in order, and hands them out once', async () => {
      const world = new World();
      const token = await world.begin();
      await world.request(token, (session) => {
        session.flash('notice', 'one');
        session.flash('notice', { two: 2 });
      });
      const { session } = await world
        .request(token, (own) => {
          expect(own.flash('notice')).toEqual(['one', { two: 2 }]);
          expect(own.flash('notice')).toEqual([]);
        })
        .then(() => world.visit(token));
      expect(session.flash('notice')).toEqual([]);
      expect(world.store.row.meta).toBeNull();
    });

    it('is reason enough to store a session', async () => {
      const world = new World();
      const { token } = await world.request(undefined, (session) => session.flash('notice', 1));
      expect((await world.visit(token)).session.flash('notice')).toEqual([1]);
    });

    it('is no data key', async () => {
      const world = new World();
      const token = await world.begin();
      await world.request(token, (session) => {
        session.flash('cart', 'flashed');
        expect({ ...session }).toEqual({ cart: [1] });
      });
      expect(world.data).toEqual({ cart: [1] });
    });

    it.each([1n, NaN, () => 1, new Map(), [undefined]])('refuses %p and names the key', async (bad) => {
      const session = await freshSession();
      expect(() => session.flash('notice', bad)).toThrow(/The session key "notice" contains /);
      expect(session.flash('notice')).toEqual([]);
    });

    it('keeps no undefined that would come back as null', async () => {
      const world = new World();
      const token = await world.begin();
      const seen = await world
        .request(token, (session) => session.flash('notice', undefined))
        .then(
          async () => (await world.visit(token)).session.flash('notice'),
          () => 'refused',
        );
      expect(['refused', []]).toContainEqual(seen);
    });

    it('of a request that fails to store them is not lost', async () => {
      const world = new World();
      const token = await world.begin();
      await world.request(token, (session) => session.flash('notice', 1));
      const visit = await world.visit(token);
      expect(visit.session.flash('notice')).toEqual([1]);
      world.store.before = () => Promise.reject(new Error('down'));
      await expect(visit.commit()).rejects.toMatchObject({ statusCode: 503 });
      world.store.before = () => undefined;
      expect((await world.visit(token)).session.flash('notice')).toEqual([1]);
    });
  });
});
