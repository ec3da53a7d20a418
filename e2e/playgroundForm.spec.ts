import { expect, test, type AppUnderTest } from './app.ts';
import { openPlayground } from './ask.ts';
import { isClose, readGolden } from './golden.ts';
import { playgroundPage, type PlaygroundPage } from './pages/playgroundPage.ts';

/** Asks, and answers the body's text as it came. */
async function askText(playground: PlaygroundPage): Promise<string> {
  const time = playground.answer.locator('time');
  const before = (await time.count()) === 0 ? '' : await time.getAttribute('datetime');
  await playground.predict.click();
  await expect(time).not.toHaveAttribute('datetime', before ?? '', { timeout: 120_000 });
  await expect(playground.answer.getByRole('status').first()).toContainText(/OK/);
  return playground.readRaw();
}

const ask = async (playground: PlaygroundPage): Promise<unknown> => JSON.parse(await askText(playground));

/** Types into a cell as a person does: on the cell, then on. */
async function typeCell(app: AppUnderTest, playground: PlaygroundPage, field: string, place: string, text: string): Promise<void> {
  await playground.field(field).locator(`[data-cell="${place}"]`).focus();
  await app.page.keyboard.type(text);
  await app.page.keyboard.press('Enter');
}

test.describe('an image model', () => {
  test.use({ launch: { models: ['mobilenet'] } });

  test('is asked with two random pictures: status, shape, first values', async ({ app }) => {
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'mobilenet');
    const field = playground.field('images');
    await playground.input.getByRole('button', { name: 'More: Batch' }).click();
    await app.page.getByRole('banner').getByRole('button').first().focus();
    await app.page.keyboard.press('f');
    await expect(field).toContainText('[2, 224, 224, 3]');
    await expect(field).toContainText('Random, uniform');
    // What is too large for cells is told by its range.
    await expect(field.getByRole('grid')).toHaveCount(0);
    await expect(field).toContainText(/max\s*0\.9999/);
    await playground.predict.click();
    await expect(playground.answer).toContainText('200 OK', { timeout: 120_000 });
    await expect(playground.answer).toContainText('[2, 1000]');
    const answered = JSON.parse(await playground.readRaw()) as {
      readonly predictions: readonly { readonly probabilities: readonly number[] }[];
    };
    expect(answered.predictions.map(({ probabilities }) => probabilities.length)).toEqual([1000, 1000]);
    const sums = answered.predictions.map(({ probabilities }) => probabilities.reduce((sum, one) => sum + one, 0));
    expect(isClose(sums, [1, 1], { rtol: 1e-3, atol: 0 })).toBe(true);
    const [first] = answered.predictions;
    await playground.answer.getByRole('tab', { name: 'Answer', exact: true }).click();
    // The first five of the first picture, as the answer tells them in short.
    const told = await playground.answer.getByText('first', { exact: true }).first().locator('xpath=following-sibling::code').textContent();
    const five = (told ?? '').split(', ').slice(0, 5).map(Number);
    expect(isClose(five, first?.probabilities.slice(0, 5), { rtol: 1e-3, atol: 0 })).toBe(true);
    // The largest is told in words, and it is the one of the raw answer.
    const best = first?.probabilities.indexOf(Math.max(...first.probabilities)) ?? -1;
    await expect(playground.answer).toContainText(new RegExp(`\\b${best}\\b`));
  });
});

test.describe('several inputs and outputs', () => {
  test.use({ launch: { models: ['multi_io'] } });

  test('are given in cells and texts, resized together, and told apart where their batches differ', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'multi_io');
    const golden = readGolden('multi_io', '1', 'four_rows');
    const rows = (golden.request as { readonly instances: readonly Readonly<Record<string, unknown>>[] }).instances;
    await playground.input.getByRole('textbox', { name: 'Batch' }).fill(String(rows.length));
    for (const [row, values] of rows.entries()) {
      for (const name of ['item_ids', 'measurements'])
        for (const [column, value] of (values[name] as readonly number[]).entries())
          await typeCell(app, playground, name, `${row}.${column}`, String(value));
      const [colour = ''] = values['color'] as readonly string[];
      await playground
        .field('color')
        .getByRole('textbox', { name: rows.length === 1 ? 'color' : `color ${row}`, exact: true })
        .fill(colour);
    }
    const answered = await ask(playground);
    expect({ answered, close: isClose(answered, golden.response, golden.tolerance) }).toEqual({ answered, close: true });

    // A table from a spreadsheet, with one row more than there are.
    await playground.field('measurements').locator('[data-cell="0.0"]').focus();
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData('text/plain', Array.from({ length: 5 }, (_, row) => [row, 1, 2].join('\t')).join('\n'));
      document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await expect(playground.field('measurements')).toContainText('[5, 3]');
    await expect(playground.input).toContainText('The batches differ');
  });
});

test.describe('a model of sequences', () => {
  test.use({ launch: { models: ['gru_next_token'] } });

  test('is asked with tokens in a shape that is typed', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'gru_next_token');
    const field = playground.field('tokens');
    await field.getByRole('button', { name: 'More for tokens' }).click();
    await page.getByRole('menuitem', { name: 'Change the shape…' }).click();
    await field.getByRole('textbox', { name: 'Shape of tokens' }).fill('1, 6');
    await page.keyboard.press('Enter');
    for (const column of [0, 1, 2, 3, 4, 5]) await typeCell(app, playground, 'tokens', `0.${column}`, String(column + 1));
    await expect(field).toContainText('[1, 6]');
    const answered = (await ask(playground)) as { readonly predictions: readonly (readonly (readonly number[])[])[] };
    expect([answered.predictions.length, answered.predictions[0]?.length, answered.predictions[0]?.[0]?.length]).toEqual([1, 6, 30]);
  });
});

test.describe('every type', () => {
  test.use({ launch: { models: ['dtype_zoo'] } });

  test('has its own field, and what JSON cannot carry goes over gRPC by itself', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'dtype_zoo');

    await playground.choose('scale_int64');
    await typeCell(app, playground, 'v', '0.0', '9007199254740993');
    expect(await askText(playground)).toContain('9007199254740993');

    await playground.choose('logic');
    await playground.field('p').locator('[data-cell="0.0"]').focus();
    await page.keyboard.press('Space');
    await expect(playground.field('p').getByRole('gridcell')).toHaveText('true');
    await playground.field('q').getByRole('gridcell').focus();
    await page.keyboard.press('Space');
    expect(JSON.stringify(await ask(playground))).toContain('true');

    await playground.choose('scalar');
    await playground.field('x').getByRole('textbox', { name: 'x' }).fill('2.5');
    await playground.field('times').getByRole('textbox', { name: 'times' }).fill('4');
    expect(JSON.stringify(await ask(playground))).toContain('10');

    await playground.choose('half');
    await typeCell(app, playground, 'h', '0.0', '0.5');
    await playground.predict.click();
    await expect(playground.answer.getByRole('status').first()).toContainText(/Answer\s*OK/);
    const answers = playground.answer.getByRole('tab', { name: 'Answer', exact: true });
    await answers.click();
    await expect(playground.answer).toContainText('JSON cannot carry h, float16');

    await playground.choose('complex');
    await playground.field('z').getByRole('button', { name: 'More for z' }).click();
    await page.getByRole('menuitem', { name: 'Ones' }).click();
    await playground.predict.click();
    await expect(playground.answer.getByRole('status').first()).toContainText(/Answer\s*OK/);

    await playground.choose('constants');
    await expect(playground.input).toContainText('This signature takes no input');
    await playground.predict.click();
    await answers.click();
    await expect(playground.answer).toContainText('3.14');
  });
});

test.describe('without a mouse', () => {
  test.use({ launch: { models: ['iris'] } });

  test('fields are reached, typed, filled and sent by keys, and a draft outlives the page', async ({ app }) => {
    const { page } = app;
    const { keyboard } = page;
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'iris');
    const cells = playground.field('features').getByRole('gridcell');
    await playground.input.getByRole('textbox', { name: 'Batch' }).focus();
    await keyboard.press('ArrowUp');
    await expect(cells).toHaveCount(8);
    await keyboard.press('Alt+ArrowDown');
    await expect(cells.first()).toBeFocused();
    for (const value of ['5.1', '3.5', '1.4', '0.2']) {
      await keyboard.type(value);
      await keyboard.press('Tab');
    }
    await keyboard.press('Control+Enter');
    await expect(playground.answer).toContainText('200 OK', { timeout: 60_000 });
    await keyboard.press('Escape');
    await page.getByRole('banner').getByRole('button').first().focus();
    await keyboard.press('2');
    await expect(page.getByRole('heading', { level: 1, name: 'Servings' })).toBeVisible();
    await keyboard.press('3');
    await expect(cells.first()).toHaveText('5.1');
  });
});

test.describe('examples', () => {
  test.use({ launch: { models: ['example_classifier'] } });

  test('are given by the features of the graph, with what is optional left out or given', async ({ app }) => {
    const { page } = app;
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'example_classifier');
    const field = playground.field('inputs');
    await field.getByRole('textbox', { name: 'age' }).fill('42');
    await field.getByRole('textbox', { name: 'income' }).fill('1.5');
    await field.getByRole('textbox', { name: 'clicks' }).fill('x');
    await expect(field).toContainText('x is not int64');
    await field.getByRole('textbox', { name: 'clicks' }).fill('7');
    await field.getByRole('textbox', { name: 'city' }).fill('Paris');
    await field.getByRole('checkbox', { name: 'tags is given' }).check();
    await field.getByRole('textbox', { name: 'tags' }).fill('new\nloyal');
    await field.getByRole('button', { name: 'Add an example' }).click();
    await expect(field).toContainText('[2]');
    const answered = JSON.stringify(await ask(playground));
    expect(answered).toContain('classes');
    // The same as JSON, and back.
    await playground.giveAs('JSON');
    await expect(playground.body).toContainText('b64');
    await playground.giveAs('Fields');
    await expect(field.getByRole('textbox', { name: 'city' })).toHaveValue('Paris');
    await playground.fill('{"examples": [{"age": 30.0, "income": 2.0, "clicks": 3, "city": "Rome"}]}');
    await playground.giveAs('Fields');
    await expect(field.getByRole('textbox', { name: 'city' })).toHaveValue('Rome');
    await page.getByRole('main').getByText('gRPC', { exact: true }).click();
    await playground.predict.click();
    await expect(playground.answer.getByRole('status').first()).toContainText(/Answer\s*OK/);
  });
});

test.describe('text', () => {
  test.use({ launch: { models: ['text_sentiment'] } });

  test('is typed a row each, or dropped as a file', async ({ app }) => {
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'text_sentiment');
    const field = playground.field('text');
    await field.getByRole('textbox', { name: 'text', exact: true }).fill('a wonderful film');
    await playground.input.getByRole('button', { name: 'More: Batch' }).click();
    await field.getByRole('textbox', { name: 'text 1', exact: true }).fill('dull and far too long');
    const answered = (await ask(playground)) as { readonly predictions: readonly unknown[] };
    expect(answered.predictions).toHaveLength(2);
    await field
      .locator('input[type=file]')
      .last()
      .setInputFiles({ name: 'review.txt', mimeType: 'text/plain', buffer: Buffer.from('superb') });
    await expect(field).toContainText('review.txt');
    await expect(field).toContainText('6 bytes of text');
    expect(((await ask(playground)) as { readonly predictions: readonly unknown[] }).predictions).toHaveLength(1);
  });
});
