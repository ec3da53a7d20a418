import { expect, modelFolder, test } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { dropOnWindow } from './drop.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['iris', 'half_plus_two'] } });

test('a second model is served by the server of the first, which is said before, and leaves it again', async ({ app }) => {
  const { page } = app;
  await startServing(app, 'iris');
  await untilServing(app);
  const rest = /http:\/\/[\d.:]+/.exec((await page.getByRole('main').textContent()) ?? '')?.[0] ?? '';

  const sheet = importSheet(page);
  await dropOnWindow(page, modelFolder(app, 'half_plus_two'));
  await sheet.dialog.getByRole('button', { name: 'Add without serving' }).click();
  await expect(frame(page).heading).toHaveText('half_plus_two');
  await page.getByRole('button', { name: 'More about half_plus_two' }).click();
  await page.getByRole('menuitem', { name: 'Serve by another server…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Serve half_plus_two by a server that runs' });
  await expect(dialog.getByRole('radio', { name: 'iris' })).toBeChecked();
  await expect(dialog).toContainText('another one starts beside it and takes over first');
  await expect(dialog).toContainText(/It needs about \d/);
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Serve there' }).click();
  await untilServing(app);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('half_plus_two');
  await expect(page.getByText('Served by the server of iris')).toBeVisible();
  const ask = async (model: string, body: unknown): Promise<unknown> =>
    (await fetch(`${rest}/v1/models/${model}:predict`, { method: 'POST', body: JSON.stringify(body) })).json();
  expect(await ask('half_plus_two', { instances: [1, 2, 5] })).toEqual({ predictions: [3.5, 4, 5.5] });

  await page.getByRole('link', { name: 'iris' }).click();
  await expect(page.getByText('Its server also serves half_plus_two')).toBeVisible();
  await page.getByRole('link', { name: 'half_plus_two' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Start again' })).toBeVisible();
  expect(JSON.stringify(await ask('half_plus_two', { instances: [1] }))).toMatch(/not found/i);
  const status = await fetch(`${rest}/v1/models/iris`);
  expect(JSON.stringify(await status.json())).toContain('AVAILABLE');
});
