import { UseGuards } from '@nestjs/common';
import type { ApplicationConfig, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LOGIN, REQUIREMENTS } from '../session.constants.js';
import { mayAskSessionGuard } from './delegated-guards.js';
import { SessionGuard } from './session.guard.js';

/**
 * The handlers with `@RequireSession()` or `@RequireLogin()`, but without a {@link SessionGuard} or a guard that may ask
 * one: they are open to everybody, which is surely a mistake.
 */
export function unguardedRoutes(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  config: ApplicationConfig,
): string[] {
  const globals: unknown[] = config.getGlobalGuards();
  // For a factory, its injected tokens count, too.
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

/** Whether a method has a decorator. Nest calls no others. */
function isHandler(method: object): boolean {
  return Reflect.getMetadataKeys(method).length > 0;
}

/** Whether a method asks for something, or its class does and the method does not take it back. */
function asks(type: object, method: object): boolean {
  return [REQUIREMENTS, LOGIN].some((key) =>
    Boolean(Reflect.getMetadata(key, method) ?? Reflect.getMetadata(key, type)),
  );
}

function isGuarded(target: object): boolean {
  return mayAskSessionGuard(Reflect.getMetadata(GUARDS, target));
}

/** The metadata key of `@UseGuards()`, which Nest does not export: found by using the decorator. */
const GUARDS: unknown = guardsKey();

function guardsKey(): unknown {
  class Guarded {}
  UseGuards(SessionGuard)(Guarded);
  return Reflect.getOwnMetadataKeys(Guarded)[0];
}
