// How Jest loads modules here. The sources (`.ts`) are loaded afresh for each file of tests. What they import from packages and
// from Node.js is loaded by Node.js itself, and so once in a worker: to load Nest, TypeORM and the drivers again for every file
// took longer than most tests.
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script, SourceTextModule, SyntheticModule } from 'node:vm';
import JestRuntime from 'jest-runtime';

const ESM = {
  isInternalModule: false,
  supportsDynamicImport: true,
  supportsExportNamespaceFrom: true,
  supportsStaticESM: true,
  supportsTopLevelAwait: true,
};

/** What the worker has transformed and compiled: no source changes while Jest runs. */
const sources = new Map();
const scripts = new Map();

export default class Runtime extends JestRuntime {
  #mapped;
  #modules = new Map();
  #mocks = new Map();
  /** The links under way. A module that is being linked cannot be linked a second time. */
  #linking = Promise.resolve();

  constructor(config, ...rest) {
    super(config, ...rest);
    this.#mapped = config.moduleNameMapper.map(([pattern, target]) => [new RegExp(pattern), target]);
    this.coreModule.require = createRequire(import.meta.url);
    this.executor.compile = (source, filename) => this.#compile(source, filename);
  }

  /** Jest would have `process` hand out its own modules. */
  installGetBuiltinModule() {}

  async unstable_importModule(path) {
    return this.#import(await this.#moduleOf(path));
  }

  setModuleMock(_from, name, factory) {
    this.#mocks.set(name, factory);
  }

  teardown() {
    this.#modules.clear();
    this.#mocks.clear();
    super.teardown();
  }

  /** The module that an `import` of `specifier` in the file `from` gets. */
  #resolve(specifier, from) {
    if (this.#mocks.has(specifier)) return this.#once(`mock ${specifier}`, () => this.#mockOf(specifier));
    if (specifier === '@jest/globals')
      return this.#once(`globals of ${from}`, () => this.jestGlobals.esmGlobalsModule(from, undefined));
    const path = this.#pathOf(specifier, from);
    return path === undefined ? this.#once(specifier, () => foreign(specifier)) : this.#moduleOf(path);
  }

  /** The path of a source; undefined for what Node.js loads. */
  #pathOf(specifier, from) {
    if (isBuiltin(specifier)) return undefined;
    for (const [pattern, target] of this.#mapped)
      if (pattern.test(specifier) && !specifier.startsWith('.')) return target;
    if (!specifier.startsWith('.')) return undefined;
    const path = fileURLToPath(new URL(specifier, pathToFileURL(from))).replace(/\.js$/, '.ts');
    return path;
  }

  #moduleOf(path) {
    return this.#once(path, () =>
      path.endsWith('.ts') ? this.#source(path) : foreign(pathToFileURL(path).href),
    );
  }

  #once(key, create) {
    let module = this.#modules.get(key);
    if (module === undefined) this.#modules.set(key, (module = create()));
    return module;
  }

  #source(path) {
    let source = sources.get(path);
    if (source === undefined) {
      const code = this.transformCache.transform(path, ESM);
      sources.set(path, (source = { code, map: this.getSourceMaps().get(path) }));
    }
    this.getSourceMaps().set(path, source.map);
    return new SourceTextModule(source.code, {
      identifier: path,
      importModuleDynamically: async (specifier) => this.#import(await this.#resolve(specifier, path)),
      initializeImportMeta: (meta) => {
        meta.url = pathToFileURL(path).href;
        meta.filename = path;
        meta.dirname = dirname(path);
      },
    });
  }

  async #mockOf(name) {
    return fromObject(`mock ${name}`, await this.#mocks.get(name)());
  }

  async #import(module) {
    const linking = this.#linking.then(async () => {
      if (module.status === 'unlinked')
        await module.link((specifier, { identifier }) => this.#resolve(specifier, identifier));
    });
    this.#linking = linking.catch(() => undefined);
    await linking;
    await module.evaluate();
    return module;
  }

  /** Jest's own modules, which are of one file of tests as well. */
  #compile(source, filename) {
    let script = scripts.get(filename);
    if (script === undefined) {
      const parameters = this.executor.injectedModuleParameters.join(', ');
      script = new Script(`(function (${parameters}) {${source}\n})`, { filename });
      scripts.set(filename, script);
    }
    return script.runInThisContext();
  }
}

const foreigners = new Map();

function foreign(specifier) {
  let module = foreigners.get(specifier);
  if (module === undefined)
    foreigners.set(
      specifier,
      (module = import(specifier).then((namespace) => fromObject(specifier, namespace))),
    );
  return module;
}

async function fromObject(identifier, exports) {
  const names = Object.keys(exports);
  const module = new SyntheticModule(
    names,
    () => {
      for (const name of names) module.setExport(name, exports[name]);
    },
    { identifier },
  );
  return module;
}
