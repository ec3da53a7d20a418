import { expect, test } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { ask, openPlayground } from './ask.ts';
import { answerPane } from './pages/answerPane.ts';

test.use({ launch: { models: ['transformer', 'digits_cnn'] } });

const ids = { instances: [[5, 17, 3]] };

test('steps make probabilities of logits, name the largest, and stay with the model', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'transformer');
  await ask(app, ids);
  const pane = answerPane(page);
  const logits = pane.output('logits');
  await expect(logits.region.getByRole('list')).toHaveAccessibleName('Classes by score');
  await logits.region.getByRole('button', { name: 'Change the steps…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Steps after logits' });
  const add = async (step: string): Promise<void> => {
    await dialog.getByRole('button', { name: 'Add a step' }).click();
    await page.getByRole('menuitem', { name: step, exact: true }).click();
  };
  await add('the largest, with names');
  await add('softmax');
  // The largest end the chain, whenever they were added.
  await expect(dialog.getByRole('listitem')).toHaveText([/^softmax/, /^the largest/]);
  await dialog.getByRole('textbox', { name: 'How many' }).fill('3');
  await dialog.getByRole('combobox', { name: 'Names of the classes' }).selectOption('list');
  await dialog.getByRole('textbox', { name: 'Names, one a line' }).fill(Array.from({ length: 100 }, (_, at) => `token ${at}`).join('\n'));
  await expect(dialog).toContainText('100 names, 100 classes');
  await expect(dialog.getByRole('status')).toHaveText(/^Result token \d+: 0\.\d+, token \d+/);
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save the steps' }).click();
  await expect(dialog).toHaveCount(0);

  await expect(logits.region.getByRole('list')).toHaveAccessibleName('Classes by probability');
  await expect(logits.region.getByText('After softmax, top 3')).toBeVisible();
  await expect(logits.region.getByRole('listitem')).toHaveText([/^token \d+/, /^token \d+/, /^token \d+/]);

  // A window that knows nothing of it.
  await page.reload();
  await ask(app, ids);
  await expect(logits.region.getByText('After softmax, top 3')).toBeVisible();
  await logits.region.getByRole('button', { name: 'Change the steps…' }).click();
  await dialog.getByRole('button', { name: 'Remove step 2, the largest, with names' }).click();
  await dialog.getByRole('button', { name: 'Remove step 1, softmax' }).click();
  await dialog.getByRole('button', { name: 'Save the steps' }).click();
  await expect(logits.region.getByText(/^After /)).toHaveCount(0);
  await expect(logits.region.getByRole('list')).toHaveAccessibleName('Classes by score');
});

test('names of classes come from a file of the person’s', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'digits_cnn');
  await ask(app, { instances: [Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => [0]))] });
  const digit = answerPane(page).output('digit');
  await digit.region.getByRole('button', { name: 'Names of classes…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('menuitem', { name: 'the largest, with names' }).click();
  await dialog.getByRole('combobox', { name: 'Names of the classes' }).selectOption('list');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), dialog.getByRole('button', { name: 'Read from a file' }).click()]);
  const names = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
  await chooser.setFiles({ name: 'digits.txt', mimeType: 'text/plain', buffer: Buffer.from(`${names.join('\r\n')}\r\n`) });
  await expect(dialog).toContainText('10 names, 10 classes');
  await dialog.getByRole('button', { name: 'Save the steps' }).click();
  const shown = await digit.region.getByRole('listitem').allTextContents();
  expect(shown.map((text) => text.replace(/0\.\d+$/, '')).toSorted()).toEqual(names.toSorted());
});

test('the views are chosen by keys, in Chinese, and axe finds nothing serious', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'transformer');
  await ask(app, ids);
  const { region, views } = answerPane(page).output('logits');
  const offered = await views();
  expect(offered).toEqual(['Classes', 'Table', 'Sequence', 'Heatmap']);
  await region.getByRole('radio', { name: 'Classes' }).focus();
  for (const view of offered.slice(1)) {
    await page.keyboard.press('ArrowRight');
    await expect(region.getByRole('radio', { name: view })).toBeChecked();
    await settle(page);
    expect(await seriousFindings(page)).toEqual([]);
  }
  await page.goto(`${new URL(page.url()).origin}/#/settings`);
  await page.getByRole('main').getByText('简体中文').click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await page.goto(`${new URL(page.url()).origin}/#/playground`);
  await page.getByRole('main').locator('[aria-keyshortcuts*=Enter]:not([aria-disabled])').click();
  const logits = page.getByRole('main').locator('section[aria-label=logits]');
  await expect(logits.getByText('类别', { exact: true })).toBeVisible();
  await expect(logits.getByRole('button', { name: '修改步骤…' })).toBeVisible();
  await expect(page.getByRole('main').getByText('时间去向')).toBeVisible();
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
});
