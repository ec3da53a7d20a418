import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, modelFolder, test } from './app.ts';
import { folderTree } from './pages/folderTree.ts';
import { importSheet } from './pages/importSheet.ts';
import { servingPage } from './pages/servingPage.ts';
import { untilServing } from './serve.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the tree is of the web shell');
test.use({ launch: { models: ['half_plus_two'] } });

test('a start that fails names its cause, shows what was expected and found, marks the line of the log, and its button mends it', async ({
  app,
}) => {
  const { page } = app;
  const serving = servingPage(page);
  const tree = folderTree(page);
  await tree.open();
  await tree.choose('half_plus_two');
  await importSheet(page).serve.click();
  await untilServing(app);
  await serving.stop.click();
  await expect(serving.startAgain).toBeVisible();

  // Behind our back the version's folder loses its number.
  const folder = modelFolder(app, 'half_plus_two');
  await rename(join(folder, '2'), join(folder, 'two'));
  await rename(join(folder, '1'), join(folder, 'one')).catch(() => undefined);
  await serving.startAgain.click();
  await expect(serving.failure).toContainText('TensorFlow Serving finds no version', { timeout: 60_000 });
  await expect(serving.state('Failed to start')).toBeVisible();

  const mend = serving.failure.getByRole('button', { name: 'Read the folder again and start' });
  await expect(mend).toBeFocused();
  await expect(page.getByRole('tree', { name: 'TensorFlow Serving reads' })).toContainText('/models/half_plus_two/');
  await expect(page.getByRole('tree', { name: 'The folder holds' })).toContainText('two/');

  const cause = serving.log.locator('[data-cause]');
  await expect(cause).toHaveCount(1);
  await expect(cause).toContainText('No versions of servable half_plus_two found under base path');
  // The server says it once a second: one row, with how often.
  await expect(cause.getByRole('note')).toHaveAccessibleName(/^repeated \d+ times$/i);
  await expect(serving.steps.filter({ hasText: 'TensorFlow Serving loads' })).toContainText('(failed)');

  await rename(join(folder, 'two'), join(folder, '2'));
  await mend.click();
  await untilServing(app);
  await expect(serving.failure).toHaveCount(0);
});
