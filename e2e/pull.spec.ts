import { expect, test } from './app.ts';
import { frame } from './pages/frame.ts';
import { servingPage } from './pages/servingPage.ts';
import { settingsPage } from './pages/settingsPage.ts';
import { docker } from './programs.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['half_plus_two'] } });

/** The local registry's copy of the image that the engine has under its usual name: its layers may be here already. */
const image = 'localhost:5000/tensorflow/serving:2.19.1';

test('an image that is not here is pulled from its registry, as a step and a task, and then serves', async ({ app }) => {
  const { page } = app;
  await docker('rmi', image).catch(() => '');
  await settingsPage(page).open();
  await settingsPage(page).setImage(image);

  await startServing(app, 'half_plus_two');
  await untilServing(app);
  await expect(servingPage(page).steps.filter({ hasText: `Pulled ${image}` })).toContainText('(done)');
  await expect(servingPage(page).plan).toContainText(image);
  expect(await docker('image', 'inspect', '--format', '{{.Id}}', image)).toMatch(/^sha256:/);
});

test('an image that no registry has is said so, with the way to the settings', async ({ app }) => {
  const { page } = app;
  await settingsPage(page).open();
  await settingsPage(page).setImage('localhost:5000/slipway/there-is-no-such-image:1');
  await startServing(app, 'half_plus_two');
  await expect(servingPage(page).failure).toContainText('there-is-no-such-image');
  await servingPage(page).failure.getByRole('button', { name: 'Open settings' }).click();
  await expect(frame(page).heading).toHaveText('Settings');
});
