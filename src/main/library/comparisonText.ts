import type { ComparedRow, Comparison, ExportFormat, TextFile } from '../../shared/contract/library.ts';
import { dtypeLabel } from '../../shared/tensor/dtype.ts';
import { shapeText } from './verdict.ts';

type Cell = string | number | null;
interface Section {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, ...cells: Cell[]])[];
}

const plain = <T extends Cell>(rows: readonly ComparedRow<T>[]): Section['rows'] => rows.map(({ name, values }) => [name, ...values]);

function sectionsOf(comparison: Comparison): readonly Section[] {
  const { versions, tensors, metrics, tags, details, ops, assets, files } = comparison;
  const facts: Section['rows'] = [
    ['verdict', ...versions.map(({ verdict }) => verdict)],
    ['size_bytes', ...versions.map(({ sizeBytes }) => sizeBytes)],
    ['total_params', ...versions.map(({ totalParams }) => totalParams)],
    ['variables', ...versions.map(({ variableCount }) => variableCount)],
    ['tensorflow_version', ...versions.map(({ tensorflowVersion }) => tensorflowVersion)],
    ['fingerprint', ...versions.map(({ fingerprint }) => fingerprint)],
    ['added_at', ...versions.map(({ addedAt }) => addedAt)],
    ['note', ...versions.map(({ note }) => note)],
  ];
  const sections: readonly Section[] = [
    { title: 'version', rows: facts },
    {
      title: 'signature',
      rows: tensors.map(({ signature, side, name, values }) => [
        `${signature} ${side} ${name}`,
        ...values.map((info) => (info === null ? null : `${dtypeLabel(info.dtype)} ${shapeText(info)}`)),
      ]),
    },
    { title: 'metric', rows: plain(metrics) },
    { title: 'tag', rows: plain(tags) },
    { title: 'detail', rows: plain(details) },
    { title: 'op', rows: plain(ops) },
    { title: 'asset', rows: assets.map(({ name, values }) => [name, ...values.map((value) => (value === true ? 'yes' : null))]) },
    { title: 'file', rows: plain(files) },
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

const headings = ({ versions }: Comparison): readonly string[] => versions.map(({ model, version }) => `${model}@${version}`);

/** RFC 4180. Text that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(cell: Cell): string {
  const value = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell ?? '');
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;

function toCsv(comparison: Comparison): string {
  const lines = sectionsOf(comparison).flatMap(({ title, rows }) => rows.map((row) => csvLine([title, ...row])));
  const reasons = comparison.versions.flatMap(({ model, version, reasons: all }) =>
    all.map(({ code, verdict, message }) => csvLine(['reason', `${model}@${version} ${code}`, verdict, message])),
  );
  return [csvLine(['section', 'name', ...headings(comparison)]), ...lines, ...reasons].join('');
}

const markdownCell = (cell: Cell): string =>
  String(cell ?? '')
    .replace(/[\\|`*_<>[\]]/g, '\\$&')
    .replace(/\s+/g, ' ');
const markdownRow = (cells: readonly Cell[]): string => `| ${cells.map(markdownCell).join(' | ')} |`;

function toMarkdown(comparison: Comparison): string {
  const names = headings(comparison);
  const verdicts = comparison.versions.flatMap(({ model, version, verdict, reasons }) =>
    verdict === null
      ? []
      : [
          `**${markdownCell(`${model}@${version}`)}: ${verdict}** for a client of ${markdownCell(names[0] ?? '')}`,
          '',
          ...reasons.map(({ message }) => `- ${markdownCell(message)}`),
          '',
        ],
  );
  const tables = sectionsOf(comparison).flatMap(({ title, rows }) => [
    markdownRow([title, ...names]),
    `| --- |${' --- |'.repeat(names.length)}`,
    ...rows.map((row) => markdownRow(row)),
    '',
  ]);
  return [`# ${names.map(markdownCell).join(' and ')}`, '', ...verdicts, ...tables].join('\n');
}

const kinds: Readonly<
  Record<ExportFormat, { readonly ending: string; readonly type: string; readonly write: (comparison: Comparison) => string }>
> = {
  csv: { ending: 'csv', type: 'text/csv', write: toCsv },
  json: { ending: 'json', type: 'application/json', write: (comparison) => `${JSON.stringify(comparison, null, 2)}\n` },
  markdown: { ending: 'md', type: 'text/markdown', write: toMarkdown },
};

/** A comparison as a file. JSON is the whole `Comparison`; CSV and Markdown have its tables, without courses and trends. */
export function comparisonText(comparison: Comparison, format: ExportFormat): TextFile {
  const { ending, type, write } = kinds[format];
  const name = headings(comparison)
    .join('-')
    .replace(/[^A-Za-z0-9_.@-]/g, '_')
    .slice(0, 200);
  return { name: `${name}.${ending}`, type, text: write(comparison) };
}
