import { SessionGuard } from './session.guard.js';

/** How deep the objects that a guard holds are looked through. */
const DEPTH = 5;

/**
 * Whether a guard, or one of an array of them, is a {@link SessionGuard} or may ask one: it injects one, holds one, or calls
 * another guard. For a warning alone: of a guard that calls others it is not known whom it asks.
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

/** A class is known by its parents, and by what its decorators note: the types that are injected are there. */
function isDelegating(guard: object, depth: number, seen: Set<unknown>): boolean {
  if (guard === SessionGuard || (guard as { prototype?: unknown }).prototype instanceof SessionGuard)
    return true;
  if (callsGuard(guard)) return true;
  return Reflect.getMetadataKeys(guard).some((key) =>
    leadsThere(Reflect.getMetadata(key, guard), depth, seen),
  );
}

/** Whether the text of a class calls a guard other than the one it extends. No minifier renames the method. */
function callsGuard(guard: unknown): boolean {
  if (typeof guard !== 'function' || guard === Function.prototype) return false;
  return /(?<!\bsuper)\??\.canActivate\b/.test(sourceOf(guard)) || callsGuard(Object.getPrototypeOf(guard));
}

const sourceOf = (method: object): string => Function.prototype.toString.call(method);
