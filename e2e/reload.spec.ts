import { expect, test } from './app.ts';
import { frame } from './pages/frame.ts';
import { servingPage } from './pages/servingPage.ts';
import { servingsPage } from './pages/servingsPage.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['half_plus_two'] } });

test('a reload in the middle of a start finds the start where it is', async ({ app }) => {
  await startServing(app, 'half_plus_two');
  await app.page.reload();
  await expect(servingPage(app.page).heading).toHaveText('half_plus_two');
  await untilServing(app);
  expect(new URL(app.page.url()).hash).not.toContain('code');
});

test('a connection that is lost is said, the page stays readable, and it comes back by itself', async ({ app, shell }) => {
  test.skip(shell !== 'web', 'skipped: the desktop window has no connection to lose');
  app.expectErrors(/ERR_CONNECTION|WebSocket|Failed to load resource|Failed to fetch/);
  const { page } = app;
  await startServing(app, 'half_plus_two');
  await untilServing(app);

  const killed = await app.kill();
  await expect(frame(page).connectionStrip).toBeVisible();
  await expect(servingPage(page).heading).toHaveText('half_plus_two');
  await killed.again();
  await expect(frame(page).connectionStrip).toHaveCount(0);

  // What the killed process served goes on, and is known again.
  await untilServing(app);
  await frame(page).open('Servings');
  await servingsPage(page).stop('half_plus_two').click();
  await expect(servingsPage(page).row('half_plus_two')).toContainText(/Stopped(?! from outside)/);
});
