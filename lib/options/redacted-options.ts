import { inspect } from 'node:util';
import { describe } from '../errors/describe.js';

/** The text that replaces a secret. */
const SECRET = '[secret]';

/**
 * A copy of an object with the same values. In JSON and when Node.js prints it, it shows other values. Copying its
 * properties copies the real values.
 *
 * @param shown - The values to show, by property.
 */
function veiled<T extends object>(object: T, shown: { readonly [Name in keyof T]?: string }): T {
  const copy = copyOf(object);
  const isHidden = (name: string): name is keyof T & string => Object.hasOwn(shown, name) && name in copy;
  for (const name of Object.keys(shown)) {
    if (!isHidden(name) || copy[name] === undefined) continue;
    const value = copy[name];
    Object.defineProperty(copy, name, { get: () => value, enumerable: true, configurable: true });
  }
  const show = (): object =>
    Object.fromEntries(
      Object.entries(copy).map(([name, value]) => [
        name,
        isHidden(name) && value !== undefined ? shown[name] : (value as unknown),
      ]),
    );
  return Object.defineProperties(copy, {
    toJSON: { value: show, configurable: true },
    [inspect.custom]: { value: show, configurable: true },
  });
}

/** The module's options for injection. They show no secrets when they are printed. */
export function redactedOptions<Options>(options: Options): Options {
  if (!isObject(options)) return options;
  const { encryption, store } = options as { encryption?: unknown; store?: unknown };
  const copy = copyOf(options);
  if (isObject(encryption))
    Object.assign(copy, { encryption: veiled(encryption as { keys?: unknown }, { keys: SECRET }) });
  // A store of another package may show its URL, which contains the password.
  return veiled(copy as Options & { secret?: unknown; store?: unknown }, {
    secret: SECRET,
    store: `[${describe(store)}]`,
  });
}

/** The checked options. They show no secrets when they are printed. */
export function veiledSecrets<Options extends { secrets: unknown; store: unknown }>(
  options: Options,
): Options {
  return veiled<{ secrets: unknown; store: unknown }>(options, {
    secrets: SECRET,
    store: `[${describe(options.store)}]`,
  }) as Options;
}

/** A copy of the same class, whose properties can be changed. */
function copyOf<T extends object>(object: T): T {
  const copy = Object.create(Object.getPrototypeOf(object) as object | null) as T;
  for (const name of Reflect.ownKeys(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, name)!;
    const isValue = 'value' in descriptor;
    Object.defineProperty(copy, name, {
      ...descriptor,
      configurable: true,
      ...(isValue && { writable: true }),
    });
  }
  return copy;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
