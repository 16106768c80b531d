/* global WebAssembly */
// What `prisma migrate deploy` asks of Prisma's schema engine, asked of the engine that npm has. Runs in the folder of an application.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(resolve('package.json'));
const importFrom = (name) => import(pathToFileURL(require.resolve(name)).href);

const { PrismaPg } = await importFrom('@prisma/adapter-pg');
const { bindMigrationAwareSqlAdapterFactory } = await importFrom('@prisma/driver-adapter-utils');
const folder = dirname(require.resolve('@prisma/schema-engine-wasm'));
const glue = await import(pathToFileURL(join(folder, 'schema_engine_bg.js')).href);
const bytes = await readFile(join(folder, 'schema_engine_bg.wasm'));
const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

const baseDir = resolve('prisma/migrations');
const entries = await readdir(baseDir, { withFileTypes: true });
const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
const read = (...path) => readFile(join(baseDir, ...path), 'utf8');
const migrationDirectories = [];
for (const path of names.sort()) {
  const content = { tag: 'ok', value: await read(path, 'migration.sql') };
  migrationDirectories.push({ path, migrationFile: { path: 'migration.sql', content } });
}
const lockfile = { path: 'migration_lock.toml', content: await read('migration_lock.toml') };

const schema = await readFile('prisma/schema.prisma', 'utf8');
const adapter = bindMigrationAwareSqlAdapterFactory(
  new PrismaPg({ connectionString: process.env.DATABASE_URL }),
);
const engine = await glue.SchemaEngine.new(
  { datamodels: [['schema.prisma', schema]] },
  () => undefined,
  adapter,
);
const { appliedMigrationNames } = await engine.applyMigrations({
  migrationsList: { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories },
  filters: { externalTables: ['public.nest_session'], externalEnums: [] },
});
console.log(JSON.stringify(appliedMigrationNames));
process.exit(0);
