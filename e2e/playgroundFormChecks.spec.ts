import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fixtures } from '../test/fixtures.ts';
import { openPlayground } from './ask.ts';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { playgroundPage } from './pages/playgroundPage.ts';

/** Opens a field's menu and chooses. */
async function choose({ page }: AppUnderTest, field: string, entry: string): Promise<void> {
  await playgroundPage(page)
    .field(field)
    .getByRole('button', { name: `More for ${field}` })
    .click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

test.describe('what does not fit', () => {
  test.use({ launch: { models: ['iris'] } });

  test('is said at its field with what mends it, and is sent only by insistence', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(page);
    await openPlayground(app, 'iris');
    const field = playground.field('features');
    await choose(app, 'features', 'Type as JSON');
    const typed = field.getByRole('textbox', { name: 'features, JSON' });

    await typed.fill('[[5.1, 3.5, 1.4]]');
    await expect(field).toContainText('Dimension 2 of features is 3; the model wants 4.');
    await expect(field).toContainText('wants [batch, 4]');
    await expect(typed).toHaveAccessibleDescription(/Dimension 2 of features/);
    await expect(playground.predict).toHaveAttribute('aria-disabled', 'true');
    await expect(playground.input).toContainText('1 field does not fit');
    // F46: the server's own words, translated to the field that they belong to.
    await field.getByRole('button', { name: 'Send anyway' }).click();
    await expect(playground.answer.getByRole('alert')).toBeVisible({ timeout: 60_000 });
    await expect(field).toContainText('Dimension 2 of features is 3');
    await field.getByRole('button', { name: 'Make it [1, 4]' }).click();
    await expect(typed).toHaveValue('[[5.1, 3.5, 1.4, 1.4]]');
    await expect(playground.predict).not.toHaveAttribute('aria-disabled', 'true');

    await typed.fill('[5.1, 3.5, 1.4, 0.2]');
    await expect(field).toContainText('features has 1 dimensions; the model wants 2');
    await field.getByRole('button', { name: 'Add a batch dimension' }).click();
    await expect(typed).toHaveValue('[[5.1, 3.5, 1.4, 0.2]]');
    await typed.fill('[["5.1", 3.5, 1.4, 0.2]]');
    await field.getByRole('button', { name: 'Make it float' }).click();
    await expect(typed).toHaveValue('[[5.1, 3.5, 1.4, 0.2]]');
    // F44: ragged, no JSON.
    await typed.fill('[[5.1, 3.5, 1.4, 0.2], [1.0]]');
    await expect(field).toContainText('features is ragged: dimension 2 is 4 in one place and 1 in another.');
    await typed.fill('[[5.1, 3.5');
    await expect(field).toContainText(/This is no JSON|features is no JSON/);
    await expect(playground.predict).toHaveAttribute('aria-disabled', 'true');

    await choose(app, 'features', 'Leave out');
    await expect(field).toContainText('features is left out; the model wants it.');
    await field.getByRole('button', { name: 'Give it' }).click();
    await expect(field.getByRole('gridcell')).toHaveCount(4);
    await field.getByRole('gridcell').first().focus();
    await page.keyboard.type('five');
    await expect(field.getByRole('gridcell').first()).toHaveAttribute('aria-invalid', 'true');
    await page.keyboard.press('Escape');
    await expect(field.getByRole('gridcell').first()).toHaveText('0.0');
  });

  test('fields become the JSON that would be sent, and JSON becomes fields', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(page);
    await openPlayground(app, 'iris');
    const field = playground.field('features');
    await choose(app, 'features', 'Range');
    await expect(field.getByRole('gridcell')).toHaveText(['0.0', '1.0', '2.0', '3.0']);
    await field.getByRole('textbox', { name: 'features: step' }).fill('0.5');
    await expect(field.getByRole('gridcell')).toHaveText(['0.0', '0.5', '1.0', '1.5']);
    await playground.giveAs('JSON');
    await expect(playground.body).toContainText('"instances"');
    await expect(playground.body).toContainText('[0.0, 0.5, 1.0, 1.5]');
    // What was not touched comes back as it was: filled, with its step.
    await playground.giveAs('Fields');
    await expect(field.getByRole('textbox', { name: 'features: step' })).toHaveValue('0.5');
    await playground.fill('{"inputs": [[5.1, 3.5, 1.4, 0.2], [6, 3, 5, -0.0]]}');
    await playground.giveAs('Fields');
    await expect(field.getByRole('gridcell')).toHaveText(['5.1', '3.5', '1.4', '0.2', '6', '3', '5', '-0.0']);
    await playground.fill('{"nothing": 1}');
    await playground.giveAs('Fields');
    await expect(playground.input.getByRole('alert')).toContainText('no request that fields can be made of');
  });

  test('is said in Chinese too, and axe finds nothing serious in the form, its menus and dialogs', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(page);
    await openPlayground(app, 'iris');
    const found: Record<string, readonly string[]> = {};
    const look = async (name: string): Promise<void> => {
      await settle(page);
      found[name] = await seriousFindings(page);
    };
    await look('fields');
    await playground.field('features').getByRole('button', { name: 'More for features' }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    await look('menu of a field');
    await page.keyboard.press('Escape');
    await playground.input.getByRole('button', { name: 'Options' }).click();
    await expect(page.getByRole('combobox', { name: 'Sent by' })).toBeVisible();
    await look('options');
    await page.keyboard.press('Escape');
    await choose(app, 'features', 'Change the steps…');
    await page.getByRole('dialog').getByRole('button', { name: 'Add a step' }).click();
    await page.getByRole('menuitem', { name: 'Multiply and add' }).click();
    await expect(page.getByRole('menu')).toHaveCount(0);
    await look('steps');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
    await page.getByRole('banner').getByRole('button', { name: '切换到中文' }).click();
    const field = page.locator('[data-field=features]');
    await field.getByRole('button', { name: 'features 的更多操作' }).click();
    await page.getByRole('menuitem', { name: '以 JSON 输入' }).click();
    await field.getByRole('textbox').fill('[[1, 2, 3]]');
    await expect(field).toContainText('features 的第 2 维是 3，模型需要 4。');
    await expect(page.getByRole('main')).toContainText('1 个字段不符合');
    await look('wrong field, Chinese');
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  });
});

test.describe('an input with a default', () => {
  test('may be left out, goes over gRPC then, and the model takes its default', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(page);
    await cp(join(fixtures() ?? '', 'reference', 'rest', 'models', 'with_default'), modelFolder(app, 'with_default'), { recursive: true });
    await openPlayground(app, 'with_default');
    await choose(app, 'a', 'Type as JSON');
    await playground.field('a').getByRole('textbox', { name: 'a, JSON' }).fill('[[1, 2]]');
    await choose(app, 'b', 'Leave out');
    await expect(playground.field('b')).toContainText('Left out: the model’s own default is taken.');
    await playground.predict.click();
    await expect(playground.answer.getByRole('status').first()).toContainText('OK', { timeout: 60_000 });
    await expect(playground.answer).toContainText('b is left out for its default');
    await expect(playground.answer.getByText('8', { exact: true }).first()).toBeVisible();
    await playground.field('b').getByRole('button', { name: 'Give it' }).click();
    await expect(playground.field('b')).not.toContainText('Left out');
  });
});
