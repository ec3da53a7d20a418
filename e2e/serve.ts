import { dropOnWindow } from './drop.ts';
import { expect, modelFolder, type AppUnderTest } from './app.ts';
import { freePort } from '../test/freePort.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';
import { servingsPage } from './pages/servingsPage.ts';

/** Drops a model, presses Serve, and opens the page of the serving that is starting. */
export async function startServing(app: AppUnderTest, model: string): Promise<void> {
  const sheet = importSheet(app.page);
  await dropOnWindow(app.page, modelFolder(app, model));
  await sheet.serve.click();
  await expect(sheet.dialog).toHaveCount(0);
  await frame(app.page).open('Servings');
  await servingsPage(app.page).open(model);
}

/** Waits until the serving whose page is open answers. */
export async function untilServing(app: AppUnderTest): Promise<void> {
  await expect(servingPage(app.page).state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
}

/** Serves a model of the spec's folder with the embedded engine, at ports that nobody has, and opens its playground. */
export async function openPlaygroundAside(app: AppUnderTest, model: string): Promise<void> {
  const ports = ['--rest-port', String(await freePort()), '--grpc-port', String(await freePort())];
  await app.command('serve', modelFolder(app, model), '--engine', 'embedded', '--detach', ...ports);
  await frame(app.page).open('Playground');
  await expect(playgroundPage(app.page).predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
}
