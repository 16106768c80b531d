import { SessionGuard } from './session.guard.js';

/** How deep the objects of a guard are searched. */
const DEPTH = 5;

/**
 * Whether a guard, or one of an array of guards, is a {@link SessionGuard} or may call one: it injects one, has one in
 * a property, or calls another guard. Use it only for a warning, because it cannot know which guard is called.
 */
export function mayAskSessionGuard(guard: unknown): boolean {
  return leadsThere(guard, DEPTH, new Set());
}

function leadsThere(value: unknown, depth: number, seen: Set<unknown>): boolean {
  if (seen.has(value)) return false;
  seen.add(value);
  if (typeof value === 'function') return isDelegating(value, depth, seen);
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  if (value instanceof SessionGuard || callsGuard(value.constructor)) return true;
  return Object.values(value).some((part) => leadsThere(part, depth - 1, seen));
}

/** Checks the parents of a class, and the metadata of its decorators, which contain the injected types. */
function isDelegating(guard: object, depth: number, seen: Set<unknown>): boolean {
  if (guard === SessionGuard || (guard as { prototype?: unknown }).prototype instanceof SessionGuard)
    return true;
  if (callsGuard(guard)) return true;
  return Reflect.getMetadataKeys(guard).some((key) =>
    leadsThere(Reflect.getMetadata(key, guard), depth, seen),
  );
}

/** Whether the source of a class calls a guard other than its parent. Minifiers do not rename the method. */
function callsGuard(guard: unknown): boolean {
  if (typeof guard !== 'function' || guard === Function.prototype) return false;
  return /(?<!\bsuper)\??\.canActivate\b/.test(sourceOf(guard)) || callsGuard(Object.getPrototypeOf(guard));
}

const sourceOf = (method: object): string => Function.prototype.toString.call(method);
