import { UseGuards } from '@nestjs/common';
import type { ApplicationConfig, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LOGIN, REQUIREMENTS } from '../session.constants.js';
import { mayAskSessionGuard } from './delegated-guards.js';
import { SessionGuard } from './session.guard.js';

/**
 * The handlers with `@RequireSession()` or `@RequireLogin()` but without a {@link SessionGuard} or a guard that may
 * call one. They are not protected, which is probably a mistake.
 */
export function unguardedRoutes(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  config: ApplicationConfig,
): string[] {
  const globals: unknown[] = config.getGlobalGuards();
  // For a factory, its injected tokens are checked, too.
  const factories = discovery.getProviders().filter(({ instance }) => globals.includes(instance));
  const isGlobal = [...globals, ...[...factories, ...config.getGlobalRequestGuards()].map(partsOf)].some(
    mayAskSessionGuard,
  );
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
        return isHandler(handler) && asks(metatype, handler) && !isGuarded(handler);
      })
      .map((name) => `${metatype.name}.${name}`);
  });
}

function partsOf({ metatype, inject }: ReturnType<DiscoveryService['getProviders']>[number]): unknown[] {
  return [metatype, inject];
}

/** Whether a method has a decorator. Nest calls only such methods. */
function isHandler(method: object): boolean {
  return Reflect.getMetadataKeys(method).length > 0;
}

/** Whether a method has a rule, or its class has one that the method does not remove. */
function asks(type: object, method: object): boolean {
  return [REQUIREMENTS, LOGIN].some((key) =>
    Boolean(Reflect.getMetadata(key, method) ?? Reflect.getMetadata(key, type)),
  );
}

function isGuarded(target: object): boolean {
  return mayAskSessionGuard(Reflect.getMetadata(GUARDS, target));
}

/** The metadata key of `@UseGuards()`, which Nest does not export. It is found by applying the decorator. */
const GUARDS: unknown = guardsKey();

function guardsKey(): unknown {
  class Guarded {}
  UseGuards(SessionGuard)(Guarded);
  return Reflect.getOwnMetadataKeys(Guarded)[0];
}
