import { dropOnWindow } from './drop.ts';
import { expect, modelFolder, type AppUnderTest } from './app.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage, type PlaygroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';

/** Serves a model by the embedded engine and opens it in the playground, ready to be asked. */
export async function servePlayground(app: AppUnderTest, model: string): Promise<PlaygroundPage> {
  const { page } = app;
  const [sheet, serving, playground] = [importSheet(page), servingPage(page), playgroundPage(page)];
  await dropOnWindow(page, modelFolder(app, model));
  await sheet.place(/^Embedded engine/).click();
  await sheet.serve.click();
  await expect(serving.state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
  await serving.openPlayground.click();
  await expect(playground.predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
  return playground;
}
