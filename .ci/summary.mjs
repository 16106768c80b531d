// Says how the tests went, and fails where one was passed over: here, everything they need is there. A run that did not get as
// far as its results has failed. Of the runs after --may-skip, tests may be skipped.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { 'may-skip': { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
const resultsIn = (file) => {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  return { testResults: [], numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 };
};
const whole = positionals.map(resultsIn);
const runs = [...whole, ...values['may-skip'].map(resultsIn)];
const sum = (name) => runs.reduce((total, run) => total + run[name], 0);
const skippedIn = (some) =>
  some.flatMap(({ testResults }) =>
    testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status !== 'passed' && status !== 'failed') // pending, todo, skipped, disabled
        .map(({ fullName }) => ({ name, fullName })),
    ),
  );
// The contract suite skips the tests of what a store does not declare that it can do. A test of its own holds that to be so.
const passedOver = skippedIn(whole).filter(
  ({ fullName }) => !fullName.includes('keeps the contract of a session store'),
);
for (const { name, fullName } of passedOver) console.log(`Skipped: ${name}: ${fullName}`);

const failed = sum('numFailedTests') + sum('numRuntimeErrorTestSuites');
const skipped = skippedIn(runs).length;
const tail = skipped > 0 ? `, ${skipped} skipped` : '';
console.log(`${sum('numPassedTests')} passed, ${failed} failed${tail}`);
process.exitCode = failed > 0 || passedOver.length > 0 ? 1 : 0;
