import { cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dropOnWindow } from './drop.ts';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { folderTree } from './pages/folderTree.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { comparePage, libraryPage, modelPage } from './pages/libraryPage.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the tree is of the web shell');
test.use({ launch: { models: ['iris', 'half_plus_two'] } });

const metrics = {
  1: { accuracy: 0.9, loss: 0.41 },
  2: { accuracy: 0.9333, loss: 0.27 },
  3: { accuracy: 0.9667, loss: 0.12 },
};

/** Links a folder without serving it; the model's page is open then. */
async function add(app: AppUnderTest, name: string): Promise<void> {
  const { page } = app;
  const tree = folderTree(page);
  await frame(page).open('Models');
  await tree.open();
  await tree.choose(name);
  await importSheet(page).dialog.getByRole('button', { name: 'Add without serving' }).click();
  await expect(frame(page).heading).toHaveText(name);
}

async function addIris(app: AppUnderTest): Promise<void> {
  await writeFile(join(modelFolder(app, 'iris'), 'metrics.json'), JSON.stringify(metrics));
  await add(app, 'iris');
}

test('versions show the metrics beside them; what is typed is found by tag and metric, and stays', async ({ app }) => {
  const { page } = app;
  await addIris(app);
  const model = modelPage(page);
  await expect(model.versions).toHaveCount(3);
  await expect(model.version('v3')).toContainText('0.967');
  await expect(model.trend).toHaveAttribute('aria-label', /v1 0\.900, v2 0\.933, v3 0\.967/);

  await model.version('v2').click();
  await expect(model.panel).toHaveAccessibleName('v2 of iris');
  await model.tag.fill('stage=prod');
  await model.tag.press('Enter');
  await expect(model.version('v2')).toContainText('stage=prod');
  await model.note.fill('trained on the cleaned set');
  await model.note.press('Control+Enter');
  await expect(model.panel.getByText('Saved')).toBeVisible();
  await model.panel.getByRole('button', { name: 'Add a metric' }).first().click();
  await model.panel.getByRole('textbox', { name: 'Metric', exact: true }).fill('auc');
  await model.panel.getByRole('textbox', { name: 'Value' }).fill('0.99');
  await page.keyboard.press('Enter');
  await expect(model.panel.getByRole('listitem').filter({ hasText: 'auc' })).toContainText('typed');

  await add(app, 'half_plus_two');
  await frame(page).open('Models');
  const library = libraryPage(page);
  await expect(library.rows).toHaveCount(2);
  await page.keyboard.press('/');
  await expect(library.search).toBeFocused();
  await page.keyboard.type('accuracy>0.92');
  await expect(library.rows).toHaveCount(2);
  await expect(library.row(/iris v3/)).toContainText('0.967');
  await page.keyboard.type(' tag:stage=prod');
  await expect(library.rows).toHaveCount(1);
  await expect(library.row(/iris v2/)).toContainText('stage=prod');
  await page.getByRole('button', { name: 'Take accuracy>0.92 away' }).click();
  await expect(library.search).toHaveValue('tag:stage=prod');
  await library.search.fill('cleaned');
  await expect(library.rows).toHaveCount(1);
  await library.search.fill('accuracy>high');
  await expect(page.getByText('accuracy>high is no filter.')).toBeVisible();
  await library.search.fill('zebra');
  await expect(page.getByText('No version fits.')).toBeVisible();

  await page.reload();
  await library.open('iris');
  await model.version('v2').click();
  await expect(model.note).toHaveValue('trained on the cleaned set');
});

test('two versions are compared: verdict, differences, trend, and a file of it to take away', async ({ app }) => {
  const { page } = app;
  await addIris(app);
  const model = modelPage(page);
  await model.version('v1').getByRole('checkbox').check();
  await model.version('v3').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Compare', exact: true }).click();

  const compare = comparePage(page);
  await expect(compare.verdict).toContainText('Drop-in: a client of v1 can talk to v3 unchanged.');
  await expect(compare.metrics.getByRole('row', { name: /^Accuracy/ })).toContainText('+0.067 better');
  await expect(compare.metrics.getByRole('row', { name: /^Loss/ })).toContainText('−0.290 better');
  await expect(compare.plot).toHaveAccessibleName(/Accuracy: iris ends at 0\.967/);
  await compare.plot.press('ArrowLeft');
  await compare.plot.press('ArrowLeft');
  await page.keyboard.press('t');
  await expect(page.getByRole('region', { name: /Accuracy/ }).getByRole('row')).toHaveCount(4);

  const csv = await compare.save('CSV');
  expect(csv.name).toMatch(/\.csv$/);
  expect(await readFile(csv.path, 'utf8')).toContain('0.9667');
  const json = JSON.parse(await readFile((await compare.save('JSON')).path, 'utf8')) as { readonly verdict: string };
  expect(json.verdict).toBe('drop-in');
  expect(await readFile((await compare.save('Markdown')).path, 'utf8')).toContain('| ');

  await page.keyboard.press('x');
  await expect(compare.verdict).toContainText('a client of v3 can talk to v1 unchanged');
});

test('a version that is half copied is told as arriving, and joins the others once it is complete', async ({ app }) => {
  const { page } = app;
  await addIris(app);
  const model = modelPage(page);
  await expect(model.versions).toHaveCount(3);
  const [weights, four] = [join('variables', 'variables.data-00000-of-00001'), join(modelFolder(app, 'iris'), '4')];
  const source = join(modelFolder(app, 'iris'), '3');
  const whole = await readFile(join(source, weights));
  await cp(source, `${four}.part`, { recursive: true });
  await truncate(join(`${four}.part`, weights), Math.floor(whole.length / 2));
  await rename(`${four}.part`, four);
  const arriving = page.getByRole('status').filter({ hasText: 'Arriving' });
  await expect(arriving).toContainText('v4');
  await expect(model.versions).toHaveCount(3);
  await writeFile(join(four, weights), whole);
  await expect(model.version('v4')).toBeVisible();
  await expect(arriving).toHaveCount(0);
});

test('files that change under the same number are told until a person says that it is meant', async ({ app }) => {
  const { page } = app;
  await addIris(app);
  const folder = modelFolder(app, 'iris');
  await expect(modelPage(page).versions).toHaveCount(3);
  await rm(join(folder, '2'), { recursive: true });
  await cp(join(folder, '3'), join(folder, '2'), { recursive: true });
  const notice = page.getByRole('status').filter({ hasText: 'v2 has other files than before' });
  await expect(notice).toBeVisible();
  await expect(modelPage(page).version('v2')).toContainText('Changed');
  await notice.getByRole('button', { name: 'It is the new v2' }).click();
  await expect(notice).toHaveCount(0);
});

test('a managed copy is deleted after the dialog has named what goes; a linked folder is only forgotten', async ({ app }) => {
  const { page } = app;
  const model = modelPage(page);
  const dialog = page.getByRole('dialog');
  await writeFile(join(modelFolder(app, 'iris'), 'metrics.json'), JSON.stringify(metrics));
  await dropOnWindow(page, modelFolder(app, 'iris'));
  await importSheet(page).dialog.getByRole('button', { name: 'Add without serving' }).click();
  await expect(frame(page).heading).toHaveText('iris');
  await model.version('v1').click();
  await model.tag.fill('old');
  await model.tag.press('Enter');
  await expect(model.version('v1')).toContainText('old');
  await model.menu('v1', 'Delete…');
  await expect(dialog.getByRole('heading')).toContainText(/^Delete v1 · iris, .+\?$/u);
  await expect(dialog).toContainText('Lost with it: 1 tag');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(model.versions).toHaveCount(2);

  await add(app, 'half_plus_two');
  await model.more('Forget…');
  await expect(dialog).toContainText('stays as it is');
  await dialog.getByRole('button', { name: 'Forget', exact: true }).click();
  await expect(frame(page).heading).toHaveText('Models');
  await expect(libraryPage(page).rows).toHaveCount(1);
});

test('what was said of the library leaves as a file, and comes back from one', async ({ app }) => {
  const { page } = app;
  await addIris(app);
  const model = modelPage(page);
  await model.tag.fill('team=vision');
  await model.tag.press('Enter');
  await expect(model.version('v3')).toContainText('team=vision');
  await frame(page).open('Models');
  await page.getByRole('button', { name: 'More about the library' }).click();
  const coming = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: /^Export/ }).click();
  const path = await (await coming).path();
  expect(await readFile(path, 'utf8')).toContain('vision');

  await libraryPage(page).open('iris');
  await model.panel.getByRole('button', { name: 'Remove the tag team=vision' }).click();
  await expect(model.version('v3')).not.toContainText('team=vision');
  await frame(page).open('Models');
  await page.getByRole('button', { name: 'More about the library' }).click();
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('menuitem', { name: /^Import/ }).click();
  await (await choosing).setFiles(path);
  await expect(page.getByRole('dialog').getByRole('heading')).toContainText('Import of');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
});

test('the list of models and of versions is walked by keys: arrows, Enter, Space and the row’s menu', async ({ app }) => {
  const { page } = app;
  const { keyboard } = page;
  await addIris(app);
  const model = modelPage(page);
  await model.version('v3').focus();
  await keyboard.press('ArrowDown');
  await expect(model.version('v2')).toBeFocused();
  await keyboard.press('Enter');
  await expect(model.panel).toHaveAccessibleName('v2 of iris');
  await keyboard.press('Space');
  await expect(model.version('v2').getByRole('checkbox')).toBeChecked();
  await keyboard.press('End');
  await expect(model.version('v1')).toBeFocused();
  await keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'Compare with v2' })).toBeVisible();
  await keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
});
