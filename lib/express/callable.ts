/**
 * Lets a class be called as a function on an object that is being made, as `Store.call(this)` in the constructors of
 * older `connect-*` stores does.
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
