import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import type { ApplicationConfig, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LOGIN, REQUIREMENTS } from '../session.constants.js';
import { SessionGuard } from './session.guard.js';

/**
 * The handlers that `@RequireSession()` or `@RequireLogin()` stands on, but no {@link SessionGuard}: open to everybody,
 * which nobody can have meant.
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
      .map(({ instance, metatype }) => (instance as unknown) ?? metatype),
  ].some(isSessionGuard);
  if (isGlobal) return [];
  return discovery.getControllers().flatMap(({ metatype }) => {
    if (typeof metatype !== 'function' || isGuarded(metatype)) return [];
    const prototype = metatype.prototype as Record<string, unknown>;
    return scanner
      .getAllMethodNames(prototype)
      .filter(
        (name) =>
          (asks(metatype) || asks(prototype[name] as object)) && !isGuarded(prototype[name] as object),
      )
      .map((name) => `${metatype.name}.${name}`);
  });
}

function asks(target: object): boolean {
  return [REQUIREMENTS, LOGIN].some((key) => Reflect.hasMetadata(key, target));
}

function isGuarded(target: object): boolean {
  return ((Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as unknown[]).some(isSessionGuard);
}

function isSessionGuard(guard: unknown): boolean {
  return (
    guard instanceof SessionGuard ||
    (typeof guard === 'function' && (guard === SessionGuard || guard.prototype instanceof SessionGuard))
  );
}
