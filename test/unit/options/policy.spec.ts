import { describe, expect, it } from '@jest/globals';
import { refusalOf, resolve } from './support.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** [policy, idle, absolute] as the standards say. */
const LIMITS: [string, number | undefined, number | undefined, string][] = [
  ['nist-aal1', undefined, 30 * DAY, 'NIST SP 800-63B-4, 2.1.3'],
  ['nist-aal2', HOUR, DAY, 'NIST SP 800-63B-4, 2.2.3'],
  ['nist-aal3', 15 * MINUTE, 12 * HOUR, 'NIST SP 800-63B-4, 2.3.3'],
  ['pci-dss', 15 * MINUTE, undefined, 'PCI DSS 4.0.1, 8.2.8'],
];

describe.each(LIMITS)('the policy %s', (policy, idle, absolute, source) => {
  const lifetimesOf = (options: object = {}) => resolve({ policy, ...options }).engine.lifetimes;

  it('sets the timeouts that are not given', () => {
    expect(lifetimesOf()).toMatchObject({
      idleTimeout: idle ?? DAY,
      absoluteTimeout: absolute ?? 30 * DAY,
      longestIdle: idle,
    });
    expect(lifetimesOf({ cookie: { maxAge: '5m' } }).idleTimeout).toBe(5 * MINUTE);
  });

  it('takes shorter ones, and its own', () => {
    expect(lifetimesOf({ idleTimeout: '1m', absoluteTimeout: '2m' })).toMatchObject({
      idleTimeout: MINUTE,
      absoluteTimeout: 2 * MINUTE,
    });
    const own = { idleTimeout: idle ?? DAY, absoluteTimeout: absolute ?? 30 * DAY };
    expect(lifetimesOf(own)).toMatchObject(own);
  });

  it.each(['idleTimeout', 'absoluteTimeout'] as const)('limits the %s, or leaves it alone', (name) => {
    const limit = { idleTimeout: idle, absoluteTimeout: absolute }[name];
    if (limit === undefined) {
      expect(lifetimesOf({ [name]: '90d' })[name]).toBe(90 * DAY);
      return;
    }
    expect(refusalOf({ policy, [name]: limit + 1 })).toBe(
      `SessionModule option "${name}": ${limit + 1} ms was given; the policy "${policy}" (${source}) allows at most ${limit} ms; lower it, or leave it out.`,
    );
  });

  it('limits the cookie.maxAge, whatever the timeouts are', () => {
    const limit = Math.min(idle ?? Infinity, absolute ?? Infinity);
    const message = `SessionModule option "cookie.maxAge": ${limit + 1} ms was given; the policy "${policy}" (${source}) allows at most ${limit} ms; lower it, or leave it out.`;
    const cookie = { maxAge: limit + 1 };
    expect(refusalOf({ policy, cookie })).toBe(message);
    expect(refusalOf({ policy, cookie, idleTimeout: '5m', absoluteTimeout: '10m' })).toBe(message);
    const { engine, warnings } = resolve({ policy, cookie: { maxAge: limit } });
    expect(engine.lifetimes.idleTimeout).toBe(limit);
    expect(warnings).toEqual([]);
  });

  it('lets a cookie that depends on the request set the idle timeout only if it does not itself', () => {
    const cookie = () => ({ maxAge: '7d' });
    expect(resolve({ policy, cookie }).engine.idleFollowsCookie).toBe(idle === undefined);
  });
});

it('refuses sessions without an absolute timeout where the policy has one', () => {
  expect(refusalOf({ policy: 'nist-aal2', absoluteTimeout: false })).toMatch(
    /"absoluteTimeout": false was given;/,
  );
  expect(resolve({ policy: 'pci-dss', absoluteTimeout: false }).engine.lifetimes.absoluteTimeout).toBe(false);
});

it('refuses a policy that is not known', () => {
  expect(refusalOf({ policy: 'hipaa' })).toMatch(
    /"policy": "hipaa" was given; accepted: "nist-aal1", "nist-aal2"/,
  );
});
