import { SessionClock } from '../../../lib/options/session-clock.js';
import { describe, expect, it } from '@jest/globals';
import { refusal, refusalOf, resolve, SECRET } from './support.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('the defaults', () => {
  const { engine, http, storeTimeout, warnings, ...rest } = resolve();

  it('are those of the contract', () => {
    expect(engine).toMatchObject({
      lifetimes: {
        idleTimeout: DAY,
        absoluteTimeout: 30 * DAY,
        touchInterval: MINUTE,
        rotateInterval: false,
        rotationGrace: 30_000,
      },
      idleFollowsCookie: false,
      maxSessionsPerUser: undefined,
      maxDataBytes: 1024 * 1024,
      trackDevice: true,
      resave: false,
      saveUninitialized: false,
      rolling: 'touch',
      onStoreError: 'fail',
    });
    expect(http).toMatchObject({ cookieName: 'sid', load: 'eager', unset: 'keep', proxy: undefined });
    expect(http.cookieFor({} as never)).toEqual({
      httpOnly: true,
      secure: 'auto',
      sameSite: 'lax',
      path: '/',
    });
    expect(storeTimeout).toBe(5_000);
    expect(warnings).toEqual([]);
    expect(rest).toEqual({
      clock: expect.any(SessionClock),
      secrets: ['a secret of more than thirty-two bytes'],
      store: undefined,
      forRoutes: undefined,
      exclude: undefined,
    });
  });

  it('make ids of a key of 128 random bits and a secret of 256, and a clock', () => {
    const [one, other] = [engine.ids.generate({}), engine.ids.generate({})];
    expect(one).toMatch(/^[\w-]{22}~[\w-]{43}$/);
    expect(one.split('~')[0]).not.toBe(other.split('~')[0]);
    expect(one.split('~')[1]).not.toBe(other.split('~')[1]);
    expect(engine.ids.keyOf(one)).toBe(one.split('~')[0]);
    const before = Date.now();
    const now = engine.now();
    expect([before <= now, now <= Date.now()]).toEqual([true, true]);
  });

  it.each<[object, unknown]>([
    [{}, undefined],
    [{ userId: 7 }, 7],
    [{ userId: 0, passport: { user: 'p' } }, 0],
    [{ passport: { user: 'p' } }, 'p'],
    [{ passport: {} }, undefined],
    [{ passport: null }, undefined],
    [{ passport: 'x' }, undefined],
    [{ userId: null, passport: { user: 3 } }, 3],
  ])('find in %j the user %p', (data, user) => {
    expect(engine.userIdOf(data)).toBe(user);
  });

  it('stand for undefined', () => {
    const names = [
      'idleTimeout',
      'load',
      'rolling',
      'genid',
      'userId',
      'maxDataBytes',
      'cookie',
      'name',
      'forRoutes',
    ];
    const given = resolve(Object.fromEntries(names.map((name) => [name, undefined])));
    expect(given.engine.lifetimes).toEqual(engine.lifetimes);
    expect(given.http.load).toBe('eager');
  });
});

describe('options that are functions', () => {
  it('genid is called with the request', () => {
    const { engine } = resolve({ genid: (request: { mark: string }) => `id-${request.mark}` });
    expect(engine.ids.generate({ mark: 'x' })).toBe('id-x');
  });

  it('userId is called with the data', () => {
    const { engine } = resolve({ userId: (data: { account: { id: number } }) => data.account.id });
    expect(engine.userIdOf({ account: { id: 5 } })).toBe(5);
  });

  it.each(['genid', 'userId'])('%s must be a function', (name) => {
    for (const wrong of [null, 'x', 7, {}, true]) {
      expect(refusalOf({ [name]: wrong })).toMatch(
        new RegExp(`^SessionModule option "${name}": .+ was given; accepted: a function\\.$`),
      );
    }
  });
});

describe('options that are one of a few', () => {
  it.each([
    ['load', ['eager', 'lazy']],
    ['unset', ['keep', 'destroy']],
    ['onStoreError', ['fail', 'anonymous']],
  ])('%s', (name, accepted) => {
    for (const value of accepted) {
      const { engine, http } = resolve({ [name]: value });
      expect({ ...engine, ...http }).toHaveProperty(name, value);
    }
    for (const wrong of [null, true, 0, '', 'EAGER', 'Keep', {}, ['eager'], 'toString']) {
      const message = refusalOf({ [name]: wrong });
      expect(message).toContain(`option "${name}": `);
      expect(message).toContain(`accepted: ${accepted.map((value) => `"${value}"`).join(', ')}.`);
    }
  });
});

describe('options that are true or false', () => {
  it.each(['trackDevice', 'resave', 'saveUninitialized', 'proxy'])('%s', (name) => {
    for (const value of [true, false]) {
      const { engine, http } = resolve({ [name]: value });
      expect({ ...engine, ...http }).toHaveProperty(name, value);
    }
    refuseOthers(name);
  });

  it('rolling', () => {
    expect(resolve({ rolling: true }).engine.rolling).toBe('always');
    expect(resolve({ rolling: false }).engine.rolling).toBe('never');
    refuseOthers('rolling');
  });

  function refuseOthers(name: string): void {
    for (const wrong of [null, 0, 1, 'true', '', {}, []]) {
      expect(refusalOf({ [name]: wrong })).toMatch(
        new RegExp(`option "${name}": .+ was given; accepted: true or false\\.`),
      );
    }
  }
});

describe('options that are a count', () => {
  it.each(['maxSessionsPerUser', 'maxDataBytes'])('%s', (name) => {
    for (const value of [1, 1_000, Number.MAX_SAFE_INTEGER]) {
      expect(resolve({ [name]: value }).engine).toHaveProperty(name, value);
    }
    for (const wrong of [0, -1, 1.5, NaN, Infinity, '10', null, 1n, 2 ** 53]) {
      expect(refusalOf({ [name]: wrong })).toMatch(
        new RegExp(`option "${name}": .+ was given; accepted: a whole number of one or more\\.`),
      );
    }
  });
});

describe('options that are lists of routes', () => {
  it.each(['forRoutes', 'exclude'])('%s', (name) => {
    expect(resolve({ [name]: ['a', { path: 'b', method: 0 }] })).toHaveProperty(name, [
      'a',
      { path: 'b', method: 0 },
    ]);
    for (const wrong of [null, 'cats', {}, 7]) {
      expect(refusalOf({ [name]: wrong })).toMatch(
        new RegExp(`option "${name}": .+ was given; accepted: an array of routes\\.`),
      );
    }
  });
});

describe('names that are not known', () => {
  it.each(['idletimeout', 'secrets', 'maxAge', 'ttl', '', 'toString', 'hasOwnProperty', 'constructor'])(
    '%j is refused, and those that are known are named',
    (name) => {
      const message = refusalOf({ [name]: 1 });
      expect(message).toContain(`SessionModule option "${name}" is unknown`);
      for (const known of ['secret', 'store', 'idleTimeout', 'maxSessionsPerUser', 'exclude']) {
        expect(message).toContain(known);
      }
    },
  );

  it('__proto__ of a parsed configuration is refused, too', () => {
    const options: unknown = JSON.parse(`{"secret":"${SECRET}","__proto__":{"load":"lazy"}}`);
    expect(refusal(options)).toContain('"__proto__" is unknown');
  });

  it('are looked for before their values are: a misspelt secret is named as such', () => {
    expect(refusal({ secrets: ['hunter2'] })).toContain('"secrets" is unknown');
  });
});

describe('what is no options object', () => {
  it.each([undefined, null, 7, true, () => ({})])('%p is refused', (options) => {
    expect(refusal(options)).toMatch(/^SessionModule option "options": /);
  });

  it('never shows a secret that was given in the place of the options', () => {
    expect(refusal(SECRET)).not.toContain(SECRET.slice(0, 8));
    expect(refusal([SECRET])).not.toContain(SECRET.slice(0, 8));
    expect(refusal(Buffer.from(SECRET))).not.toContain(SECRET.slice(0, 8));
  });
});

describe('the options an application gave', () => {
  it('are never changed', () => {
    const cookie = Object.freeze({ maxAge: '1h', secure: true });
    const options = Object.freeze({ secret: Object.freeze([SECRET]), cookie, idleTimeout: '30m' });
    resolve(options);
    expect(options).toEqual({ secret: [SECRET], cookie: { maxAge: '1h', secure: true }, idleTimeout: '30m' });
  });

  it('may be changed later without any effect', () => {
    const options = { secret: [SECRET], cookie: { path: '/a' } };
    const { http } = resolve(options);
    const codec = http.codecFor({} as never);
    const sealed = codec.seal('id');
    options.secret[0] = 'another secret of more than thirty-two bytes';
    options.cookie.path = '/b';
    expect(codec.seal('id')).toBe(sealed);
    expect(http.cookieFor({} as never).path).toBe('/a');
  });
});
