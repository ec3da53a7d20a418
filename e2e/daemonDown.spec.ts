import { expect, modelFolder, test } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';

// DOCKER_HOST is the person's choice: where it is set, no other engine is taken in its place.
test.use({ launch: { models: ['half_plus_two'], env: { DOCKER_HOST: 'unix:///var/run/slipway-e2e-nobody.sock' } } });

test('without Docker the app works, says that it is away and why, and serving waits for it', async ({ app }) => {
  const { page } = app;
  await expect(frame(page).engine).toContainText(/not|away|no engine/i);
  await frame(page).engine.click();
  await expect(page.getByText(/slipway-e2e-nobody\.sock/).first()).toBeVisible();
  await page.keyboard.press('Escape');

  await dropOnWindow(page, modelFolder(app, 'half_plus_two'));
  const sheet = importSheet(page);
  await expect(sheet.title).toContainText('half_plus_two');
  await expect(sheet.dialog).toContainText(/Docker/);
});
