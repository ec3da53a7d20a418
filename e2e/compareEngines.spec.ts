import { expect, modelFolder, test } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';

test.use({ launch: { models: ['iris'] } });

test('one input to TensorFlow Serving and to the embedded engine: the answers and their largest difference', async ({ app }) => {
  const { page } = app;
  await dropOnWindow(page, modelFolder(app, 'iris'));
  const [sheet, serving, playground] = [importSheet(page), servingPage(page), playgroundPage(page)];
  await expect(sheet.place(/^Docker/)).toBeChecked();
  await sheet.serve.click();
  await expect(serving.state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
  await serving.openPlayground.click();
  await expect(playground.predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');
  await page.getByRole('button', { name: 'Compare with another' }).click();
  await page.getByRole('menuitem', { name: 'Embedded engine', exact: true }).click();
  const compared = playground.answer.getByRole('region', { name: 'The same input, side by side' });
  await expect(compared.getByRole('status').first()).toHaveText(
    /Both answer the same\.|The same classes\. ?The largest difference is \d\.\de−\d+\./,
    { timeout: 60_000 },
  );
  // The engine alone is a third way to ask.
  await page.getByRole('radiogroup', { name: 'Protocol' }).getByText('Embedded engine').click();
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');
});
