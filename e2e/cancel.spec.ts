import { expect, modelFolder, test } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { openHeldRegistry } from './heldRegistry.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { servingPage } from './pages/servingPage.ts';
import { servingsPage } from './pages/servingsPage.ts';
import { settingsPage } from './pages/settingsPage.ts';
import { docker } from './programs.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['half_plus_two'] } });

test('a pull shows its bytes, layer by layer, as a step and as a task; stopped, it leaves no image, and started again it serves', async ({
  app,
}) => {
  const { page } = app;
  const serving = servingPage(page);
  await using registry = await openHeldRegistry();
  await settingsPage(page).open();
  await settingsPage(page).setImage(registry.image);

  await startServing(app, 'half_plus_two');
  await expect(serving.pull).toHaveAttribute('aria-valuetext', /^[1-9][\d.]*(\s[kM]B)? of [\d.]+\sMB$/u);
  await expect(serving.pull).not.toHaveAttribute('aria-valuenow', '0');
  await expect(page.getByRole('table', { name: 'Layers' }).getByRole('row')).not.toHaveCount(0);
  await frame(page).tasks.click();
  const tasks = page.getByRole('dialog');
  await expect(tasks.getByRole('progressbar', { name: 'Serve half_plus_two' })).toBeVisible();

  await tasks.getByRole('button', { name: 'Stop Serve half_plus_two' }).click();
  await expect(tasks).toContainText('stopped');
  await page.keyboard.press('Escape');
  await expect(serving.state('Stopped')).toBeVisible();
  expect(await docker('images', '--quiet', registry.image)).toBe('');

  registry.release();
  await serving.startAgain.click();
  await untilServing(app);
  await expect(serving.steps.filter({ hasText: `Pulled ${registry.image}` })).toContainText('(done)');
});

test('a start that does not come to its end is stopped by one button, and no container of it is left running', async ({ app }) => {
  const { page } = app;
  const serving = servingPage(page);
  // A server that never says anything: the load goes on for as long as it is let.
  const silent = 'slipway-e2e/silent:1';
  const made = await docker('create', 'tensorflow/serving:latest');
  await docker('commit', '--change', 'ENTRYPOINT ["sh", "-c", "sleep 600"]', '--change', 'CMD []', made, silent);
  await docker('rm', made);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => docker('rmi', '--force', silent).then(undefined, () => undefined));
  await settingsPage(page).open();
  await settingsPage(page).setImage(silent);

  await dropOnWindow(page, modelFolder(app, 'half_plus_two'));
  await importSheet(page).serve.click();
  await expect(serving.steps.filter({ hasText: 'TensorFlow Serving loads' })).toContainText('(under way)');
  await serving.stopStarting.click();
  await expect(serving.state('Stopped')).toBeVisible();
  expect(await docker('ps', '--quiet', '--filter', `ancestor=${silent}`)).toBe('');
  await frame(page).open('Servings');
  await expect(servingsPage(page).row('half_plus_two')).toContainText(/Stopped(?! from outside)/);
});
