import { expect, test } from './app.ts';
import { servingPage } from './pages/servingPage.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['half_plus_two'] } });

test('the log is followed, searched, shown as it came, and its lines carry the time', async ({ app }) => {
  const { page } = app;
  const { log, ...serving } = servingPage(page);
  await startServing(app, 'half_plus_two');
  await untilServing(app);
  await expect(log).toContainText('Successfully loaded servable version');
  await expect(log.locator('[data-index]').first()).toContainText(/\d{2}:\d{2}:\d{2}\.\d{3}/);

  const follow = page.getByRole('switch', { name: 'Follow the log' });
  await expect(follow).toHaveAttribute('aria-checked', 'true');
  await follow.click();
  await expect(follow).toHaveAttribute('aria-checked', 'false');

  const find = page.getByRole('textbox', { name: /^Find in \d+ lines?$/ });
  await find.fill('Successfully loaded');
  await expect(log.locator('[data-index]')).toHaveCount(1);
  await expect(page.getByText('1 line holds it.')).toBeVisible();
  await find.fill('no line has these words');
  await expect(log.locator('[data-index]')).toHaveCount(0);
  await find.fill('');

  const raw = page.getByRole('button', { name: 'Raw' });
  await raw.click();
  await expect(raw).toHaveAttribute('aria-pressed', 'true');
  await expect(log).toContainText(/\.cc:\d+\]/);

  await serving.stop.click();
  await expect(page.getByRole('region', { name: 'Log' })).toContainText('ended');
  await expect(log).toContainText('Successfully loaded servable version');
});
