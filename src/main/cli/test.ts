import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { CaseResult } from '../../shared/contract/cases.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { withServing, type Which } from './predictTarget.ts';
import { parseUsage } from './usage.ts';

const help = `slipway test NAME|DIR [--cases FILE…] [--version V | --label L] [--mode auto|row|columnar|grpc] [--embedded]
                     [--junit FILE] [--timeout SECONDS] [--json]

Asks a model its saved cases and compares the answers. NAME is a serving; DIR a model folder that is served for as long as
it takes. Ends with 0 where all passed, else with 1.
  --cases      files NAME.case.json, or folders of them; without it those that were saved with the model in the app
  --mode       how they go: auto takes gRPC or REST, as the types want it
  --embedded   asks the embedded engine, whatever the model is served by
  --junit      writes the results as JUnit's XML, too
  --timeout    30 seconds a case where it is not given
  --json       JSON lines: a result a case

Example: slipway test digits --cases tests/digits --junit report.xml
`;

const options = {
  cases: { type: 'string', multiple: true },
  version: { type: 'string' },
  label: { type: 'string' },
  mode: { type: 'string' },
  embedded: { type: 'boolean' },
  junit: { type: 'string' },
  timeout: { type: 'string' },
} as const;

const modes = ['auto', 'row', 'columnar', 'grpc'] as const;
const marks = { passed: '✓', failed: '✗', 'not-run': '✗' } as const;

function tell({ name, outcome, detail, latencyMs, largest, version }: CaseResult, io: CommandIo): void {
  const facts = [
    ...(version === null ? [] : [`version ${version}`]),
    ...(largest === null ? [] : [`difference ${Number(largest.toPrecision(3))}`]),
    ...(latencyMs === null ? [] : [`${latencyMs.toFixed(1)} ms`]),
  ];
  io.out(`${marks[outcome]} ${name}  ${facts.join(', ')}${detail === null ? '' : `\n  ${detail}`}\n`);
}

/** `slipway test`. */
export async function runTest(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [1, 10_000] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const [text = '', ...more] = positionals;
  const timeoutMs = Math.round(Number(values.timeout ?? 30) * 1000);
  const mode = modes.find((one) => one === (values.mode ?? 'auto'));
  const wrong = [
    [/^[a-z]+:\/\//i.test(text), `${text} is an address; cases are run on a serving or a folder`],
    [more.length > 0 && values.cases === undefined, `${more[0] ?? ''} is one name too many; files of cases come after --cases`],
    [values.version !== undefined && !/^\d{1,19}$/.test(values.version), `--version ${values.version ?? ''} is no version`],
    [values.version !== undefined && values.label !== undefined, '--version and --label exclude each other'],
    [mode === undefined, `--mode ${values.mode ?? ''} is none of ${modes.join(', ')}`],
    [!(timeoutMs >= 1 && timeoutMs <= 3_600_000), `--timeout ${values.timeout ?? ''} is not a number of seconds up to 3600`],
  ].find(([is]) => is)?.[1];
  if (wrong !== undefined) {
    io.err(`${String(wrong)}\n\n${help}`);
    return exitCode.usage;
  }
  const which: Which = {
    ...(values.version === undefined ? {} : { version: values.version }),
    ...(values.label === undefined ? {} : { label: values.label }),
  };
  const paths = values.cases === undefined ? null : [...values.cases, ...more].map((path) => resolve(io.cwd, path));
  const results: CaseResult[] = [];
  await withServing(text, which, io, async ({ serving, client }) => {
    const target = {
      servingId: serving.id,
      ...which,
      backend: values.embedded === true ? ('embedded' as const) : ('serving' as const),
      mode: mode ?? 'auto',
      timeoutMs,
    };
    const { signal } = io;
    const run =
      paths === null
        ? await client.cases.run({ modelId: serving.modelId, target }, { signal })
        : await client.local.runCases({ paths, target }, { signal });
    for await (const result of run) {
      results.push(result);
      if (values.json === true) io.out(`${JSON.stringify(result)}\n`);
      else tell(result, io);
    }
  });
  if (results.length === 0)
    throw new AppError('CASE_UNREADABLE', {
      file: text,
      detail: 'No case is saved with it. Save one in the playground, or give files by --cases.',
    });
  if (values.junit !== undefined) {
    const { junitReport } = await import('../cases/junit.ts');
    const file = resolve(io.cwd, values.junit);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, junitReport(text, results));
  }
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  if (values.json !== true) io.err(`${passed} of ${results.length} passed\n`);
  return passed === results.length ? exitCode.done : exitCode.failed;
}
