/**
 * Describes a value in an error message without showing a possible secret: its type, and the value only of numbers
 * and booleans.
 */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  // Only the name of the class: other properties of the object may come from a request.
  const { constructor } = (Object.getPrototypeOf(value) ?? {}) as { constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name && name !== 'Object' ? `a ${name}` : 'an object';
}

/** As {@link describe}, but shows strings, too: for options that are not secret. */
export function show(value: unknown): string {
  return typeof value === 'string' && value !== '' ? JSON.stringify(value.slice(0, 80)) : describe(value);
}
