// A process of its own that runs an embedded server, for the specs about how such a process ends.
// Usage: node postgres-owner.mjs <data folder> <stay | return | exit | throw>
// It prints the server's real data folder and its url as JSON once it is ready.
import { createRequire, Module } from 'node:module';
import swc from '@swc/core';

const require = createRequire(import.meta.url);
const options = { module: { type: 'commonjs' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } };
require.extensions['.ts'] = (module, file) =>
  module._compile(swc.transformFileSync(file, options).code, file);
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) =>
  resolve(
    parent?.filename?.endsWith('.ts') ? request.replace(/^(\..*)\.js$/, '$1.ts') : request,
    parent,
    ...rest,
  );
const { startEmbeddedPostgres } = require('../../sample/support/embedded-postgres.ts');

const [dataDir, ending] = process.argv.slice(2);
const server = await startEmbeddedPostgres({ dataDir, durable: false });
console.log(JSON.stringify({ dataDir: server.dataDir, url: server.url }));
if (ending === 'stay') process.stdin.resume(); // until a signal
if (ending === 'exit') process.exit(0);
if (ending === 'throw') throw new Error('on purpose');
