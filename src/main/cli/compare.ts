import type { ComparedRow, Comparison } from '../../shared/contract/library.ts';
import { exportFormat } from '../../shared/contract/library.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { sizeText } from './inspect.ts';
import { findVersion } from './libraryNames.ts';
import { parseUsage } from './usage.ts';
import { fetchState } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const differing = <T>(rows: readonly ComparedRow<T>[]): readonly ComparedRow<T>[] => rows.filter(({ same }) => !same);

/** Columns as wide as their widest cell. */
function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

function describe(comparison: Comparison): string {
  const { versions, metrics, tags, ops, assets, files } = comparison;
  const names = versions.map(({ model, version }) => `${model}@${version}`);
  const verdicts = versions.flatMap(({ verdict, reasons }, index) =>
    verdict === null
      ? []
      : [
          `${names[index] ?? ''} is ${verdict} for a client of ${names[0] ?? ''}`,
          ...reasons.map(({ verdict: each, message }) => `  ${each === 'breaking' ? '✗' : '·'} ${message}`),
        ],
  );
  const cell = (value: string | number | true | null): string => (value === null ? '-' : value === true ? 'yes' : String(value));
  const rows: (readonly string[])[] = [
    ['', ...names],
    ['size', ...versions.map(({ sizeBytes }) => sizeText(sizeBytes))],
    ['parameters', ...versions.map(({ totalParams }) => String(totalParams))],
    ['TensorFlow', ...versions.map(({ tensorflowVersion }) => tensorflowVersion)],
    ...metrics.map(({ name, values, changes }) => [
      name,
      ...values.map(
        (value, index) =>
          `${cell(value)}${index > 0 && changes[index]?.is === 'better' ? ' better' : ''}${index > 0 && changes[index]?.is === 'worse' ? ' worse' : ''}`,
      ),
    ]),
    ...tags.map(({ name, values }) => [`tag ${name}`, ...values.map((value) => (value === '' ? 'yes' : cell(value)))]),
    ...differing(ops).map(({ name, values }) => [`op ${name}`, ...values.map(cell)]),
    ...differing(assets).map(({ name, values }) => [`asset ${name}`, ...values.map(cell)]),
    ...differing(files).map(({ name, values }) => [name, ...values.map((value) => (value === null ? '-' : sizeText(value)))]),
  ];
  return `${[...verdicts, '', ...tableLines(rows)].join('\n')}\n`;
}

/** `slipway compare`. */
export async function runCompare(args: readonly string[], io: CommandIo): Promise<number> {
  const help = `slipway compare NAME@V NAME@V… [--format csv|json|markdown] [--json]

Compares versions with the first, also of other models: whether a client of it can talk to them unchanged (drop-in, compatible or
breaking, and why), metrics, tags, ops and files. V may be latest.

Example: slipway compare digits@3 digits@4
`;
  const parsed = parseUsage(args, io, { help, options: { format: { type: 'string' } }, positionals: [2, 8] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const format = exportFormat.safeParse(values.json === true ? 'json' : values.format);
  if (values.format !== undefined && (!format.success || (values.json === true && values.format !== 'json'))) {
    io.err(help);
    return exitCode.usage;
  }
  return withOwner(io, async ({ client }) => {
    const state = await fetchState(client);
    const versions = positionals.map((name) => {
      const { model, version } = findVersion(state, name);
      return { modelId: model.id, version: version ?? '' };
    });
    if (values.json === true) io.out(`${JSON.stringify(await client.library.compare({ versions }))}\n`);
    else if (format.success) io.out((await client.library.exportComparison({ versions, format: format.data })).text);
    else io.out(describe(await client.library.compare({ versions })));
    return exitCode.done;
  });
}
