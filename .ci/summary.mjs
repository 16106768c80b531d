// Says how the tests went, and fails where one was passed over: here, everything they need is there. A run that did not get as
// far as its results has failed.
import { existsSync, readFileSync } from 'node:fs';

const runs = process.argv.slice(2).map((file) => {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  return { testResults: [], numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 };
});
const sum = (name) => runs.reduce((total, run) => total + run[name], 0);
const skipped = runs.flatMap(({ testResults }) =>
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed') // pending, todo, skipped, disabled
      .map(({ fullName }) => ({ name, fullName })),
  ),
);
// The contract suite skips the tests of what a store does not declare that it can do. A test of its own holds that to be so.
const passedOver = skipped.filter(
  ({ fullName }) => !fullName.includes('keeps the contract of a session store'),
);
for (const { name, fullName } of passedOver) console.log(`Skipped: ${name}: ${fullName}`);

const failed = sum('numFailedTests') + sum('numRuntimeErrorTestSuites');
const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${sum('numPassedTests')} passed, ${failed} failed${tail}`);
process.exitCode = failed > 0 || passedOver.length > 0 ? 1 : 0;
