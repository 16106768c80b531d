import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { run } from './support/command.js';
import { type Project, type Recipe, recipes } from './support/recipes.js';

/** `generate` needs no engine, but would download one. Any program keeps it from that. */
const NO_ENGINE = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };

const DEPLOY = fileURLToPath(new URL('support/prisma-deploy.mjs', import.meta.url));

const ITEMS = 'CREATE TABLE "Item" (id serial PRIMARY KEY, name text NOT NULL);\n';

function prisma(
  { folder, packages, node, env }: Project,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const program = join(packages, 'node_modules', 'prisma', 'build', 'index.js');
  return run(node, [program, ...args], folder, { ...env, ...more });
}

const SESSIONS = '20261129120000_sessions';

/**
 * Deploys a migration file with the SQL of the table, as the page says. The command line downloads the engine that does it.
 * Where it cannot, the same engine out of an npm package does it, which is made for WebAssembly.
 */
async function migrate(project: Project): Promise<void> {
  const { folder, node, env } = project;
  const print = `console.log(require('nest-session/sql').sessionTable('postgres'))`;
  const { stdout } = await run(node, ['-e', print], folder);
  const migrations = join(folder, 'prisma', 'migrations');
  const file = join(migrations, SESSIONS, 'migration.sql');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, ITEMS + stdout);
  writeFileSync(join(migrations, 'migration_lock.toml'), 'provider = "postgresql"\n');
  try {
    await prisma(project, ['migrate', 'deploy']);
  } catch (error) {
    if (!String(error).includes('binaries.prisma.sh')) throw error;
    const deploy = await run(node, [DEPLOY], folder, env);
    expect(JSON.parse(deploy.stdout)).toEqual([SESSIONS]);
    expect(JSON.parse((await run(node, [DEPLOY], folder, env)).stdout)).toEqual([]); // it knows what it has applied
  }
}

const MIKRO_ORM = '7.2.1';

const ALL: readonly Recipe[] = [
  { heading: 'Knex', folder: 'knex', dependencies: { knex: '^3.3.0' } },
  {
    heading: 'MikroORM',
    folder: 'mikro-orm',
    dependencies: {
      '@mikro-orm/core': MIKRO_ORM,
      '@mikro-orm/migrations': MIKRO_ORM,
      '@mikro-orm/nestjs': '^7.1.0',
      '@mikro-orm/postgresql': MIKRO_ORM,
    },
  },
  {
    heading: 'Prisma',
    folder: 'prisma',
    dependencies: {
      '@prisma/adapter-pg': '^7.10.0',
      '@prisma/client': '^7.10.0',
      '@prisma/schema-engine-wasm': '8.1.0-2.59be4fda12412a79eeb9c2ae727b6aa723593323', // the one after that of 7.10
      prisma: '^7.10.0',
    },
    prepare: (project) => prisma(project, ['generate'], NO_ENGINE),
    migrate,
  },
  { heading: 'Sequelize', folder: 'sequelize', dependencies: { sequelize: '^6.37.0', umzug: '^3.8.0' } },
];

recipes(ALL);
