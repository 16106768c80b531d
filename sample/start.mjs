// Builds the package and one sample, and runs the sample: node sample/start.mjs 01-accounts
import { execSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const name = process.argv[2];

/** Runs a command in the folder of the package, and prints what it does. */
function run(text, command) {
  const began = Date.now();
  console.log(`${text} …`);
  try {
    execSync(command, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch {
    process.exit(1); // the command has printed the error
  }
  console.log(`  done in ${Math.ceil((Date.now() - began) / 1000)} s`);
}

run('Building nest-session. This can take half a minute', 'npm run --silent build');
run('Building the sample', `npx tsc -p sample/${name}`);
await import(`./${name}/dist/${name}/main.js`);
