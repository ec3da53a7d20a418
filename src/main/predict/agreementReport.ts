import type { SavedFile } from '../../shared/contract/playground.ts';
import type { ComparedTarget, TableAgreement } from '../../shared/contract/tables.ts';
import type { RowsTable } from './rowsTable.ts';

const over = { rest: 'REST', grpc: 'gRPC', embedded: 'embedded engine' } as const;

/** `iris v2 over REST` */
export const targetWords = (target: Pick<ComparedTarget, 'serving' | 'version' | 'label' | 'over'>): string =>
  `${target.serving}${target.label !== null ? ` ${target.label}` : target.version !== null ? ` v${target.version}` : ''} over ${over[target.over]}`;

const figure = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(3))));
const share = (part: number, whole: number): string => (whole === 0 ? '' : `${((part / whole) * 100).toFixed(2)} %`);
const cell = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[], numbersFrom = head.length): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map((_, at) => (at >= numbersFrom ? ' ---: ' : ' --- ')).join('|')}|`, ...rows.map(line)].join('\n');
}

/** What the comparison found, for a person to read or to keep beside a model. GitHub's Markdown. */
function markdown(title: string, agreement: TableAgreement, { columns }: Pick<RowsTable, 'columns'>): string {
  const { targets, outputs, worst, failures, compared, within, equal, changed, rows, rowCount, tolerance } = agreement;
  const [a, b] = targets;
  const classed = outputs.flatMap(({ name, classes }) => (classes === null ? [] : classes.changes.map((one) => [name, one] as const)));
  const parts = [
    `# ${title}`,
    `a: ${targetWords(a)}  \nb: ${targetWords(b)}`,
    `${within} of ${compared} rows agree within |b − a| ≤ ${tolerance.absolute} + ${tolerance.relative} · |a|; ${equal} are equal; the class changes in ${changed}. ` +
      `${rows} of ${rowCount} rows were asked.`,
    '## Outputs',
    table(
      ['output', 'rows', 'equal', 'within', 'class agrees', 'largest difference', 'in row', 'mean difference'],
      outputs.map((one) => [
        one.name,
        String(one.rows),
        String(one.equal),
        String(one.within),
        one.classes === null ? '' : share(one.classes.agree, one.rows),
        figure(one.largest),
        one.largestRow === null ? '' : String(one.largestRow),
        figure(one.mean),
      ]),
      1,
    ),
    '## Time of a request',
    table(
      ['', 'requests', 'p50 ms', 'p95 ms', 'rows that failed'],
      targets.map((one, at) => [
        `${'ab'[at] ?? ''}: ${targetWords(one)}`,
        String(one.requests),
        figure(one.p50Ms),
        figure(one.p95Ms),
        String(one.failed),
      ]),
      1,
    ),
    ...(classed.length === 0
      ? []
      : [
          '## Changed classes',
          table(
            ['output', 'a', 'b', 'rows'],
            classed.map(([name, { from, to, count }]) => [name, from, to, String(count)]),
            3,
          ),
        ]),
    ...(worst.length === 0
      ? []
      : [
          '## Rows that differ most',
          table(
            ['row', ...columns.map(({ name }) => name), 'output', 'a', 'b', 'largest difference'],
            worst.flatMap(({ row, given, outputs: both }) =>
              both.map(({ name, texts, largest }) => [String(row), ...given, name, ...texts, figure(largest)]),
            ),
          ),
        ]),
    ...(failures.length === 0
      ? []
      : [
          '## Rows without an answer',
          table(
            ['row', ...columns.map(({ name }) => name), 'a', 'b'],
            failures.map(({ row, given, problems }) => [String(row), ...given, problems[0] ?? '', problems[1] ?? '']),
          ),
        ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A comparison as a file. */
export function agreementReport(
  name: string,
  agreement: TableAgreement,
  rows: Pick<RowsTable, 'columns'>,
  format: 'json' | 'markdown',
): SavedFile {
  const [type, ending, text] =
    format === 'json'
      ? ([
          'application/json',
          'json',
          `${JSON.stringify({ columns: rows.columns.map((one) => one.name), ...agreement }, null, 2)}\n`,
        ] as const)
      : (['text/markdown', 'md', markdown(name, agreement, rows)] as const);
  return { name: `${name}.${ending}`, type, data: new Blob([text], { type }) };
}
