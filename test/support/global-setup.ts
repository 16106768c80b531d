import { createRequire, Module } from 'node:module';
import type * as Desk from './resources/desk.js';

// Jest loads this file outside its module registry, as CommonJS, where nothing maps `.js` to `.ts`: its transform is reached
// by asking for the `.ts` file itself, also on behalf of the files that this one imports.
const { ResourceDesk } = withSources(
  () => createRequire(import.meta.url)('./resources/desk.ts') as typeof Desk,
);

declare global {
  /** For global-teardown.ts and the reporter. */
  var testResources: Desk.ResourceDesk | undefined;
}

/** Starts nothing. It opens a desk where specs ask for what they need (resources/find.ts). */
export default async function globalSetup(): Promise<void> {
  const desk = new ResourceDesk();
  if (process.env.CI_SERVERS === 'required') await desk.requireAll();
  globalThis.testResources = desk;
  process.env.TEST_RESOURCES_PORT = String(await desk.open());
  process.env.NO_DEPRECATION ??= 'express-session'; // which is used in every way that it allows
}

/** While `load` runs, a `.ts` file that imports `./name.js` gets `./name.ts`. */
function withSources<Result>(load: () => Result): Result {
  type Resolve = (request: string, parent?: { filename?: string | null }, ...rest: unknown[]) => string;
  const loader = Module as unknown as { _resolveFilename: Resolve };
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (request, parent, ...rest) => {
    const inSource = request.startsWith('.') && parent?.filename?.endsWith('.ts');
    return resolve(inSource ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
  };
  try {
    return load();
  } finally {
    loader._resolveFilename = resolve;
  }
}
