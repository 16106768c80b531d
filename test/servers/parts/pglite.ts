import { join } from 'node:path';
import type { Part } from '../part.js';
import { install, versionOf } from '../support/npm.js';
import { findFreePort, serve } from '../support/programs.js';

const SOCKET = '@electric-sql/pglite-socket';
const PGLITE = '@electric-sql/pglite';

export const PGLITE_PART: Part = {
  name: 'pglite',
  async start(stage) {
    const folder = await install('pglite', [`${SOCKET}@0.2.17`, `${PGLITE}@0.5`]);
    const port = await findFreePort();
    const script = join(folder, 'node_modules', SOCKET, 'dist/scripts/server.js');
    await serve(stage, port, process.execPath, [script, `--port=${port}`, '--max-connections=4']);
    return {
      versions: `PGlite ${await versionOf(folder, PGLITE)}, pglite-socket ${await versionOf(folder, SOCKET)}`,
      env: { PGLITE_URL: `postgresql://postgres@127.0.0.1:${port}/postgres` },
      tests: ['test/servers/specs/pglite'],
    };
  },
};
