import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../sample/support/embedded-postgres.js';
import type { Part, Stage } from '../part.js';
import { unpack } from '../support/debian.js';
import { install } from '../support/npm.js';
import { findFreePort, serve } from '../support/programs.js';

const TESTS = ['test/contract/sql', 'test/contract/typeorm-postgres.spec'];
/** Each store once, and not with every setting of its driver. */
const ONLY = '^(?!.*(replication|64-bit|single connection)).*(postgres|Pool of pg)';

const VERSIONS = ['15.18.0', '16.14.0', '17.10.0', '18.4.0'].map((version) => `${version}-beta.17`);

async function startPostgres(stage: Stage, version: string): Promise<EmbeddedPostgres> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = await install(`postgres-${version}`, [`${name}@${version}`]);
  const server = await startEmbeddedPostgres({
    dataDir: join(await stage.folder(), 'data'),
    packageDir: join(folder, 'node_modules', name),
    durable: false,
    settings: { max_connections: '300' },
  });
  stage.atEnd(() => server.stop());
  return server;
}

const named = (version: string): string => `PostgreSQL ${version.split('.').slice(0, 2).join('.')}`;

const postgres = (version: string): Part => ({
  name: `postgres-${version.split('.')[0]}`,
  async start(stage) {
    const { url } = await startPostgres(stage, version);
    const tests = TESTS;
    return { versions: named(version), env: { DATABASE_URL: url }, tests, only: ONLY };
  },
});

/** Transaction pooling, with the least and the most that it keeps of prepared statements. */
const pgbouncer = (name: string, release: string, settings: string, only = ONLY): Part => ({
  name: `pgbouncer-${name}`,
  async start(stage) {
    const bouncer = await unpack(release, ['pgbouncer'], { pgbouncer: 'usr/sbin/pgbouncer' });
    const version = VERSIONS.at(-1)!;
    const server = new URL((await startPostgres(stage, version)).url);
    const [folder, port] = [await stage.folder(), await findFreePort()];
    await writeFile(join(folder, 'users.txt'), `"${server.username}" "${server.password}"\n`);
    const lines = [
      '[databases]',
      `* = host=127.0.0.1 port=${server.port}`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
      `auth_type = plain\nauth_file = ${join(folder, 'users.txt')}`,
      'pool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 500\nserver_idle_timeout = 5',
      settings,
    ];
    await writeFile(join(folder, 'pgbouncer.ini'), `${lines.join('\n')}\n`);
    const isRoot = process.getuid?.() === 0; // which it refuses to be
    await serve(stage, port, join(bouncer.bin, 'pgbouncer'), [
      ...(isRoot ? ['-u', 'nobody'] : []),
      join(folder, 'pgbouncer.ini'),
    ]);
    const url = new URL(server.href);
    url.port = String(port);
    return {
      versions: `PgBouncer ${bouncer.version('pgbouncer')} (${settings || 'no prepared statements'}), ${named(version)}`,
      env: { DATABASE_URL: url.href, PGBOUNCER_SERVER: server.href },
      tests: [...TESTS, 'test/servers/specs/pgbouncer'],
      only: `${only}|PgBouncer`,
    };
  },
});

export const POSTGRES_PARTS: readonly Part[] = [
  ...VERSIONS.map(postgres),
  pgbouncer('1.18', 'bookworm', '', ONLY.replace('single connection', '$&|odd time zone')), // knows no startup options
  pgbouncer('unprepared', 'sid', 'max_prepared_statements = 0'),
  pgbouncer('prepared', 'sid', 'max_prepared_statements = 200'),
];
