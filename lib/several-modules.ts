import type { DiscoveryService } from '@nestjs/core';
import { messages } from './errors/messages.js';
import { SessionOptionsError } from './errors/session-options.error.js';
import { SESSION_RUNTIME } from './session.constants.js';
import type { SessionRuntime } from './session.runtime.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Host = NonNullable<Wrapper['host']>;

/** One `SessionModule` of an application. */
interface Sessions {
  readonly runtime: SessionRuntime;
  readonly host: Host;
}

/**
 * Separates several `SessionModule`s of an application. The sessions of `runtime` do not serve the classes of modules that
 * import only another `SessionModule`.
 *
 * @throws SessionOptionsError if it is not clear whose session a request has.
 */
export function separateModules(runtime: SessionRuntime, discovery: DiscoveryService): void {
  const all = sessionsIn(discovery);
  if (all.length < 2) return;
  const faults = faultsOf(all);
  if (faults.length > 0)
    throw new SessionOptionsError(messages.severalModules(all.length, faults.join('; ')));
  if (sharesSecret(all)) runtime.warnOnce(messages.secretOfSeveral);
  const isOwn = (sessions: Sessions): boolean => sessions.runtime === runtime;
  const own = classesOf(all.filter(isOwn), discovery);
  const others = classesOf(
    all.filter((sessions) => !isOwn(sessions)),
    discovery,
  );
  runtime.context.serves = (type) => own.has(type) || !others.has(type);
}

function sessionsIn(discovery: DiscoveryService): Sessions[] {
  return discovery
    .getProviders()
    .filter(({ token }) => token === SESSION_RUNTIME)
    .map(({ instance, host }) => ({ runtime: instance as SessionRuntime, host: host! }));
}

function faultsOf(all: readonly Sessions[]): string[] {
  const names = all.map(nameOf);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [
    ...[...twice].map((name) => `"name": several have the cookie "${name}"`),
    ...pathsOfSeveral(all).map((path) => `"deviceBound.path": several have "${path}"`),
    ...all
      .filter(({ host }) => host.isGlobal)
      .map((sessions) => `"isGlobal": the one with the cookie "${nameOf(sessions)}" is global`),
    ...all
      .filter(({ runtime }) => runtime.options.forRoutes === undefined)
      .map((sessions) => `"forRoutes": the one with the cookie "${nameOf(sessions)}" applies everywhere`),
  ];
}

/** The paths of endpoints that belong to several modules. */
function pathsOfSeveral(all: readonly Sessions[]): string[] {
  const paths = all.flatMap(({ runtime }) => runtime.options.deviceBound?.path ?? []);
  return [...new Set(paths.filter((path, index) => paths.indexOf(path) !== index))];
}

function nameOf({ runtime }: Sessions): string {
  return runtime.options.http.cookieName;
}

function sharesSecret(all: readonly Sessions[]): boolean {
  const secrets = all.flatMap(({ runtime }) => [
    ...new Set(runtime.options.secrets.map((secret) => Buffer.from(secret as string).toString('base64'))),
  ]);
  return new Set(secrets).size < secrets.length;
}

/** The controllers, gateways and resolvers of modules that import one of these. */
function classesOf(some: readonly Sessions[], discovery: DiscoveryService): Set<unknown> {
  const wrappers: Wrapper[] = [...discovery.getControllers(), ...discovery.getProviders()];
  const isFor = ({ host }: Wrapper): boolean => some.some((sessions) => host?.imports.has(sessions.host));
  return new Set(wrappers.filter(isFor).map(({ metatype }) => metatype));
}
