import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { checkAll } from './check.ts';
import { bin, projectRoot, run } from './run.ts';
import { endedSpecs, endedSuites, type Ended, type SpecsReport, type SuitesReport } from './testReports.ts';

const reports = join(projectRoot, 'test-results');

function readReport<Report extends object>(name: string): Report {
  const path = join(reports, name);
  return (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}) as Report;
}

/** A run that ends badly without a failure in its report crashed, and is one. */
function withCrash(ended: readonly Ended[], code: number, what: string): readonly Ended[] {
  if (code === 0 || ended.some(({ status }) => status === 'failed')) return ended;
  return [...ended, { file: '', name: `${what} ended with ${code}`, status: 'failed', said: '' }];
}

async function vitest(report: string, files: readonly string[]): Promise<readonly Ended[]> {
  const alone = files.length === 0 ? [] : ['--maxWorkers=1'];
  const { code } = await run(
    bin('vitest'),
    ['run', ...files, ...alone, '--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, report)}`],
    { show: true },
  );
  return withCrash(endedSuites(readReport<SuitesReport>(report)), code, 'vitest');
}

/** All suites; in CI the files that failed once more, each by itself. What passes only then is named at the end. */
async function suites(): Promise<readonly Ended[]> {
  const first = await vitest('suites.json', []);
  const failed = first.filter(({ status }) => status === 'failed');
  const files = [...new Set(failed.map(({ file }) => file))].filter((file) => file !== '');
  if (process.env['CI'] !== 'true' || files.length === 0 || files.length > 5) return first;
  const again = await vitest('suitesAgain.json', files);
  const key = ({ file, name }: Ended): string => `${file} ${name}`;
  const before = new Map(failed.map((one) => [key(one), one]));
  const now = new Set(again.map(key));
  return [
    ...first.filter(({ file }) => !files.includes(file)),
    ...again.map((one) => (one.status === 'passed' ? { ...one, said: before.get(key(one))?.said ?? '' } : one)),
    // A file that failed as a whole has no test of that name: its own tests have told by now, and this tells that it once did.
    ...failed.filter((one) => !now.has(key(one))).map((one): Ended => ({ ...one, status: 'passed' })),
  ];
}

async function specs(): Promise<readonly Ended[]> {
  const { code } = await run(bin('playwright'), ['test', '--reporter=list,json'], {
    show: true,
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'specs.json') },
  });
  return withCrash(endedSpecs(readReport<SpecsReport>('specs.json')), code, 'playwright');
}

/** With the fixtures and in CI nothing is skipped but what wants Electron: a skip that nobody reads is a hole. */
const mayNotSkip =
  process.env['CI'] === 'true' && existsSync(join(process.env['SLIPWAY_FIXTURES'] ?? join(projectRoot, '..', 'shared'), 'models'));

function withoutHoles(one: Ended): Ended {
  if (!mayNotSkip || one.status !== 'skipped' || one.name.startsWith('[desktop] ')) return one;
  return { ...one, status: 'failed', said: 'skipped, though all that it needs is here' };
}

function tell(title: string, tests: readonly Ended[]): void {
  if (tests.length === 0) return;
  process.stdout.write(`\n${title}\n`);
  for (const { file, name, said } of tests) {
    const lines = stripVTControlCharacters(said)
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.includes('node_modules/'))
      .slice(0, 12);
    process.stdout.write(`  ${relative(projectRoot, file)}: ${name}\n${lines.map((line) => `    ${line}\n`).join('')}`);
  }
}

// A report of an earlier run must not stand for one that crashed.
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const gates = await checkAll();
const ended = [...(await suites()), ...(await specs())].map(withoutHoles);
const of = (status: Ended['status']): readonly Ended[] => ended.filter((one) => one.status === status);
const failed = gates.failed + of('failed').length;
const passed = gates.passed + of('passed').length;
const skipped = of('skipped').length;
tell(
  'passed only at a second try (a defect of the test or of the product, to be mended):',
  of('passed').filter(({ said }) => said !== ''),
);
tell('failed:', of('failed'));
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
