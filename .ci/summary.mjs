// Says how the tests went, and fails where one was passed over: here, everything they need is there.
import { readFileSync } from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const skipped = results.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter(({ status }) => status !== 'passed' && status !== 'failed') // pending, todo, skipped, disabled
    .map(({ fullName }) => `Skipped: ${name}: ${fullName}`),
);
for (const line of skipped) console.log(line);

const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${results.numPassedTests} passed, ${failed} failed${tail}`);
process.exitCode = failed > 0 || skipped.length > 0 ? 1 : 0;
