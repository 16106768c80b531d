// Builds the package, if it has changed, and one sample, and runs the sample: node sample/start.mjs 01-accounts
import { execSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const name = process.argv[2];
const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the folder of the package, and prints what it does. */
function run(text, command) {
  const began = Date.now();
  console.log(`${text} …`);
  try {
    execSync(command, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    process.exit(1); // the command has printed the error
  }
  console.log(`  done in ${Math.ceil((Date.now() - began) / 1000)} s`);
}

/** Whether every file of the build is newer than what it is made of. */
function isBuilt() {
  if (!existsSync(join(root, 'dist/index.cjs'))) return false;
  const timeOf = (path) => statSync(join(root, path)).ctimeMs; // no tool sets this time back
  const timesIn = (folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((path) => timeOf(join(folder, path)));
  const sources = [...timesIn('lib'), ...['package.json', 'tsconfig.json', 'nest-cli.json'].map(timeOf)];
  return Math.min(...timesIn('dist')) > Math.max(...sources);
}

if (!isBuilt()) run('Building nest-session. This can take half a minute', 'npm run --silent build');
run('Building the sample', `npx tsc -p sample/${name}`);
await import(`./${name}/dist/${name}/main.js`);
