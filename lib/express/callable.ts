/**
 * Makes a class callable as a function, as older `connect-*` stores do with `Store.call(this)` in their constructors.
 */
export function callable<Class extends abstract new (...args: never[]) => object>(
  Class: Class,
  init: (object: InstanceType<Class>) => void,
): Class {
  return new Proxy(Class, {
    apply(_, object: InstanceType<Class>) {
      init(object);
    },
  });
}
