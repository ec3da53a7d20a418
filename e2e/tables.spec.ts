import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { fixtures } from '../test/fixtures.ts';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { dropOnWindow } from './drop.ts';
import { isClose, readGolden } from './golden.ts';
import { keepDownload } from './keepDownload.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { rowsDialog } from './pages/rowsDialog.ts';
import { servingPage } from './pages/servingPage.ts';

test.use({ launch: { models: ['iris'] } });

type Scores = readonly (readonly number[])[];

/** The 45 test rows that TensorFlow answered, and a file of so many rows made of them. */
async function irisRows(): Promise<{
  readonly head: string;
  readonly rows: readonly string[];
  readonly scores: (version: string) => Scores;
}> {
  const [head = '', ...rows] = (await readFile(join(fixtures() ?? '', 'models', 'data', 'iris_test.csv'), 'utf8')).trimEnd().split(/\r?\n/);
  const scores = (version: string): Scores =>
    (readGolden('iris', version, 'all_test_rows').response as { readonly predictions: Scores }).predictions;
  return { head, rows, scores };
}

async function fileOf(app: AppUnderTest, name: string, lines: readonly string[]): Promise<string> {
  const folder = join(app.folder, 'files');
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

/** Serves all versions of iris on the embedded engine, and opens the playground. */
async function openPlayground(app: AppUnderTest): Promise<void> {
  const { page } = app;
  const [sheet, serving] = [importSheet(page), servingPage(page)];
  await dropOnWindow(page, modelFolder(app, 'iris'));
  await sheet.place(/^Embedded engine/).click();
  await sheet.dialog.getByText('Advanced').click();
  await page.getByRole('combobox', { name: 'Versions to serve' }).click();
  await page.getByRole('option', { name: 'all' }).click();
  await sheet.serve.click();
  await expect(serving.state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
  await serving.openPlayground.click();
  await expect(playgroundPage(page).predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
}

const numbersOf = (line: Readonly<Record<string, string>>): readonly number[] => [0, 1, 2].map((at) => Number(line[`output_0[${at}]`]));

test('a dropped file of 1000 rows is asked row by row: bad rows first with why, the result as TensorFlow answers', async ({ app }) => {
  test.setTimeout(240_000);
  const { page } = app;
  const rows = rowsDialog(page);
  const { head, rows: known, scores } = await irisRows();
  const lines = Array.from({ length: 1000 }, (_, row) => known[row % known.length] ?? '');
  lines[499] = '5.1,oops,3.0,1.1,1,versicolor';
  const path = await fileOf(app, 'thousand.csv', [head, ...lines]);
  await openPlayground(app);
  await dropOnWindow(page, path);

  await expect(rows.preview).toContainText('versicolor');
  await expect(rows.columnsOf('features')).toHaveValue('1–4');
  await expect(rows.dialog).toContainText('left out: label, species');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await rows.dialog.getByRole('textbox', { name: 'Rows a request' }).fill('50');
  await rows.button('Ask 1000 rows').click();
  await expect(rows.state).toContainText('Done', { timeout: 120_000 });
  await expect(rows.state).toContainText('1000 of 1000 rows');
  await expect(rows.dialog).toContainText('1 failed');
  const first = rows.results.getByRole('row').nth(1);
  await expect(first).toContainText('Row 500, column sepal_width: "oops" is not float32.');
  await expect(rows.results).toHaveAttribute('aria-rowcount', '1001');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);

  const saved = await keepDownload(page, app.folder, () => rows.button('Save thousand-answers.csv').click());
  const answers = parse(await readFile(saved, 'utf8'), { columns: true }) as readonly Readonly<Record<string, string>>[];
  const wrong = answers.flatMap((line, row) => {
    const good =
      row === 499
        ? /oops/.test(line['error'] ?? '')
        : isClose(numbersOf(line), scores('3')[row % known.length], { rtol: 1e-4, atol: 1e-5 });
    return good ? [] : [row + 1];
  });
  expect([answers.length, wrong]).toEqual([1000, []]);

  // The last rows are reached by scrolling: only those in sight are in the page.
  await rows.results.focus();
  await page.keyboard.press('End');
  await expect(rows.results.getByRole('row').last()).toContainText(lines[999]?.split(',')[5] ?? '');
  expect(await rows.results.getByRole('row').count()).toBeLessThan(60);
});

test('a run is stopped by the keyboard and keeps the rows until there; the first rows go into the request', async ({ app }) => {
  test.setTimeout(240_000);
  const { page } = app;
  const rows = rowsDialog(page);
  const playground = playgroundPage(page);
  const { rows: known } = await irisRows();
  const lines = Array.from({ length: 20_000 }, (_, row) => {
    const [a, b, c, d] = (known[row % known.length] ?? '').split(',');
    return `{"features": [${[a, b, c, d].join(', ')}], "id": ${row}}`;
  });
  await openPlayground(app);
  await rows.open();
  await rows.choose(await fileOf(app, 'many.jsonl', lines));
  await expect(rows.columnsOf('features')).toHaveValue('1');
  await rows.dialog.getByRole('textbox', { name: 'Rows a request' }).fill('1');
  await page.keyboard.press('Enter');
  const bar = rows.dialog.getByRole('progressbar', { name: 'Rows asked' });
  await expect(bar).toHaveAttribute('aria-valuetext', /^[1-9][\d\u202f]* of 20\u202f000 rows$/, { timeout: 60_000 });
  await rows.button('Stop').focus();
  await page.keyboard.press('Enter');
  await expect(rows.state).toContainText('Stopped', { timeout: 60_000 });
  const saved = await keepDownload(page, app.folder, () => rows.button('Save many-answers.jsonl').click());
  const answers = (await readFile(saved, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly row: number; readonly outputs: object });
  expect(answers.length).toBeGreaterThan(0);
  expect(answers.length).toBeLessThan(20_000);
  expect(answers.at(-1)?.row).toBe(answers.length);

  await rows.button('Back to the rows').click();
  await rows.dialog.getByRole('textbox', { name: 'Rows to put into the request' }).fill('2');
  await rows.button('Put the first 2 into the request').click();
  await expect(rows.dialog).toHaveCount(0);
  await expect(playground.body).toContainText(known[1]?.split(',')[0] ?? '');
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');
  await expect(playground.answer).toContainText('[2, 3]');

  // What was read and asked is there when the dialog is opened again.
  await rows.open();
  await expect(rows.state).toContainText('Stopped');
});

test('columns are mapped by hand, and a wrong mapping is told before anything is sent', async ({ app }) => {
  test.setTimeout(240_000);
  const { page } = app;
  const rows = rowsDialog(page);
  const { head, rows: known } = await irisRows();
  await openPlayground(app);
  await rows.open();
  await rows.choose(await fileOf(app, 'rows.csv', [head, ...known]));
  await expect(rows.dialog).toContainText('The first rows fit.');
  await rows.columnsOf('features').fill('1-3');
  await expect(rows.dialog).toContainText('Dimension 2 of features is 3; the model wants 4.');
  await rows.preview.getByRole('combobox', { name: 'Input of column petal_width' }).selectOption('features');
  await expect(rows.columnsOf('features')).toHaveValue('1–4');
  await expect(rows.dialog).toContainText('The first rows fit.');
  await rows.columnsOf('features').fill('1-40');
  await expect(rows.dialog).toContainText('Write numbers from 1 to 6');
  await rows.choose(await fileOf(app, 'broken.jsonl', ['no json']));
  await expect(rows.dialog.getByRole('alert')).toContainText('Line 1 is no JSON');
});

test('two versions are compared over a file: agreement, the rows that differ most, and the report', async ({ app }) => {
  test.setTimeout(240_000);
  const { page } = app;
  const rows = rowsDialog(page);
  const { head, rows: known, scores } = await irisRows();
  await openPlayground(app);
  await rows.open();
  await rows.choose(await fileOf(app, 'rows.csv', [head, ...known, 'oops,1,1,1,0,none']));
  await rows.dialog.getByText('Compare two', { exact: true }).click();
  await rows.dialog.getByRole('combobox', { name: 'Version of a' }).selectOption('2');
  await rows.dialog.getByRole('combobox', { name: 'Version of b' }).selectOption('1');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await rows.button('Compare 46 rows').click();
  await expect(rows.state).toContainText('Done', { timeout: 120_000 });

  // By TensorFlow's own answers.
  const [a, b] = [scores('2'), scores('1')];
  const classOf = (row: readonly number[] = []): number => row.indexOf(Math.max(...row));
  const changed = a.flatMap((row, at) => (classOf(row) === classOf(b[at]) ? [] : [at + 1]));
  const apart = a.map((row, at) => Math.max(...row.map((one, place) => Math.abs(one - (b[at]?.[place] ?? 0)))));
  const most = changed.toSorted((x, y) => (apart[y - 1] ?? 0) - (apart[x - 1] ?? 0))[0] ?? 0;
  await expect(rows.verdict).toContainText(`The class changes in ${changed.length} rows.`);
  await expect(rows.agreement.getByRole('row').nth(1)).toContainText(`${(((45 - changed.length) / 45) * 100).toFixed(2)}\u202f%`);
  await expect(rows.worst.getByRole('row').nth(1).getByRole('cell').first()).toHaveText(String(most));
  await expect(rows.worst.getByRole('row').nth(1)).toContainText(`${classOf(a[most - 1])} → ${classOf(b[most - 1])}`);
  await expect(rows.worst).toHaveAttribute('aria-rowcount', '46');
  await expect(rows.dialog.getByRole('table', { name: 'Rows without an answer' })).toContainText('"oops" is not float32.');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  const report = await keepDownload(page, app.folder, () => rows.button('Report as Markdown').click());
  expect(await readFile(report, 'utf8')).toContain(`the class changes in ${changed.length}`);
  const lines = await keepDownload(page, app.folder, () => rows.button('Rows as CSV').click());
  expect(parse(await readFile(lines, 'utf8'), { columns: true })).toHaveLength(46);

  // The same version over REST and over gRPC.
  await rows.button('Back to the rows').click();
  await rows.dialog.getByRole('combobox', { name: 'Version of b' }).selectOption('2');
  await expect(rows.dialog).toContainText('Both are the same');
  await rows.dialog.getByRole('combobox', { name: 'How b is asked' }).selectOption('grpc');
  await rows.button('Compare 46 rows').click();
  await expect(rows.verdict).toContainText('All 45 rows agree within the tolerance.', { timeout: 120_000 });
  await expect(rows.dialog).toContainText('iris v2 over gRPC');
});

test('TensorFlow Serving and the embedded engine are compared over a file: all rows agree', async ({ app }) => {
  test.setTimeout(240_000);
  const { page } = app;
  const rows = rowsDialog(page);
  const { head, rows: known } = await irisRows();
  const [sheet, serving] = [importSheet(page), servingPage(page)];
  await dropOnWindow(page, modelFolder(app, 'iris'));
  await expect(sheet.place(/^Docker/)).toBeChecked();
  await sheet.serve.click();
  await expect(serving.state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
  await serving.openPlayground.click();
  await rows.open();
  await rows.choose(await fileOf(app, 'rows.csv', [head, ...known]));
  await rows.dialog.getByText('Compare two', { exact: true }).click();
  await expect(rows.dialog.getByRole('combobox', { name: 'How b is asked' })).toHaveValue('embedded');
  await rows.button('Compare 45 rows').click();
  await expect(rows.verdict).toContainText('All 45 rows agree within the tolerance.', { timeout: 120_000 });
  await expect(rows.dialog).toContainText('b: iris v3 in the embedded engine');
});

test('the same in Chinese', async ({ app }) => {
  test.setTimeout(240_000);
  const { page } = app;
  const { head, rows: known } = await irisRows();
  const path = await fileOf(app, 'rows.csv', [head, ...known, 'oops,1,1,1,0,none']);
  await openPlayground(app);
  await page.getByRole('banner').getByRole('button', { name: /中文/ }).click();
  await expect(page.locator('html[lang^=zh]')).toHaveCount(1);
  await dropOnWindow(page, path);
  const dialog = page.getByRole('dialog', { name: '从文件读取多行' });
  await dialog.getByRole('button', { name: '提问 46 行' }).click();
  await expect(dialog.getByRole('status').first()).toContainText('完成', { timeout: 120_000 });
  await expect(dialog.getByRole('table', { name: '各行及其回答，失败的在前' }).getByRole('row').nth(1)).toContainText('第 46 行');
  await dialog.getByRole('button', { name: '返回表格' }).click();
  await dialog.getByText('对比两者', { exact: true }).click();
  await dialog.getByRole('button', { name: '对比 46 行' }).click();
  await expect(dialog.getByRole('table', { name: '一致程度' })).toContainText('output_0', { timeout: 120_000 });
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
});
