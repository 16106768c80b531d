import { UseGuards } from '@nestjs/common';
import type { ApplicationConfig, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LOGIN, REQUIREMENTS } from '../session.constants.js';
import { mayAskSessionGuard } from './delegated-guards.js';
import { SessionGuard } from './session.guard.js';

/**
 * The handlers that `@RequireSession()` or `@RequireLogin()` stands on, but no {@link SessionGuard}, nor a guard that may
 * ask one: open to everybody, which nobody can have meant.
 */
export function unguardedRoutes(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  config: ApplicationConfig,
): string[] {
  const isGlobal = [
    ...config.getGlobalGuards(),
    ...config.getGlobalRequestGuards().map(({ metatype }) => metatype),
    ...discovery
      .getProviders()
      .filter(({ token }) => String(token).startsWith('APP_GUARD'))
      .map(({ instance, metatype, inject }) => [instance, metatype, inject] as unknown[]),
  ].some(mayAskSessionGuard);
  if (isGlobal) return [];
  // Gateways and resolvers are providers.
  return [...discovery.getControllers(), ...discovery.getProviders()].flatMap(({ metatype }) => {
    if (typeof metatype !== 'function' || isGuarded(metatype)) return [];
    const prototype = metatype.prototype as Record<string, object> | undefined;
    if (prototype === undefined) return [];
    return scanner
      .getAllMethodNames(prototype)
      .filter((name) => {
        const handler = prototype[name]!;
        return isHandler(handler) && (asks(metatype) || asks(handler)) && !isGuarded(handler);
      })
      .map((name) => `${metatype.name}.${name}`);
  });
}

/** Whether a decorator stands on a method: the others of a class are called by nobody but itself. */
function isHandler(method: object): boolean {
  return Reflect.getMetadataKeys(method).length > 0;
}

function asks(target: object): boolean {
  return [REQUIREMENTS, LOGIN].some((key) => Reflect.hasMetadata(key, target));
}

function isGuarded(target: object): boolean {
  return mayAskSessionGuard(Reflect.getMetadata(GUARDS, target));
}

/** What `@UseGuards()` notes guards under, found out from what it does. */
const GUARDS: unknown = guardsKey();

function guardsKey(): unknown {
  class Guarded {}
  UseGuards(SessionGuard)(Guarded);
  return Reflect.getOwnMetadataKeys(Guarded)[0];
}
