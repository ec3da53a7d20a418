import { seriousFindings, settle } from './axe.ts';
import { expect, test, type AppUnderTest } from './app.ts';
import { historyTab } from './pages/historyTab.ts';
import { frame } from './pages/frame.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { openPlaygroundAside } from './serve.ts';

test.use({ launch: { models: ['half_plus_two'], env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } } });

async function ask({ page }: AppUnderTest, body: string, status = '200 OK'): Promise<void> {
  const playground = playgroundPage(page);
  await playground.fill(body);
  await playground.predict.click();
  await expect(playground.answer.getByText(status)).toBeVisible();
}

test('what was asked is found again after a reload: filled in, sent again, pinned, deleted, cleared', async ({ app }) => {
  const { page } = app;
  const playground = playgroundPage(page);
  const history = historyTab(page);
  await openPlaygroundAside(app, 'half_plus_two');
  await ask(app, '{"instances": [[1.0], [-0.0], [1e-45]]}');
  await ask(app, '{"instances": [[42.0]]}');
  await app.command('predict', 'half_plus_two', '--grpc');

  await page.reload();
  await frame(page).open('Playground');
  await history.open();
  await expect(history.requests).toHaveCount(3);
  await expect(history.request('slipway predict')).toContainText('OK');
  await expect(history.request('[[42.0]]')).toContainText('y [1, 1] 24.0');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);

  // Found by a piece of its text, and filled in as it was typed.
  await history.search.fill('1e-45');
  await expect(history.requests).toHaveCount(1);
  await history.requests.getByRole('button', { name: /^Fill in again/ }).click();
  await expect(playground.body).toHaveText('{"instances": [[1.0], [-0.0], [1e-45]]}');
  await expect(playground.answer.getByText('200 OK')).toHaveCount(0);
  // Sent at once: its answer stands there, and one more is in the history.
  await history.requests.getByRole('button', { name: /^Send again/ }).click();
  await expect(playground.answer.getByText('200 OK')).toBeVisible();
  await expect(playground.answer.getByRole('tab', { name: 'Answer' })).toHaveAttribute('aria-selected', 'true');
  await history.open();
  await expect(history.request('1e-45')).toHaveCount(2);

  const pin = history.request('[[42.0]]').getByRole('button', { name: /^Pin/ });
  await pin.click();
  await expect(pin).toHaveAttribute('aria-pressed', 'true');
  await history
    .request('slipway predict')
    .getByRole('button', { name: /^Delete/ })
    .click();
  await expect(history.request('slipway predict')).toHaveCount(0);
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Pinned' }).click();
  await expect(history.requests).toHaveCount(1);
  await page.getByRole('menuitemcheckbox', { name: 'Pinned' }).click();
  await expect(history.requests).toHaveCount(3);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await playground.answer.getByRole('button', { name: 'Clear…' }).click();
  await playground.answer.getByRole('button', { name: 'Cancel' }).click();
  await expect(history.requests).toHaveCount(3);
  await playground.answer.getByRole('button', { name: 'Clear…' }).click();
  await playground.answer.getByRole('button', { name: 'Delete them' }).click();
  await expect(history.requests).toHaveCount(1);
  await expect(history.request('[[42.0]]')).toBeVisible();
});

test('the history is walked by keys alone, and speaks Chinese', async ({ app }) => {
  const { page } = app;
  const { keyboard } = page;
  const playground = playgroundPage(page);
  await openPlaygroundAside(app, 'half_plus_two');
  await ask(app, '{"instances": [[3.0]]}');
  await ask(app, '{"instances": [[5.0]]}');
  await playground.body.focus();
  await keyboard.press('Alt+5');
  const history = historyTab(page);
  await expect(history.requests).toHaveCount(2);
  await history.search.focus();
  await keyboard.type('[[3.0]]');
  await expect(history.requests).toHaveCount(1);
  // Past the filter stands the one that was found.
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await expect(history.requests.getByRole('button').first()).toBeFocused();
  await keyboard.press('Enter');
  await expect(playground.body).toHaveText('{"instances": [[3.0]]}');

  await frame(page).open('Settings');
  await page.getByRole('radiogroup').nth(1).locator('label').nth(2).click();
  await expect(page.locator('html[lang^=zh]')).toHaveCount(1);
  await page.getByRole('navigation').getByRole('link').nth(2).click();
  await page.getByRole('tab', { name: '历史' }).click();
  await expect(page.getByRole('list', { name: '过去的请求' }).getByRole('listitem')).toHaveCount(2);
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
});

test('fields are filled in again as fields, and a label is asked by its name', async ({ app }) => {
  const { page } = app;
  const playground = playgroundPage(page);
  const history = historyTab(page);
  await openPlaygroundAside(app, 'half_plus_two');
  await app.command('switch', 'half_plus_two', 'all');
  await app.command('switch', 'half_plus_two', 'stable=1');
  const version = page.getByRole('button', { name: /^Version: / });
  await expect(version).toContainText('latest (v2)');
  await version.click();
  await page.getByRole('menu').getByText('stable (v1)').click();
  await expect(version).toContainText('v1 stable');
  await playground.giveAs('Fields');
  await playground.predict.click();
  await expect(playground.answer.getByText('200 OK')).toBeVisible();
  await playground.fill('{"instances": [[7.0]]}');
  await version.click();
  await page.getByRole('menu').getByText('v2', { exact: true }).click();

  await history.open();
  await expect(history.requests).toHaveCount(1);
  await expect(history.requests).toContainText('v1 · stable');
  await history.requests.getByRole('button', { name: /^Fill in again/ }).click();
  await expect(version).toContainText('v1 stable');
  await expect(playground.body).toHaveCount(0);
  await expect(playground.field('x')).toBeVisible();
});
