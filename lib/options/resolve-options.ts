import type { IncomingMessage } from 'node:http';
import { SignedIdCodec } from '../cookie/signed-id.codec.js';
import type { SessionSettings } from '../core/request/session-rules.js';
import { LARGEST_PART, type SessionLifetimes } from '../core/record/lifetime.js';
import { checkedId, type IdScheme, KeyedIds } from '../core/record/session-id.js';
import { SessionSchema } from '../core/record/session-schema.js';
import { cookieValues } from '../cookie/cookie-header.js';
import { messages } from '../errors/messages.js';
import { SessionOptionsError } from '../errors/session-options.error.js';
import { resolveClearSiteData } from './clear-site-data.js';
import { resolveCookie, type ResolvedCookie } from './cookie-options.js';
import { resolveTrustedOrigins } from './csrf-options.js';
import { resolveDeviceBound } from './device-bound-options.js';
import { resolveEncryption, sharesKey } from './encryption-options.js';
import { NEST_HTTP_PROFILE } from './http-profile.js';
import { adviceOn } from './option-advice.js';
import { SessionClock } from './session-clock.js';
import { count, duration, flag, func, oneOf, refuse, refuseWithoutValue } from './option-checks.js';
import { PolicyLimits } from './policy.js';
import type { ResolvedOptions } from './resolved-options.js';
import { veiledSecrets } from './redacted-options.js';
import type { SessionModuleOptions } from './session-options.interface.js';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
const MIN_SECRET_BYTES = 32;

const KNOWN: Record<keyof SessionModuleOptions, true> = {
  secret: true,
  store: true,
  name: true,
  cookie: true,
  idleTimeout: true,
  absoluteTimeout: true,
  policy: true,
  passive: true,
  touchInterval: true,
  rotateInterval: true,
  rotationGrace: true,
  load: true,
  userId: true,
  schema: true,
  version: true,
  migrate: true,
  maxSessionsPerUser: true,
  trackDevice: true,
  encryption: true,
  storeTimeout: true,
  onStoreError: true,
  maxDataBytes: true,
  rolling: true,
  resave: true,
  saveUninitialized: true,
  unset: true,
  genid: true,
  csrf: true,
  clearSiteData: true,
  deviceBound: true,
  proxy: true,
  forRoutes: true,
  exclude: true,
};

/**
 * Checks the options and applies all defaults. Checks and defaults are only here.
 *
 * @throws {@link SessionOptionsError} naming the option, the given value and the accepted ones.
 */
export function resolveOptions(options: SessionModuleOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || Buffer.isBuffer(options))
    refuseWithoutValue('options', options, 'an object with at least a "secret"');
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name))
      throw new SessionOptionsError(messages.optionUnknown(name, Object.keys(KNOWN)));
  }
  const warnings: string[] = [];
  const policy = new PolicyLimits(options.policy);
  const secrets = resolveSecrets(options.secret, warnings);
  const cookie = resolveCookie(options);
  const codec = new SignedIdCodec(secrets);
  const clock = new SessionClock();
  const encryption = resolveEncryption(options.encryption);
  const lifetimes = resolveLifetimes(options, cookie, policy, warnings);
  warnings.push(...adviceOn(options, cookie, lifetimes));
  const storeTimeout = duration('storeTimeout', or(options.storeTimeout, 5_000));
  const deviceBound = resolveDeviceBound(options.deviceBound, cookie, warnings);
  if (encryption !== undefined && sharesKey(encryption, secrets)) warnings.push(messages.keyShared);
  return veiledSecrets({
    engine: {
      now: clock.now,
      lifetimes,
      durationOf: duration,
      idleFollowsCookie:
        (options.idleTimeout ?? policy.idleTimeout) === undefined && cookie.fixed === undefined,
      profile: NEST_HTTP_PROFILE,
      ids: idScheme(options.genid),
      userIdOf: func<(data: never) => unknown>('userId', options.userId, defaultUserId) as (
        data: object,
      ) => unknown,
      schema: resolveSchema(options, storeTimeout),
      maxSessionsPerUser: count('maxSessionsPerUser', options.maxSessionsPerUser, undefined),
      maxDataBytes: count('maxDataBytes', options.maxDataBytes, 1024 * 1024),
      trackDevice: flag('trackDevice', options.trackDevice, true),
      resave: flag('resave', options.resave, false),
      saveUninitialized: flag('saveUninitialized', options.saveUninitialized, false),
      rolling: resolveRolling(options.rolling),
      onStoreError: oneOf('onStoreError', options.onStoreError, ['fail', 'anonymous'], 'fail'),
      bindsDevices: deviceBound !== undefined,
    },
    http: {
      profile: NEST_HTTP_PROFILE,
      cookieName: cookie.name,
      cookieFor: cookie.for,
      load: oneOf('load', options.load, ['eager', 'lazy'], 'eager'),
      unset: oneOf('unset', options.unset, ['keep', 'destroy'], 'keep'),
      proxy: flag('proxy', options.proxy, undefined),
      passive: resolvePassive(options.passive),
      trustedOrigins: resolveTrustedOrigins(options.csrf),
      clearSiteData: resolveClearSiteData(options.clearSiteData),
      codecFor: () => codec,
      tokensOf: ({ headers }) => cookieValues(headers.cookie, cookie.name),
    },
    clock,
    policyCap: policy.cap,
    deviceBound,
    encryption,
    secrets,
    storeTimeout,
    store: options.store,
    forRoutes: someRoutes(list('forRoutes', options.forRoutes)),
    exclude: list('exclude', options.exclude),
    warnings,
  });
}

function resolveSecrets(
  given: SessionModuleOptions['secret'],
  warnings: string[],
): [string | Buffer, ...(string | Buffer)[]] {
  const [first, ...rest] = Array.isArray(given) ? (given as unknown[]) : [given];
  if (first === undefined || first === null || first === '')
    throw new SessionOptionsError(messages.secretMissing);
  const secrets: unknown[] = [first, ...rest];
  secrets.forEach((secret, index) => {
    if (typeof secret !== 'string' && !Buffer.isBuffer(secret)) {
      refuseWithoutValue('secret', secret, 'a string, a Buffer, or an array of them');
    }
    const bytes = Buffer.byteLength(secret);
    if (bytes >= MIN_SECRET_BYTES) return;
    const message = messages.secretShort(index, bytes);
    if (bytes === 0 || process.env.NODE_ENV === 'production') throw new SessionOptionsError(message);
    warnings.push(message);
  });
  return secrets as [string | Buffer, ...(string | Buffer)[]];
}

function resolveLifetimes(
  options: SessionModuleOptions,
  cookie: ResolvedCookie,
  policy: PolicyLimits,
  warnings: string[],
): SessionLifetimes {
  policy.checkMaxAge(cookie.fixed?.maxAge);
  const usualIdle = cookie.fixed?.maxAge ?? policy.idleTimeout ?? DAY;
  const idleTimeout = policy.check(
    'idleTimeout',
    duration('idleTimeout', or(options.idleTimeout, usualIdle)),
  );
  const touchInterval = duration('touchInterval', or(options.touchInterval, MINUTE), { zero: true });
  const rest = Math.min(idleTimeout, cookie.fixed?.maxAge ?? Infinity);
  const rotateInterval = switchable('rotateInterval', or(options.rotateInterval, false));
  const rotationGrace = duration('rotationGrace', or(options.rotationGrace, 30_000), { zero: true });
  if (rotateInterval !== false && rotateInterval <= rotationGrace) {
    refuse('rotateInterval', rotateInterval, `more than "rotationGrace" (${rotationGrace} ms), or false`);
  }
  const usualAbsolute = policy.absoluteTimeout ?? 30 * DAY;
  const absoluteTimeout = policy.check(
    'absoluteTimeout',
    switchable('absoluteTimeout', or(options.absoluteTimeout, usualAbsolute)),
  );
  if (absoluteTimeout !== false) {
    // A default without effect needs no warning.
    if (options.idleTimeout !== undefined && idleTimeout > absoluteTimeout)
      warnings.push(messages.neverReached('idleTimeout', idleTimeout, absoluteTimeout));
    if (rotateInterval !== false && rotateInterval >= absoluteTimeout)
      warnings.push(messages.neverReached('rotateInterval', rotateInterval, absoluteTimeout));
  }
  return {
    idleTimeout,
    absoluteTimeout,
    longestIdle: policy.idleTimeout,
    touchInterval: Math.min(touchInterval, rest * LARGEST_PART),
    rotateInterval,
    rotationGrace,
  };
}

/** Only `undefined` selects the default; `null` is refused. */
function or<Given, Default>(given: Given | undefined, fallback: Default): Given | Default {
  return given === undefined ? fallback : given;
}

function switchable(name: string, given: unknown): number | false {
  return given === false ? false : duration(name, given, { also: ', or false' });
}

function list<Item>(name: string, given: Item[] | undefined): Item[] | undefined {
  return given === undefined || Array.isArray(given) ? given : refuse(name, given, 'an array of routes');
}

/** Refuses an empty list, because no route would have a session. */
function someRoutes<Item>(routes: Item[] | undefined): Item[] | undefined {
  return routes?.length === 0 ? refuse('forRoutes', routes, 'an array of one or more routes') : routes;
}

function resolveSchema(
  { schema, version, migrate }: SessionModuleOptions,
  timeout: number,
): SessionSchema | undefined {
  const validate: unknown = (schema as { '~standard'?: { validate?: unknown } } | undefined)?.['~standard']
    ?.validate;
  if (schema !== undefined && typeof validate !== 'function')
    refuse('schema', schema, 'a Standard Schema, such as one of zod, valibot or arktype');
  count('version', version, undefined);
  if (migrate !== undefined) func('migrate', migrate, migrate);
  if (migrate !== undefined && version === undefined)
    refuse('version', version, 'the number of the version that "migrate" converts data to');
  return schema === undefined && version === undefined
    ? undefined
    : new SessionSchema({ schema, version, migrate, timeout });
}

function idScheme(genid: SessionModuleOptions['genid']): IdScheme {
  if (genid === undefined) return new KeyedIds();
  const generate = func('genid', genid, genid);
  return new KeyedIds((request) => checkedId(generate(request as IncomingMessage)));
}

function resolvePassive(passive: SessionModuleOptions['passive']): SessionModuleOptions['passive'] {
  if (passive === undefined) return undefined;
  func('passive', passive, passive);
  return (request) => flag('passive() result', passive(request), false);
}

function resolveRolling(given: SessionModuleOptions['rolling']): SessionSettings['rolling'] {
  const isRolling = flag('rolling', given, undefined);
  return isRolling === undefined ? 'touch' : isRolling ? 'always' : 'never';
}

function defaultUserId(data: object): unknown {
  const { userId, passport } = data as { userId?: unknown; passport?: { user?: unknown } | null };
  return userId ?? passport?.user;
}
