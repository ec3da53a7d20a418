import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seriousFindings, settle } from './axe.ts';
import { dragOverWindow, dropOnWindow } from './drop.ts';
import { expect, modelFolder, test } from './app.ts';

test.use({ launch: { models: ['digits_cnn', 'bad/keras_file', 'bad/missing_data'] } });

/** So many rows of 64 pixels, of which the last one holds none. */
const rowsOfPixels = (count: number): string =>
  Array.from({ length: count }, (_, row) =>
    Array.from({ length: 64 }, (_unused, at) => (row === count - 1 ? 'oops' : (row * at) % 17)).join(','),
  ).join('\n');

const looks = [
  { theme: 'light', language: 'en' },
  { theme: 'dark', language: 'en' },
  { theme: 'light', language: 'zh' },
  { theme: 'dark', language: 'zh' },
] as const;

// By place and role, never by words: the same way is walked in both languages.
for (const { theme, language } of looks) {
  test(`axe finds nothing serious on any page, sheet or menu, ${theme}, ${language}`, async ({ app }) => {
    // Some fifty looks: they take their time where the machine is busy.
    test.slow();
    const { page } = app;
    const [main, dialog, banner] = [page.getByRole('main'), page.getByRole('dialog'), page.getByRole('banner')];
    const found: Record<string, readonly string[]> = {};
    const look = async (name: string): Promise<void> => {
      await settle(page);
      found[name] = await seriousFindings(page);
    };
    const go = async (key: '1' | '2' | '3' | ','): Promise<void> => {
      await banner.getByRole('button').first().focus();
      await page.keyboard.press(key);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    };
    const close = async (): Promise<void> => {
      await page.keyboard.press('Escape');
      await expect(dialog).toHaveCount(0);
    };

    // A second version with a metric, so that there is something to compare.
    const digits = modelFolder(app, 'digits_cnn');
    await cp(join(digits, '1'), join(digits, '2'), { recursive: true });
    await writeFile(join(digits, 'metrics.json'), JSON.stringify({ 1: { accuracy: 0.972 }, 2: { accuracy: 0.981 } }));
    await go(',');
    const choices = main.getByRole('radiogroup');
    await choices
      .nth(0)
      .locator('label')
      .nth(theme === 'light' ? 1 : 2)
      .click();
    await choices
      .nth(1)
      .locator('label')
      .nth(language === 'en' ? 1 : 2)
      .click();
    await expect(page.locator(`html[lang^=${language}][data-mantine-color-scheme=${theme}]`)).toHaveCount(1);
    await look('settings');
    for (const key of ['1', '2', '3'] as const) {
      await go(key);
      await look(`place ${key}, empty`);
    }
    await page.keyboard.press('ControlOrMeta+K');
    await expect(dialog).toBeVisible();
    await look('palette');
    await close();
    for (const [name, at] of [
      ['engine', 1],
      ['tasks', 2],
    ] as const) {
      await banner.getByRole('button').nth(at).click();
      await expect(dialog).toBeVisible();
      await look(name);
      await close();
    }
    await page.keyboard.press('o');
    await expect(dialog.getByRole('tree')).toBeVisible();
    await look('folder tree');
    await close();

    const drag = await dragOverWindow(page, modelFolder(app, 'bad/keras_file'));
    await look('dragged over');
    await drag.drop();
    await expect(dialog.getByRole('region')).toHaveCount(1);
    await look('import, not a model');
    await close();
    await dropOnWindow(page, modelFolder(app, 'bad/missing_data'));
    await expect(dialog.getByRole('tree')).toBeVisible();
    await look('import, half a model');
    await close();
    await dropOnWindow(page, modelFolder(app, 'digits_cnn'));
    await expect(dialog.getByRole('textbox').first()).toBeVisible();
    await dialog.locator('[aria-expanded=false]').click();
    await look('import, advanced');
    await dialog.locator('button[type=submit]').click();
    await expect(dialog).toHaveCount(0);
    await look('serving, starting');
    await expect(main.getByRole('img').first()).toBeVisible({ timeout: 120_000 });
    await look('serving');
    await main.getByText(language === 'en' ? 'pinned' : '固定', { exact: true }).click();
    await main.locator('form label').last().click();
    await expect(main.locator('form [type=submit]')).toBeVisible();
    await look('switch, told before');
    await main.locator('[aria-haspopup=menu]').first().click();
    await expect(page.getByRole('menu')).toBeVisible();
    await look('serving, menu');
    await page.getByRole('menuitem', { name: /^(Change image|更换镜像)/ }).click();
    await expect(dialog.getByRole('radio').first()).toBeVisible();
    await dialog.locator('[aria-expanded=false]').click();
    await expect(dialog.getByRole('textbox').first()).toBeVisible();
    await look('change of image or engine');
    await close();

    await go('3');
    await expect(main.getByRole('gridcell').first()).toBeVisible();
    await look('playground');
    await main.getByRole('gridcell').first().focus();
    await page.keyboard.press('Control+Enter');
    await expect(main.getByText('200 OK')).toBeVisible();
    await look('answer');
    await main.getByRole('button', { name: /^(Change the steps…|修改步骤…)$/ }).click();
    await expect(dialog.getByRole('status')).toBeVisible();
    await look('answer, steps');
    await close();
    await page.keyboard.press('Alt+2');
    await expect(main.getByRole('region', { name: /^(Response|响应)$/ })).toBeVisible();
    await look('answer, raw');
    await page.keyboard.press('Alt+1');
    await main.getByRole('button', { name: /^(Compare with|与) ?v1/ }).click();
    await expect(main.getByRole('tabpanel').getByRole('table')).toBeVisible({ timeout: 60_000 });
    await look('side by side');
    await main.getByRole('tab', { name: /^(History|历史)$/ }).click();
    await expect(main.getByRole('tabpanel').getByRole('listitem').first()).toBeVisible();
    await look('history');
    await main.getByRole('tab').first().click();
    await writeFile(join(app.folder, 'rows.csv'), rowsOfPixels(12));
    await main.locator('button[aria-haspopup=dialog]').first().click();
    await dialog.locator('input[type=file]').setInputFiles(join(app.folder, 'rows.csv'));
    await expect(dialog.getByRole('table')).toBeVisible();
    await dialog.getByRole('radiogroup').first().locator('label').nth(1).click();
    await expect(dialog.getByRole('group')).toHaveCount(2);
    await look('rows of a file');
    await dialog.locator('button[type=submit]').click();
    await expect(dialog.getByRole('table').last()).toContainText('oops');
    await look('rows, compared');
    await close();
    await go('2');
    await expect(main.getByRole('table')).toBeVisible();
    await look('servings');
    await go('1');
    await look('models');
    await page.keyboard.press('/');
    await page.keyboard.type('params>1 accuracy>high');
    await expect(main.getByRole('listitem')).toHaveCount(1);
    await expect(main.getByRole('grid').getByRole('checkbox')).toHaveCount(2);
    await look('found versions');
    await main.getByRole('search').getByRole('button').last().click();
    await expect(dialog).toBeVisible();
    await look('filters');
    await close();
    await main.getByRole('search').getByRole('textbox').fill('');
    await main.getByRole('grid').getByRole('link').first().click();
    await expect(main.getByRole('tab').first()).toBeVisible();
    for (const at of [0, 1, 2, 3, 4]) {
      await main.getByRole('tab').nth(at).click();
      await look(`model, tab ${at + 1}`);
    }
    await main.locator('[aria-haspopup=menu]').first().click();
    await page.getByRole('menuitem', { name: /^(Bake an image|构建镜像)/ }).click();
    await expect(dialog.getByRole('textbox').last()).toContainText('FROM ');
    await look('bake');
    await close();
    await main.getByRole('tab').first().click();
    await main.locator('[aria-haspopup=menu]').first().click();
    await page.getByRole('menuitem').last().click();
    await expect(dialog.getByRole('list')).toBeVisible();
    await look('removal');
    await close();
    for (const at of [0, 1]) await main.getByRole('checkbox').nth(at).check();
    await main.getByRole('button', { name: /^(Compare|对比)$/ }).click();
    await expect(main.getByRole('img')).toBeVisible();
    // Each that is opened is no longer among them.
    const closed = main.locator('[aria-expanded=false]:not([aria-haspopup])');
    for (let left = await closed.count(); left > 0; left -= 1) {
      await closed.first().click();
      await expect(closed).toHaveCount(left - 1);
    }
    await look('comparison');
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  });
}
