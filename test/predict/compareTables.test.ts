import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Serving } from '../../src/shared/contract/serving.ts';
import type { LocalClient } from '../../src/shared/rpc/connectClient.ts';
import { slipway } from '../cli/runSlipway.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';
import { freePort } from '../freePort.ts';
import { ownElsewhere, type Mirror } from '../serving/openOwner.ts';

const folder = join(fixtures() ?? '', 'models');

interface Golden {
  readonly cases: readonly { readonly name: string; readonly outputs: Readonly<Record<string, { readonly data: readonly number[][] }>> }[];
}

/** TensorFlow's own answers of a version to the 45 test rows. */
function answersOf(version: number): readonly (readonly number[])[] {
  const { cases } = JSON.parse(readFileSync(join(folder, 'goldens', 'iris', String(version), 'goldens.json'), 'utf8')) as Golden;
  return cases.find(({ name }) => name === 'all_test_rows')?.outputs['output_0']?.data ?? [];
}
const classOf = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));

/** All rows of a CSV to a serving of the embedded engine with three versions. */
describe.skipIf(fixtures() === undefined)(`rows of a file ${fixtures() === undefined ? whyNoFixtures : ''}`, () => {
  let home: string;
  let mirror: Mirror;
  let client: LocalClient;
  let serving: Serving;
  const csv = readFileSync(join(folder, 'data', 'iris_test.csv'), 'utf8');

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'slipway-tables-'));
    mirror = await ownElsewhere(home);
    client = mirror.client;
    serving = await mirror.serve(join(folder, 'models', 'iris'), {
      engine: 'embedded',
      restPort: await freePort(),
      grpcPort: await freePort(),
      versions: { kind: 'all' },
    });
  }, 180_000);
  afterAll(async () => {
    await client.servings.stop({ id: serving.id });
    await mirror[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  }, 60_000);

  const asked = () => ({ modelId: serving.modelId, version: null, signature: 'serving_default' });
  const read = (text: string, name = 'iris.csv') => client.playground.readTable({ ...asked(), name, data: new Blob([text]) });
  const ended = (taskId: string) =>
    mirror.until('the task ended', ({ tasks }) => tasks.find(({ id, state }) => id === taskId && state !== 'running'));
  const textOf = async (taskId: string): Promise<string> =>
    new Response((await client.playground.tableResult({ taskId, offset: 0, length: 1_000_000 })).data).text();
  const target = (more: Partial<Parameters<LocalClient['playground']['runTable']>[0]['request']> = {}) => ({
    servingId: serving.id,
    signature: 'serving_default',
    ...more,
  });
  const compare = async (
    text: string,
    targets: [ReturnType<typeof target>, ReturnType<typeof target>],
    more: Partial<Parameters<LocalClient['playground']['compareTable']>[0]> = {},
  ): Promise<string> => {
    const { table, suggested } = await read(text);
    const { taskId } = await client.playground.compareTable({ table, columns: suggested, rowsPerRequest: 10, targets, ...more });
    await ended(taskId);
    return taskId;
  };

  test('a sole vector takes the first columns, and the file has TensorFlow’s answers beside each row', async () => {
    const { table, suggested, notes, rowCount, problem } = await read(csv);
    const { taskId } = await client.playground.runTable({
      table,
      columns: suggested,
      rowsPerRequest: 7,
      concurrency: 3,
      request: target({ version: '2' }),
    });
    const { state } = await ended(taskId);
    const lines = parse(await textOf(taskId), { columns: true }) as Readonly<Record<string, string>>[];
    const off = lines.map((line, row) =>
      Math.max(...[0, 1, 2].map((at) => Math.abs(Number(line[`output_0[${at}]`]) - (answersOf(2)[row]?.[at] ?? Infinity)))),
    );
    expect([suggested, notes, rowCount, problem, state, lines.length, Math.max(...off) < 1e-5]).toEqual([
      { features: [0, 1, 2, 3] },
      ['features is columns sepal_length, sepal_width, petal_length, petal_width; left out: label, species'],
      45,
      null,
      'done',
      45,
      true,
    ]);
  }, 60_000);

  test('bad rows stand alone with their reason though they were asked with others, and are listed first', async () => {
    const bad = csv.trimEnd().split('\n');
    bad[4] = '6.0,oops,4.5,1.5,1,versicolor';
    bad[9] = '6.0,2.0';
    const { table, suggested, notes, problem } = await read(bad.join('\n'));
    const { taskId } = await client.playground.runTable({ table, columns: suggested, rowsPerRequest: 45, request: target() });
    await ended(taskId);
    const { rows, failed } = await client.playground.tableResult({ taskId, offset: 0, length: 1 });
    const { rows: listed, answers } = await client.playground.tableRows({ taskId, offset: 0, count: 4 });
    const later = await client.playground.tableRows({ taskId, offset: 4, count: 100 });
    expect([
      rows,
      failed,
      answers,
      listed.map(({ row, error }) => [row, error]),
      later.rows.map(({ row }) => row),
      notes[0],
      problem,
    ]).toEqual([
      45,
      2,
      ['output_0[0]', 'output_0[1]', 'output_0[2]'],
      [
        [4, 'Row 4, column sepal_width: "oops" is not float32.'],
        [9, 'Row 9 has 2 cells where there are 6 columns.'],
        [1, null],
        [2, null],
      ],
      [3, 5, 6, 7, 8, ...Array.from({ length: 36 }, (_, at) => at + 10)],
      'Row 9 has 2 cells where there are 6 columns',
      'Row 9 has 2 cells where there are 6 columns.',
    ]);
  }, 60_000);

  test('a file whose first rows fail has its head above them, and a line of JSON that is none is a row that fails', async () => {
    const { table } = await read('{"features": [1, 2, 3]}\nno json\n{"features": [5.1, 2.5, 3.0, 1.1]}\n', 'rows.jsonl');
    const one = await client.playground.runTable({ table, columns: { features: [0] }, rowsPerRequest: 1, request: target() });
    await ended(one.taskId);
    const [head, ...lines] = (await textOf(one.taskId)).trimEnd().split('\r\n');
    expect([
      head,
      lines.length,
      lines[0]?.startsWith('"[1, 2, 3]",,,,'),
      lines[1]?.includes('Line 2 is no JSON'),
      lines[2]?.endsWith(','),
    ]).toEqual(['features,output_0[0],output_0[1],output_0[2],error', 3, true, true, true]);
  }, 60_000);

  test('columns are chosen by hand, checked, and put into a request', async () => {
    const { table } = await read(csv);
    const check = (columns: Readonly<Record<string, readonly number[]>>) => client.playground.checkTable({ ...asked(), table, columns });
    const body = await client.playground.tableBody({ ...asked(), table, columns: { features: [3, 2, 1, 0] }, count: 2 });
    expect([await check({ features: [0, 1, 2] }), await check({ features: [0, 1, 2, 5] }), await check({}), JSON.parse(body)]).toEqual([
      'Dimension 2 of features is 3; the model wants 4.',
      'Row 1, column species: "versicolor" is not float32.',
      'features has no column.',
      {
        signature_name: 'serving_default',
        instances: [
          [1.1, 3, 2.5, 5.1],
          [1.3, 4, 2.8, 6.1],
        ],
      },
    ]);
  }, 60_000);

  test('two versions are compared over all rows: how many agree, which classes change, and which rows differ most', async () => {
    const taskId = await compare(csv, [target({ version: '2' }), target({ version: '3' })]);
    const { outputs, worst, targets, ...agreement } = await client.playground.tableAgreement({ taskId });
    // The same from TensorFlow's own answers.
    const [a, b] = [answersOf(2), answersOf(3)];
    const apart = a.map((scores, row) => Math.max(...scores.map((score, at) => Math.abs(score - (b[row]?.[at] ?? 0)))));
    const changes = a.flatMap((scores, row) => {
      const [from, to] = [classOf(scores), classOf(b[row] ?? [])];
      return from === to ? [] : [{ row: row + 1, pair: `${from} ${to}` }];
    });
    const mean = a.flatMap((scores, row) => scores.map((score, at) => Math.abs(score - (b[row]?.[at] ?? 0))));
    const [output] = outputs;
    expect(output).toMatchObject({
      name: 'output_0',
      rows: 45,
      largestRow: apart.indexOf(Math.max(...apart)) + 1,
      apart: 0,
      classes: { agree: 45 - changes.length },
    });
    expect(output?.largest).toBeCloseTo(Math.max(...apart), 5);
    expect(output?.mean).toBeCloseTo(mean.reduce((sum, one) => sum + one, 0) / mean.length, 5);
    expect(output?.classes?.changes.map(({ from, to, count }) => [`${from} ${to}`, count])).toEqual(
      [...Map.groupBy(changes, ({ pair }) => pair)]
        .map(([pair, all]) => [pair, all.length])
        .toSorted((x, y) => Number(y[1]) - Number(x[1])),
    );
    expect([
      agreement.rows,
      agreement.compared,
      agreement.changed,
      worst.length,
      targets.map(({ version, over, requests }) => [version, over, requests]),
    ]).toEqual([
      45,
      45,
      changes.length,
      45,
      [
        ['2', 'rest', 5],
        ['3', 'rest', 5],
      ],
    ]);
    const changed = new Set(changes.map(({ row }) => row));
    const byDifference = apart.map((size, index) => ({ size, row: index + 1 })).toSorted((x, y) => y.size - x.size);
    expect(worst.slice(0, changed.size + 1).map(({ row }) => row)).toEqual(
      [...byDifference.filter(({ row }) => changed.has(row)), ...byDifference.filter(({ row }) => !changed.has(row)).slice(0, 1)].map(
        ({ row }) => row,
      ),
    );
    expect(worst[0]?.given).toEqual(csv.split('\n')[worst[0]?.row ?? 0]?.trim().split(','));

    const lines = parse(await textOf(taskId), { columns: true }) as Readonly<Record<string, string>>[];
    expect([lines.length, Object.keys(lines[0] ?? {}).slice(6), Number(lines[3]?.['largest difference'])]).toEqual([
      45,
      [
        'a.output_0[0]',
        'a.output_0[1]',
        'a.output_0[2]',
        'b.output_0[0]',
        'b.output_0[1]',
        'b.output_0[2]',
        'largest difference',
        'within',
        'error',
      ],
      expect.closeTo(apart[3] ?? 0, 5),
    ]);
    const report = await client.playground.tableReport({ taskId, format: 'markdown' });
    const text = await new Response(report.data).text();
    expect([report.name, text.includes('a: iris v2 over REST'), text.includes('## Changed classes'), text.split('\n').length > 50]).toEqual(
      ['iris-compared.md', true, true, true],
    );
    const json = JSON.parse(await new Response((await client.playground.tableReport({ taskId, format: 'json' })).data).text()) as object;
    expect(json).toMatchObject({ rows: 45, outputs: [{ name: 'output_0' }] });
  }, 60_000);

  test('REST and gRPC, and the engine beside the serving, agree on every row; a row that neither takes is told', async () => {
    const text = `${csv.trimEnd()}\nx,1,1,1,0,none\n`;
    for (const other of [target({ mode: 'grpc' }), target({ backend: 'embedded' })]) {
      const agreement = await client.playground.tableAgreement({ taskId: await compare(text, [target({ mode: 'row' }), other]) });
      expect([
        agreement.rows,
        agreement.compared,
        agreement.within,
        agreement.changed,
        agreement.targets.map(({ failed }) => failed),
        agreement.failures.map(({ row, problems }) => [row, problems[0] === problems[1]]),
      ]).toEqual([46, 45, 45, 0, [1, 1], [[46, true]]]);
    }
  }, 120_000);

  test('slipway compare-rows tells the same, writes the rows, and ends with 1 where some differ', async () => {
    const file = join(home, 'flowers.csv');
    const out = join(home, 'rows.csv');
    await writeFile(file, csv);
    const differ = await slipway(home, ['compare-rows', file, 'iris@2', 'iris@3', '--json', '--out', out]);
    const agreement = JSON.parse(differ.out) as { readonly compared: number; readonly changed: number };
    const changed = answersOf(2).filter((scores, row) => classOf(scores) !== classOf(answersOf(3)[row] ?? [])).length;
    expect([differ.code, agreement.compared, agreement.changed, (await readFile(out, 'utf8')).trimEnd().split('\r\n').length]).toEqual([
      1,
      45,
      changed,
      46,
    ]);
    const same = await slipway(home, ['compare-rows', file, 'iris', 'iris:grpc', '--columns', 'features=4,3,2,1']);
    expect([same.code, same.out.split('\n').slice(0, 4), same.err]).toEqual([
      0,
      ['# flowers-compared', '', 'a: iris v3 over REST  ', 'b: iris v3 over gRPC'],
      '',
    ]);
    const wrong = await Promise.all([
      slipway(home, ['compare-rows', file, 'iris', 'iris:carrier-pigeon']),
      slipway(home, ['compare-rows', file, 'nobody', 'iris']),
      slipway(home, ['compare-rows', file, 'iris', 'iris:grpc', '--columns', 'features=1-9']),
    ]);
    expect(wrong.map(({ code, err }) => [code, err.split('\n')[0]])).toEqual([
      [2, expect.stringContaining('slipway compare-rows FILE A B')],
      [1, expect.stringContaining('nobody')],
      [1, expect.stringContaining('--columns features=1-9: there are 6 columns.')],
    ]);
  }, 120_000);

  test('one that is cancelled keeps what was asked until there', async () => {
    const long = Array.from({ length: 20_000 }, () => '5.1,2.5,3.0,1.1').join('\n');
    const { table, suggested } = await read(long);
    const { taskId } = await client.playground.compareTable({
      table,
      columns: suggested,
      rowsPerRequest: 1,
      targets: [target({ version: '1' }), target({ version: '2' })],
    });
    await mirror.until('some rows were asked', ({ tasks }) => tasks.find(({ id, progress }) => id === taskId && (progress ?? 0) > 0));
    await client.tasks.cancel({ id: taskId });
    const { state } = await ended(taskId);
    const { rows, compared, outputs } = await client.playground.tableAgreement({ taskId });
    const lines = (await textOf(taskId)).trimEnd().split('\r\n');
    expect([state, rows > 0 && rows < 20_000, compared === rows, outputs[0]?.rows === rows, lines.length === rows + 1]).toEqual([
      'cancelled',
      true,
      true,
      true,
      true,
    ]);
  }, 60_000);
});
