import { seriousFindings, settle } from './axe.ts';
import { expect, modelFolder, test } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { frame } from './pages/frame.ts';
import { modelPage } from './pages/libraryPage.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { openPlaygroundAside } from './serve.ts';

// The versions of iris were trained for different times: their scores differ, and of some flowers their classes.
test.use({ launch: { models: ['iris'], env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } } });

const flowers = '{"instances": [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3], [6.0, 2.7, 5.1, 1.6]]}';

test('the same input to two versions, of which one is not served: differences, changed classes, and who answered', async ({ app }) => {
  const { page } = app;
  const playground = playgroundPage(page);
  await openPlaygroundAside(app, 'iris');
  await playground.fill(flowers);
  await playground.predict.click();
  await expect(playground.answer).toContainText('200 OK');

  // The version before is one press away; others are in the menu.
  await expect(playground.answer.getByRole('button', { name: 'Compare with v2' })).toBeVisible();
  await playground.answer.getByRole('button', { name: 'Compare with another' }).click();
  await page.getByRole('menuitem', { name: /^v1/ }).click();
  const compared = playground.answer.getByRole('region', { name: 'The same input, side by side' });
  await expect(compared.getByRole('status').first()).toContainText(/The class changed in [1-3] of 3 rows\./, { timeout: 60_000 });
  await expect(compared).toContainText('iris does not serve v1: the embedded engine answers in its stead.');
  await expect(compared).toContainText(/both over REST, .+ and .+ms/u);
  const scores = compared.getByRole('table', { name: /^Scores of/ });
  await expect(scores.getByRole('columnheader')).toHaveText(['Class', /v1/, /v3/, 'Change', 'v3 − v1']);
  await expect(scores.getByRole('row')).toHaveCount(4);
  await expect(scores.getByText('v1’s choice')).toBeVisible();
  await expect(scores.getByRole('row').nth(1)).toContainText(/[+−]0\.\d{4}$/u);
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);

  // By keys: the menu again, and the same version over the other protocol, which answers the same.
  await playground.answer.getByRole('button', { name: 'Compare with another' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: /^v2/ }).waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await expect(compared.getByRole('status').first()).toHaveText('Both answer the same.');
  await expect(compared).toContainText(/REST .+, gRPC .+/u);

  await frame(page).open('Settings');
  await page.getByRole('radiogroup').nth(1).locator('label').nth(2).click();
  await expect(page.locator('html[lang^=zh]')).toHaveCount(1);
  await page.getByRole('navigation').getByRole('link').nth(2).click();
  // What was typed outlives the page, its answer does not.
  await page.getByRole('button', { name: /^预测/ }).click();
  await page.getByRole('button', { name: /^与 v2 比较/ }).click({ timeout: 20_000 });
  await expect(page.getByRole('region', { name: '同一输入，并排比较' }).getByRole('table')).toBeVisible({ timeout: 60_000 });
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
});

test('two versions of the library that nothing serves are asked the same on the page that compares them', async ({ app }) => {
  const { page } = app;
  await dropOnWindow(page, modelFolder(app, 'iris'));
  await importSheet(page).dialog.getByRole('button', { name: 'Add without serving' }).click();
  const model = modelPage(page);
  await model.version('v1').getByRole('checkbox').check();
  await model.version('v3').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  const both = page.getByRole('region', { name: 'Ask both' });
  const input = both.getByRole('textbox', { name: 'Request as JSON' });
  await expect(input).toHaveValue(/"instances"/);
  await input.fill(flowers);
  await input.press('Control+Enter');
  const compared = both.getByRole('region', { name: 'The same input, side by side' });
  await expect(compared.getByRole('status').first()).toContainText(/The class changed in [1-3] of 3 rows\./, { timeout: 60_000 });
  await expect(compared).toContainText('Nothing serves v1: the embedded engine answers.');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await compared.getByRole('button', { name: 'Ask something else' }).click();
  await expect(input).toHaveValue(flowers);
});
