import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { dragOverWindow } from './drop.ts';
import { expect, modelFolder, test } from './app.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { settingsPage } from './pages/settingsPage.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['digits_cnn', 'bad/keras_file'] } });

/** What axe calls serious or critical on the page as it stands: rule and place. */
async function seriousFindings(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${target.join(' ')}`));
}

for (const theme of ['Light', 'Dark'] as const) {
  test(`axe finds nothing serious on any page, ${theme.toLowerCase()}`, async ({ app }) => {
    const { page } = app;
    const found: Record<string, readonly string[]> = {};
    const look = async (name: string): Promise<void> => {
      found[name] = await seriousFindings(page);
    };
    await settingsPage(page).open();
    await settingsPage(page).theme(theme).click();
    await look('settings');
    for (const place of ['Models', 'Servings', 'Playground'] as const) {
      await frame(page).open(place);
      await look(`${place}, empty`);
    }
    await page.keyboard.press('ControlOrMeta+K');
    await expect(page.getByRole('dialog')).toBeVisible();
    await look('palette');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);

    const drag = await dragOverWindow(page, modelFolder(app, 'bad/keras_file'));
    await look('dragged over');
    await drag.drop();
    await expect(importSheet(page).title).toBeVisible();
    await look('import, wrong folder');
    await importSheet(page).close();

    await startServing(app, 'digits_cnn');
    await look('serving, starting');
    await untilServing(app);
    await look('serving');
    await page.getByRole('button', { name: 'Open playground' }).click();
    await expect(page.getByRole('button', { name: /^Predict/ })).toBeVisible();
    await look('playground');
    await frame(page).open('Servings');
    await look('servings');
    await frame(page).open('Models');
    await look('models');
    await page.getByRole('main').getByRole('link', { name: 'digits_cnn' }).click();
    await expect(frame(page).heading).toContainText('digits_cnn');
    await look('model');
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  });
}
