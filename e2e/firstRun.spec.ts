import { dropOnWindow } from './drop.ts';
import { expect, modelFolder, test } from './app.ts';
import { isClose, readGolden } from './golden.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';
import { servingsPage } from './pages/servingsPage.ts';

test.use({ launch: { models: ['half_plus_two'] } });

test('a dropped folder is served, answers as TensorFlow does, and is stopped, started and removed', async ({ app }) => {
  const { page } = app;
  const golden = readGolden('half_plus_two', '2', 'classic');
  const [sheet, serving, servings, playground] = [importSheet(page), servingPage(page), servingsPage(page), playgroundPage(page)];

  await dropOnWindow(page, modelFolder(app, 'half_plus_two'));
  await expect(sheet.title).toHaveText(/half_plus_two/);
  await expect(sheet.name).toHaveValue('half_plus_two');
  await expect(sheet.serve).toBeFocused();
  await sheet.serve.press('Enter');

  await frame(page).open('Servings');
  await servings.open('half_plus_two');
  await expect(serving.state(/^Serving v2/)).toBeVisible({ timeout: 120_000 });
  await expect(serving.steps.filter({ hasText: 'AVAILABLE' })).toContainText('(done)');
  await expect(serving.log).toContainText('Successfully loaded servable version');

  await serving.openPlayground.click();
  await playground.fill(JSON.stringify(golden.request));
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');
  const answered: unknown = JSON.parse(await playground.readRaw());
  expect({ answered, close: isClose(answered, golden.response, golden.tolerance) }).toEqual({ answered, close: true });

  await frame(page).open('Servings');
  await servings.stop('half_plus_two').click();
  await expect(servings.row('half_plus_two')).toContainText(/Stopped(?! from outside)/);
  await servings.start('half_plus_two').click();
  await expect(servings.row('half_plus_two')).toContainText('Serving v2', { timeout: 60_000 });

  await servings.open('half_plus_two');
  await serving.stop.click();
  await serving.remove.click();
  await serving.confirmRemove();
  await expect(page.getByRole('heading', { name: 'Nothing is served yet' })).toBeVisible();
  expect(await app.command('ps', '--json')).not.toContain('half_plus_two');
});
