import { expect, modelFolder, test } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { isClose, readGolden } from './golden.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';

// DOCKER_HOST is the person's choice: where it is set, no other engine is taken in its place.
test.use({ launch: { models: ['half_plus_two'], env: { DOCKER_HOST: 'unix:///var/run/slipway-e2e-nobody.sock' } } });

test('without Docker it is said that it is away and why, and a dropped folder is served by the embedded engine', async ({ app }) => {
  const { page } = app;
  await expect(frame(page).engine).toContainText(/not|away|no engine/i);
  await frame(page).engine.click();
  await expect(page.getByText(/slipway-e2e-nobody\.sock/).first()).toBeVisible();
  await page.keyboard.press('Escape');

  await dropOnWindow(page, modelFolder(app, 'half_plus_two'));
  const [sheet, serving, playground] = [importSheet(page), servingPage(page), playgroundPage(page)];
  await expect(sheet.title).toContainText('half_plus_two');
  await expect(sheet.place(/^Docker/)).toBeDisabled();
  await expect(sheet.place(/^Embedded engine/)).toBeChecked();
  await sheet.dialog.getByRole('button', { name: 'What differs from TensorFlow Serving' }).click();
  await expect(sheet.dialog.getByText(/It ends with Slipway/)).toBeVisible();
  await sheet.serve.click();

  await expect(serving.state(/^Serving v2/)).toBeVisible({ timeout: 120_000 });
  await expect(serving.plan).toContainText('Embedded engine, preview');
  await expect(serving.log).toContainText('Successfully loaded servable version');
  await serving.openPlayground.click();
  const golden = readGolden('half_plus_two', '2', 'classic');
  await playground.fill(JSON.stringify(golden.request));
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');
  const answered: unknown = JSON.parse(await playground.readRaw());
  expect({ answered, close: isClose(answered, golden.response, golden.tolerance) }).toEqual({ answered, close: true });
});

test('the sample is served in one click without Docker, and answers in the playground', async ({ app }) => {
  const { page } = app;
  await page.getByRole('button', { name: 'Serve the sample' }).click();
  const playground = playgroundPage(page);
  await expect(page.getByRole('heading', { name: 'Playground' })).toBeVisible();
  await expect(playground.predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');
  await expect(playground.answer).toContainText('probabilities');
});
