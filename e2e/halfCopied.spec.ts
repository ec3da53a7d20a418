import { appendFile, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { folderTree } from './pages/folderTree.ts';
import { importSheet } from './pages/importSheet.ts';
import { untilServing } from './serve.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the tree is of the web shell');
test.use({ launch: { models: ['digits_cnn'] } });

const weights = join('1', 'variables', 'variables.data-00000-of-00001');

/** Cuts the weights to a third, as a copy under way leaves them, and opens the sheet; answers what is still to come. */
async function openHalfCopied(app: AppUnderTest): Promise<{ readonly path: string; readonly rest: Buffer }> {
  const path = join(modelFolder(app, 'digits_cnn'), weights);
  const whole = await readFile(path);
  const there = Math.floor(whole.length / 3);
  await truncate(path, there);
  const tree = folderTree(app.page);
  await tree.open();
  await tree.choose('digits_cnn');
  return { path, rest: whole.subarray(there) };
}

test('a half-copied model is shown with its progress and where it lacks, and can be served by itself once it is complete', async ({
  app,
}) => {
  const { page } = app;
  const sheet = importSheet(page);
  const { path, rest } = await openHalfCopied(app);
  const progress = sheet.dialog.getByRole('progressbar');
  await expect(sheet.title).toHaveText('digits_cnn needs one thing before it can serve');
  await expect(progress).toHaveAttribute('aria-valuetext', /^[\d.]+(\s.?B)? of [\d.]+\s.B$/u);
  await expect(sheet.dialog.getByRole('treeitem').filter({ hasText: '00000-of-00001' })).toContainText(' of ');
  await expect(sheet.serve).toBeDisabled();

  const before = Number(await progress.getAttribute('aria-valuenow'));
  await appendFile(path, rest.subarray(0, Math.floor(rest.length / 2)));
  await expect.poll(async () => Number(await progress.getAttribute('aria-valuenow'))).toBeGreaterThan(before);
  await expect(sheet.problems).toContainText('The weights are still arriving');

  await appendFile(path, rest.subarray(Math.floor(rest.length / 2)));
  await expect(sheet.title).toHaveText('digits_cnn is ready to serve');
  await expect(sheet.serve).toBeEnabled();
  await expect(sheet.serve).toBeFocused();
});

test('a half-copied model that is to be served as soon as it is complete is served without another click', async ({ app }) => {
  const { path, rest } = await openHalfCopied(app);
  const wanted = importSheet(app.page).mend('Serve as soon as it is complete');
  await wanted.click();
  await expect(importSheet(app.page).mend('Serves as soon as it is complete')).toHaveAttribute('aria-pressed', 'true');
  await appendFile(path, rest);
  await untilServing(app);
});
