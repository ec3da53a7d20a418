import { existsSync, mkdirSync, readFileSync } from 'node:fs';
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

async function suites(): Promise<Count> {
  const { code } = await run(
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, 'suites.json')}`],
    { show: true },
  );
  const report = readReport('suites.json');
  return {
    passed: numberAt(report, 'numPassedTests'),
    failed: atLeastOneWhenBad(numberAt(report, 'numFailedTests'), code),
    skipped: numberAt(report, 'numPendingTests') + numberAt(report, 'numTodoTests'),
  };
}

async function specs(): Promise<Count> {
  const { code } = await run(bin('playwright'), ['test', '--reporter=list,json'], {
    show: true,
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'specs.json') },
  });
  const stats = (readReport('specs.json')['stats'] ?? {}) as Record<string, unknown>;
  return {
    passed: numberAt(stats, 'expected') + numberAt(stats, 'flaky'),
    failed: atLeastOneWhenBad(numberAt(stats, 'unexpected'), code),
    skipped: numberAt(stats, 'skipped'),
  };
}

mkdirSync(reports, { recursive: true });
const counts: Count[] = [{ ...(await checkAll()), skipped: 0 }, await suites(), await specs()];
const total = (key: keyof Count): number => counts.reduce((sum, count) => sum + count[key], 0);
const skipped = total('skipped');
process.stdout.write(`${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = total('failed') > 0 || total('passed') === 0 ? 1 : 0;
