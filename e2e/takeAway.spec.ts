import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, modelFolder, test } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { keepDownload } from './keepDownload.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';

test.use({ launch: { models: ['half_plus_two'] } });

test('a request is taken away as a program that runs, and its answer as a case that another version fails', async ({ app }) => {
  const { page } = app;
  await dropOnWindow(page, modelFolder(app, 'half_plus_two'));
  const [sheet, serving, playground] = [importSheet(page), servingPage(page), playgroundPage(page)];
  await page.getByRole('dialog').getByText('Advanced').click();
  await page.getByRole('combobox', { name: 'Versions to serve' }).click();
  await page.getByRole('option', { name: 'all' }).click();
  await sheet.serve.click();
  await expect(serving.state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
  await serving.openPlayground.click();
  await playground.fill('{"instances": [[1.0], [2.0]]}');
  await playground.answer.getByRole('tab', { name: 'Code' }).click();

  // Each program is the request as it stands now.
  const program = playground.answer.getByRole('region', { name: 'predict.py' });
  await expect(program).toContainText('[[1.0], [2.0]]');
  await playground.fill('{"instances": [[1.0], [4.0]]}');
  await expect(program).toContainText('[[1.0], [4.0]]');
  await playground.answer.getByText('JavaScript', { exact: true }).click();
  const folder = join(app.folder, 'taken');
  await mkdir(folder);
  const path = await keepDownload(page, folder, () => playground.answer.getByRole('button', { name: 'Save predict.mjs' }).click());
  const { stdout } = await promisify(execFile)(process.execPath, [path], { env: { ...process.env, FORCE_COLOR: '0' } });
  expect(stdout).toContain('status: 200');
  const document = await keepDownload(page, folder, () => playground.answer.getByRole('button', { name: 'OpenAPI document' }).click());
  expect(JSON.parse(await readFile(document, 'utf8'))).toMatchObject({ openapi: '3.1.0' });

  // A case of version 1, asked again of version 2.
  const version = page.getByRole('button', { name: /^Version: / });
  await version.click();
  await page.getByRole('menu').getByText('v1', { exact: true }).click();
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');
  await playground.answer.getByRole('button', { name: 'Save as case' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('one and four');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await playground.answer.getByRole('tab', { name: 'Cases 1' }).click();
  const runAll = playground.answer.getByRole('button', { name: 'Run all' });
  await runAll.click();
  const row = playground.answer.getByRole('row', { name: /^one and four/ });
  await expect(row).toContainText('passed');
  await version.click();
  await page.getByRole('menu').getByText('v2', { exact: true }).click();
  await runAll.click();
  await expect(row).toContainText('failed');
  await expect(playground.answer).toContainText('2 of 2 elements beyond the tolerance');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id)).toEqual([]);

  // The same by the command line, whose exit code tells.
  await expect(app.command('test', 'half_plus_two', '--version', '1')).resolves.toContain('✓ one and four');
  await expect(app.command('test', 'half_plus_two', '--version', '2')).rejects.toThrow();

  await row.getByRole('button', { name: 'Remove one and four' }).click();
  await playground.answer.getByRole('button', { name: 'Remove one and four' }).last().click();
  await expect(playground.answer).toContainText('No case yet.');
});
