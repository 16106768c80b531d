// Tests run in the realm of their worker, as the package does in an application: an Error of Node.js is an Error, and a global
// costs nothing. (The usual environments of Jest run each file in a context of its own.) Each file still loads the sources afresh
// (runtime.mjs), and finds the globals and the environment variables that the worker began with.
import { LegacyFakeTimers, ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';
import { createRequire } from 'node:module';

// Under these names Jest looks for what fake timers may not replace.
for (const [name, value] of [
  ['jest-native-promise', Promise],
  ['jest-native-now', Date.now.bind(Date)],
])
  Object.defineProperty(globalThis, Symbol.for(name), { value });

/** Where `expect` keeps which test runs, and equality testers. */
const EXPECT = Symbol.for('$$jest-matchers-object');

const { cache, resolve } = createRequire(import.meta.url);

/** Passport keeps strategies and (de)serializers for the whole process: the next file begins with none. */
function forgetPassport() {
  const passport = cache[resolve('passport')]?.exports;
  if (passport === undefined) return;
  Object.assign(passport, { _strategies: {}, _serializers: [], _deserializers: [], _infoTransformers: [] });
  passport.init();
}

/** Where jest-circus keeps who hears its events: those of one file. */
const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');

export default class Environment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  #variables = { ...process.env };
  #exit = process.exit;

  constructor({ projectConfig: config }) {
    this.fakeTimersModern = new ModernFakeTimers({ config, global: globalThis });
    this.fakeTimers = new LegacyFakeTimers({
      config,
      global: globalThis,
      moduleMocker: this.moduleMocker,
      timerConfig: { idToRef: (id) => id, refToId: (timer) => timer },
    });
  }

  async setup() {}

  async teardown() {
    this.fakeTimers.dispose();
    this.fakeTimersModern.dispose();
    process.exit = this.#exit;
    forgetPassport();
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
    delete globalThis[EVENT_HANDLERS];
    const { state, customEqualityTesters } = globalThis[EXPECT];
    state.currentTestName = undefined;
    customEqualityTesters.length = 0;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return globalThis;
  }
}
