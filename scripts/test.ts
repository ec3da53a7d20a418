import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkAll } from './check.ts';
import { bin, projectRoot, run } from './run.ts';

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const reports = join(projectRoot, 'test-results');

function readReport(name: string): Record<string, unknown> {
  const path = join(reports, name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {};
}

const numberAt = (object: Record<string, unknown>, key: string): number => (typeof object[key] === 'number' ? object[key] : 0);

/** A run that ends badly without a failed test in its report (a crash, a suite that does not load) counts as one failure. */
const atLeastOneWhenBad = (failed: number, code: number): number => (code !== 0 && failed === 0 ? 1 : failed);

/** With the fixtures and in CI nothing is skipped but what wants Electron: a skip that nobody reads is a hole. */
const mayNotSkip =
  process.env['CI'] === 'true' && existsSync(join(process.env['SLIPWAY_FIXTURES'] ?? join(projectRoot, '..', 'shared'), 'models'));

/** Counts skips that may not be as failures, and names them. */
function withoutHoles(count: Count, skipped: readonly string[]): Count {
  if (!mayNotSkip || skipped.length === 0) return count;
  process.stderr.write(`skipped, though all that it needs is here:\n${skipped.map((name) => `  ${name}\n`).join('')}`);
  return { ...count, failed: count.failed + skipped.length, skipped: count.skipped - skipped.length };
}

interface SuiteReport {
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

interface SpecReport {
  readonly suites?: readonly SpecReport[];
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly { readonly projectName: string; readonly status: string }[];
  }[];
}

/** Titles of the web shell's specs that were skipped, in a report's tree. */
function skippedInWeb({ suites: inner = [], specs: own = [] }: SpecReport): readonly string[] {
  const skipped = own.filter(({ tests }) => tests.some(({ projectName, status }) => projectName === 'web' && status === 'skipped'));
  return [...skipped.map(({ title }) => title), ...inner.flatMap(skippedInWeb)];
}

async function suites(): Promise<Count> {
  const { code } = await run(
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, 'suites.json')}`],
    { show: true },
  );
  const report = readReport('suites.json');
  const count = {
    passed: numberAt(report, 'numPassedTests'),
    failed: atLeastOneWhenBad(numberAt(report, 'numFailedTests'), code),
    skipped: numberAt(report, 'numPendingTests') + numberAt(report, 'numTodoTests'),
  };
  const results = ((report['testResults'] ?? []) as readonly SuiteReport[]).flatMap(({ assertionResults }) => assertionResults);
  return withoutHoles(
    count,
    results.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
  );
}

async function specs(): Promise<Count> {
  const { code } = await run(bin('playwright'), ['test', '--reporter=list,json'], {
    show: true,
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'specs.json') },
  });
  const report = readReport('specs.json');
  const stats = (report['stats'] ?? {}) as Record<string, unknown>;
  const count = {
    passed: numberAt(stats, 'expected') + numberAt(stats, 'flaky'),
    failed: atLeastOneWhenBad(numberAt(stats, 'unexpected'), code),
    skipped: numberAt(stats, 'skipped'),
  };
  return withoutHoles(count, skippedInWeb(report));
}

// A report of an earlier run must not stand for one that crashed.
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const counts: Count[] = [{ ...(await checkAll()), skipped: 0 }, await suites(), await specs()];
const total = (key: keyof Count): number => counts.reduce((sum, count) => sum + count[key], 0);
const skipped = total('skipped');
process.stdout.write(`${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = total('failed') > 0 || total('passed') === 0 ? 1 : 0;
