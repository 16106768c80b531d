// What a run prints: a failure as soon as its file is done, and at the end what was skipped, what took long, and the numbers.
// More than one file passes without a word; `--verbose` names the tests.
import { relative } from 'node:path';

const SLOWEST = 10;
const seconds = (milliseconds) => `${(milliseconds / 1_000).toFixed(1)} s`;

export default class Reporter {
  #config;

  constructor(config) {
    this.#config = config;
  }

  onRunStart(results) {
    this.#progress(results);
  }

  onTestResult(_test, result, results) {
    this.#progress(undefined);
    const name = this.#nameOf(result);
    for (const { message, origin } of result.console ?? []) print(`${message}\n    ${firstPlace(origin)}\n`);
    if (result.failureMessage) print(`FAIL ${name}\n${result.failureMessage}`);
    else if (this.#config.verbose || results.numTotalTestSuites === 1) {
      print(`PASS ${name}`);
      for (const { status, fullName, duration } of this.#config.verbose ? result.testResults : [])
        print(`  ${status === 'passed' ? '✓' : status} ${fullName} (${duration ?? 0} ms)`);
    }
    this.#progress(results);
  }

  onRunComplete(_contexts, results) {
    this.#progress(undefined);
    const took = results.testResults.map((result) => [
      result.perfStats.end - result.perfStats.start,
      this.#nameOf(result),
    ]);
    if (took.length > 1) {
      print('The slowest files:');
      for (const [time, name] of took.sort((a, b) => b[0] - a[0]).slice(0, SLOWEST))
        print(`${seconds(time).padStart(9)}  ${name}`);
      print('');
    }
    for (const line of skippedIn(results)) print(line);
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, startTime } = results;
    const numbers = [`${numPassedTests} passed`, `${numFailedTests} failed`];
    if (numRuntimeErrorTestSuites > 0) numbers.push(`${numRuntimeErrorTestSuites} files did not run`);
    if (numPendingTests > 0) numbers.push(`${numPendingTests} skipped`);
    print(`${numbers.join(', ')} in ${took.length} files, ${seconds(Date.now() - startTime)}`);
  }

  #nameOf({ testFilePath }) {
    return relative(this.#config.rootDir, testFilePath);
  }

  /** In a terminal, the last line says how far the run is. */
  #progress(results) {
    if (!process.stderr.isTTY) return;
    process.stderr.write('\r\x1b[K');
    if (results === undefined) return;
    const { numFailedTests, numTotalTestSuites, numPassedTestSuites, numFailedTestSuites } = results;
    const done = numPassedTestSuites + numFailedTestSuites;
    process.stderr.write(`${done} of ${numTotalTestSuites} files, ${numFailedTests} tests failed`);
  }
}

/** What was skipped, why, and what to do about it. */
function skippedIn(results) {
  // The contract suite skips what a store does not declare that it can do.
  const undeclared = (test) => test.fullName.includes('keeps the contract of a session store');
  const skipped = results.testResults
    .flatMap(({ testResults }) => testResults)
    .filter(({ status }) => ['pending', 'skipped', 'todo', 'disabled'].includes(status));
  const missing = globalThis.testResources?.missing ?? [];
  const lines = missing.map(({ name, remedy }) => `Skipped: tests that need ${name}. To run them: ${remedy}`);
  const capabilities = skipped.filter(undeclared).length;
  if (capabilities > 0)
    lines.push(`Skipped: ${capabilities} contract tests of capabilities that a store does not declare.`);
  return lines.length > 0 ? [...lines, ''] : lines;
}

function firstPlace(origin) {
  return /\(?([^\s(]+:\d+:\d+)\)?/.exec(origin ?? '')?.[1] ?? '';
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
