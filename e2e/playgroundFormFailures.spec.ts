import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPlayground } from './ask.ts';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingsPage } from './pages/servingsPage.ts';
import { untilServing } from './serve.ts';

/** Opens the request's options, sets one and closes them. */
async function option({ page }: AppUnderTest, set: () => Promise<unknown>): Promise<void> {
  await page
    .getByRole('main')
    .getByRole('button', { name: /^Options/ })
    .click();
  await set();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('combobox', { name: 'Sent by' })).toHaveCount(0);
}

test.use({ launch: { models: ['dtype_zoo'] } });

test('what the server refuses is said at its field or for the request, and mended by a button', async ({ app }) => {
  const { page } = app;
  const playground = playgroundPage(page);
  await openPlayground(app, 'dtype_zoo');
  const { answer, predict } = playground;

  // F45: rows are asked for, and an output has none.
  await option(app, () => page.getByRole('combobox', { name: 'Sent by' }).selectOption('row'));
  await predict.click();
  await expect(answer.getByRole('alert')).toContainText('has no rows: ask in columns', { timeout: 60_000 });
  await answer.getByRole('button', { name: 'Ask by REST' }).click();
  await predict.click();
  await expect(answer).toContainText('200 OK');
  await option(app, () => page.getByRole('combobox', { name: 'Sent by' }).selectOption('auto'));

  // F42: a label that no version bears.
  await option(app, () => page.getByRole('textbox', { name: 'Label' }).fill('canary'));
  await predict.click();
  await expect(answer.getByRole('alert')).toContainText('No version bears the label canary');
  await answer.getByRole('button', { name: 'Use the latest version' }).click();
  await predict.click();
  await expect(answer).toContainText('200 OK');

  // F44: a type that JSON does not carry, where REST is insisted on.
  await playground.choose('half');
  await option(app, () => page.getByRole('combobox', { name: 'Sent by' }).selectOption('columnar'));
  await predict.click();
  await expect(playground.field('h')).toContainText('h is float16, which JSON cannot carry; use gRPC.');
  await option(app, () => page.getByRole('combobox', { name: 'Sent by' }).selectOption('auto'));

  // F46: shapes that fit the signature and not each other; an input that is not there.
  await playground.choose('logic');
  const shapeOf = async (name: string, shape: string): Promise<void> => {
    const field = playground.field(name);
    await field.getByRole('button', { name: `More for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Change the shape…' }).click();
    await field.getByRole('textbox', { name: `Shape of ${name}` }).fill(shape);
    await page.keyboard.press('Enter');
    await expect(field).toContainText(`[${shape}]`);
  };
  await shapeOf('p', '2');
  await shapeOf('q', '3');
  await expect(playground.input).toContainText('The batches differ');
  await predict.click();
  await expect(answer.getByRole('alert')).toContainText(/shape|Incompatible/i);
  await playground.field('q').getByRole('button', { name: 'More for q' }).click();
  await page.getByRole('menuitem', { name: 'Leave out' }).click();
  await expect(playground.field('q')).toContainText('q is left out; the model wants it.');
  await playground.field('q').getByRole('button', { name: 'Send anyway' }).click();
  await expect(answer.getByRole('alert')).toContainText('q is missing.');
});

/** Serves a dropped model by the embedded engine with flags that a person writes, and opens its playground. */
async function serveWith(app: AppUnderTest, model: string, flags: string): Promise<void> {
  const { page } = app;
  const sheet = importSheet(page);
  await dropOnWindow(page, modelFolder(app, model));
  await sheet.place(/Embedded engine/).check();
  await sheet.dialog.getByRole('button', { name: /^More choices|^Advanced/ }).click();
  await sheet.dialog.getByRole('textbox', { name: /flags/i }).fill(flags);
  await sheet.serve.click();
  await expect(sheet.dialog).toHaveCount(0);
  await frame(page).open('Servings');
  await servingsPage(page).open(model);
  await untilServing(app);
  await page.getByRole('button', { name: 'Open playground' }).click();
  await expect(playgroundPage(page).predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
}

test.describe('a server with limits', () => {
  test.use({ launch: { models: ['iris'] } });

  test('says that a batch has more rows than it takes', async ({ app }) => {
    const { page } = app;
    const { answer, input, predict } = playgroundPage(page);
    const batching = join(app.folder, 'batching.txt');
    await writeFile(batching, 'max_batch_size { value: 2 }\nbatch_timeout_micros { value: 0 }\nnum_batch_threads { value: 1 }\n');
    // F47: more rows than a batch may have.
    await serveWith(app, 'iris', `--enable_batching=true\n--batching_parameters_file=${batching}`);
    await input.getByRole('textbox', { name: 'Batch' }).fill('3');
    await expect(playgroundPage(page).field('features')).toContainText('[3, 4]');
    await predict.click();
    await expect(answer.getByRole('alert')).toContainText('3 rows are more than a batch may have, 2.', { timeout: 60_000 });
  });
});
