import { expect, modelFolder, test } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';

test.use({ launch: { models: ['digits_cnn'] } });

test('what does not fit is mended by a button, and asked over REST and gRPC', async ({ app }) => {
  const { page } = app;
  await dropOnWindow(page, modelFolder(app, 'digits_cnn'));
  const [sheet, serving, playground] = [importSheet(page), servingPage(page), playgroundPage(page)];
  await sheet.place(/^Embedded engine/).click();
  await sheet.serve.click();
  await expect(serving.state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
  await serving.openPlayground.click();
  await expect(playground.predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
  // One picture without its batch.
  await playground.fill(
    `{"inputs": [${Array.from({ length: 8 }, () => `[${Array.from({ length: 8 }, () => '[0.5]').join(', ')}]`).join(', ')}]}`,
  );
  await page.getByRole('button', { name: 'Add a batch dimension' }).click();
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK', { timeout: 60_000 });
  await page.getByRole('main').getByText('gRPC', { exact: true }).click();
  await playground.predict.click();
  await expect(playground.answer.getByRole('status').first()).toHaveText(/Answer ?OK/, { timeout: 60_000 });
  await playground.answer.getByRole('tab', { name: 'Raw' }).click();
  await expect(playground.answer).toContainText('PredictionService/Predict');
});
