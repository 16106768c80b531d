import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../../sample/support/embedded-postgres.js';
import type { Part } from '../part.js';
import { unpack, writeCommand } from '../support/debian.js';
import { startMongoGateway } from '../support/mongo-gateway.js';
import type { Bson } from '../support/mongo-wire.js';
import { install, versionOf } from '../support/npm.js';

const DEBIAN = 'postgresql-18-documentdb';
const BIN = 'usr/lib/postgresql/18/bin';

/** The folder of PostgreSQL with the extension, in the form that the starter of the embedded one takes. */
async function documentDb(): Promise<{ readonly packageDir: string; readonly versions: string }> {
  const { root, bin, version } = await unpack('sid', [DEBIAN], { initdb: `${BIN}/initdb` });
  // initdb runs the server that is beside it, so there the command has to be, and the program beside it.
  const program = join(root, BIN, 'postgres.program');
  if (!existsSync(program)) await rename(join(root, BIN, 'postgres'), program);
  for (const command of [join(root, BIN, 'postgres'), join(bin, 'postgres')])
    await writeCommand(root, `${BIN}/postgres.program`, command);
  const packageDir = join(dirname(bin), 'package');
  await rm(packageDir, { recursive: true, force: true });
  await mkdir(join(packageDir, 'native'), { recursive: true });
  await symlink(bin, join(packageDir, 'native/bin'));
  for (const name of ['lib', 'share'])
    await symlink(join(root, 'usr', name), join(packageDir, 'native', name));
  // What Debian does when it installs the package.
  const control = join(root, 'usr/share/postgresql/18/extension/postgis.control');
  if (!existsSync(control)) await symlink('postgis-3.control', control);
  return { packageDir, versions: `DocumentDB ${version(DEBIAN)} on PostgreSQL ${version('postgresql-18')}` };
}

export const MONGO_PART: Part = {
  name: 'connect-mongo',
  async start(stage) {
    const packages = ['connect-mongo@6', 'mongodb@7', 'express-session@1'];
    const folder = await install('connect-mongo', packages);
    const { packageDir, versions } = await documentDb();
    const libraries = ['pg_cron', 'pg_documentdb_core', 'pg_documentdb'];
    const server = await startEmbeddedPostgres({
      packageDir,
      dataDir: join(await stage.folder(), 'data'),
      durable: false,
      settings: {
        shared_preload_libraries: libraries.join(','),
        'cron.database_name': 'postgres',
        'cron.use_background_workers': 'on',
      },
    });
    stage.atEnd(() => server.stop());
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    // The extension connects to its own server, and has no password for that.
    await writeFile(join(server.dataDir, 'cluster/pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n');
    await client.query('SELECT pg_reload_conf()');
    await client.query('CREATE EXTENSION documentdb CASCADE');
    await client.end();
    const bson = createRequire(join(folder, 'package.json'))('bson') as Bson;
    const port = await startMongoGateway(stage, server.url, bson);
    const [store, driver] = [await versionOf(folder, 'connect-mongo'), await versionOf(folder, 'mongodb')];
    return {
      versions: `connect-mongo ${store} with mongodb ${driver}, ${versions}, behind the gateway of these tests`,
      env: { CONNECT_MONGO: JSON.stringify({ folder, url: `mongodb://127.0.0.1:${port}/` }) },
      tests: [
        'test/e2e/express-stores',
        'test/e2e/express/connect-stores',
        'test/servers/specs/connect-mongo',
      ],
      only: 'connect-mongo',
    };
  },
};
