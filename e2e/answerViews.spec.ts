import type { Locator } from '@playwright/test';
import { expect, test } from './app.ts';
import { ask, mulberry, openPlayground } from './ask.ts';
import { answerPane } from './pages/answerPane.ts';

test.use({
  launch: {
    models: ['audio_mel', 'detector_nms', 'digits_cnn', 'dtype_zoo', 'image_bytes', 'mobilenet', 'transformer', 'unet_tiny'],
  },
});

/** The colour of a point of a canvas, by parts of its sides. */
const colorAt = (canvas: Locator, x: number, y: number): Promise<readonly number[]> =>
  canvas.evaluate(
    (element, [across, down]) => {
      const drawn = element as HTMLCanvasElement;
      const context = drawn.getContext('2d');
      return [...(context?.getImageData(Math.floor(drawn.width * across), Math.floor(drawn.height * down), 1, 1).data ?? [])];
    },
    [x, y] as const,
  );

test('classes bear the names that the model’s assets hold, and more of them show by a click', async ({ app }) => {
  await openPlayground(app, 'mobilenet');
  await ask(app, { inputs: mulberry([1, 224, 224, 3], 3, -1, 1) });
  const { region, views } = answerPane(app.page).output('probabilities');
  await expect(region.getByRole('list')).toHaveAccessibleName('Classes by probability');
  await expect(region.getByRole('listitem').first()).toHaveText(/^label_\d{4}0\.\d{4}$/);
  await expect(region.getByRole('button', { name: 'Names from mobilenet_labels.txt…' })).toBeVisible();
  expect(await views()).toEqual(['Classes', 'Sequence', 'Table']);
  await expect(region.getByRole('listitem')).toHaveCount(10);
  await expect(region).toContainText('990 more classes');
  await region.getByRole('button', { name: 'Show 100 more' }).click();
  await expect(region.getByRole('listitem')).toHaveCount(110);
});

test('a batch is looked at row by row, and the view that was chosen stays for that output', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'digits_cnn');
  await ask(app, { instances: mulberry([3, 8, 8, 1], 3) });
  const pane = answerPane(page);
  const digit = pane.output('digit');
  const top = digit.region.getByRole('listitem').first();
  const before = await top.textContent();
  await digit.region.getByRole('textbox', { name: 'Index in dimension 0, 0 to 2' }).fill('1');
  await expect(top).not.toHaveText(before ?? '');
  // What is always said of it.
  for (const fact of ['min', 'max', 'mean', 'sum', 'NaN', 'Infinity'])
    await expect(digit.region.getByRole('term').getByText(fact, { exact: true })).toBeVisible();
  await expect(digit.region.getByRole('img', { name: /^Values from .* in 24 parts/ })).toBeVisible();
  await expect(digit.region.getByText(/^first/)).toBeVisible();
  await digit.show('Table');
  await ask(app, { instances: mulberry([1, 8, 8, 1], 4) });
  await expect(digit.region.getByRole('cell')).toHaveCount(10);
});

test('boxes lie over the picture that was sent, from a least score on', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'detector_nms');
  await ask(app, { inputs: mulberry([1, 32, 32, 3], 31, -1, 1) });
  const { region } = answerPane(page).output('boxes');
  const picture = region.getByRole('img', { name: /^\d+ boxes with a score of at least 0\.50$/ });
  await expect(picture.locator('canvas')).toHaveAttribute('width', '32');
  await expect(region.getByRole('combobox', { name: 'Coordinates' })).toHaveValue('pixels');
  const list = region.getByRole('list', { name: 'Boxes by score' });
  const all = await list.getByRole('listitem').count();
  expect(all).toBeGreaterThan(1);
  await expect(picture.locator('svg > g')).toHaveCount(all);
  const scores = (await list.getByRole('listitem').allTextContents()).map((text) => Number(/0\.\d\d/.exec(text)?.[0]));
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  // Up to just above the lowest.
  const threshold = region.getByRole('slider', { name: 'Least score' });
  await threshold.focus();
  const presses = Math.round(((scores.at(-1) ?? 0) - 0.5) * 100) + 1;
  for (let press = 0; press < presses; press += 1) await page.keyboard.press('ArrowRight');
  await expect(list.getByRole('listitem')).toHaveCount(scores.filter((score) => score > (scores.at(-1) ?? 0)).length);
});

test('a segmentation is a mask over the picture, whose classes can be hidden', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'unet_tiny');
  await ask(app, { instances: mulberry([2, 16, 24, 3], 5) });
  const output = answerPane(page).output('output_0');
  const mask = output.region.getByRole('img', { name: /^Mask of 24 by 16: class / });
  await expect(mask.locator('canvas')).toHaveCount(2);
  await expect(output.region.getByText('over image as it was sent')).toBeVisible();
  const [shown] = await output.region.getByRole('list', { name: 'Classes in the mask' }).getByRole('button').all();
  const top = mask.locator('canvas').last();
  const painted = (): Promise<number> =>
    top.evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      return Array.from(data).filter((value, at) => at % 4 === 3 && value === 255).length;
    });
  await expect.poll(painted).toBe(24 * 16);
  await shown?.click();
  await expect(shown ?? mask).toHaveAttribute('aria-pressed', 'false');
  await expect.poll(painted).toBeLessThan(24 * 16);
  await output.region.getByRole('slider', { name: 'Opacity' }).press('Home');
  await expect(top).toHaveCSS('opacity', '0');
  await output.show('Image');
  await expect(output.region.getByRole('combobox', { name: 'Values' })).toHaveValue('unit');
});

test('a matrix is a heatmap that tells its cells, a table of any length and a line', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'transformer');
  await ask(app, { instances: [Array.from({ length: 64 }, (_, at) => (at * 7) % 100)] });
  const { region, show, views } = answerPane(page).output('logits');
  expect(await views()).toEqual(['Classes', 'Heatmap', 'Table', 'Sequence']);
  await show('Heatmap');
  const heat = region.getByRole('img', { name: /^64 by 100 values from −[\d.]+ to [\d.]+$/ });
  await heat.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(region.getByText(/^row 1, column 1: −?[\d.]+$/)).toBeVisible();
  await show('Table');
  const table = region.getByRole('table');
  await expect(table).toHaveAttribute('aria-rowcount', '65');
  await expect(table).toHaveAttribute('aria-colcount', '101');
  // Only what is in sight is in the page.
  expect(await table.getByRole('row').count()).toBeLessThan(40);
  await region.getByRole('region', { name: 'Values of logits' }).evaluate((element) => element.scrollTo(100_000, 100_000));
  await expect(table.getByRole('rowheader', { name: '63', exact: true })).toBeVisible();
  await expect(table.getByRole('columnheader', { name: '99', exact: true })).toBeVisible();
  await show('Sequence');
  await expect(region.getByRole('img', { name: /^1 of 100 values from/ })).toBeVisible();
});

test('sound is a waveform with a player, and a spectrogram', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'audio_mel');
  // A tone of 2 kHz, at 16 000 samples a second.
  const tone = Array.from({ length: 8_000 }, (_, at) => Number(Math.sin((2 * Math.PI * 2_000 * at) / 16_000).toFixed(4)));
  await ask(app, { inputs: [tone] });
  const pane = answerPane(page);
  await expect(pane.output('scores').region.getByRole('list')).toHaveAccessibleName('Classes by probability');
  await expect(pane.output('frames').region).toContainText(/^frames/);
  await pane.sent.getByText('The input as it was sent').click();
  const waveform = pane.sentInput('waveform');
  await expect(waveform.region.getByRole('img', { name: 'Waveform of 8000 samples, 0.5 s, from −1 to 1' })).toBeVisible();
  await expect(waveform.region.locator('audio')).toHaveAttribute('src', /^blob:/);
  await waveform.show('Spectrogram');
  const canvas = waveform.region.getByRole('img', { name: 'Spectrogram of 0.5 s up to 8 kHz' }).locator('canvas');
  // Bright at a quarter of the height from below, dark elsewhere.
  const light = async (y: number): Promise<number> => (await colorAt(canvas, 0.5, y)).slice(0, 3).reduce((sum, value) => sum + value, 0);
  await expect.poll(() => light(0.75)).toBeGreaterThan(400);
  expect(await light(0.25)).toBeLessThan(250);
});

test('text is read as text, other bytes as bytes, whole numbers to the last digit', async ({ app }) => {
  const { page } = app;
  await openPlayground(app, 'dtype_zoo');
  await ask(app, { inputs: [{ b64: 'AP9/' }, { b64: 'aMOpbGxv' }, { b64: '' }, { b64: 'eA==' }] }, 'strings');
  const pane = answerPane(page);
  const items = pane.output('echo_bytes').region.getByRole('listitem');
  await expect(items).toHaveText(['3 bytes, no UTF-8 text00 ff 7f', 'héllo', 'empty', 'x']);
  await ask(app, '{"inputs": [9007199254740993]}', 'scale_int64');
  await expect(pane.output('same').region).toContainText('9007199254740993');
});

test('a picture that was sent as a file is shown as it is', async ({ app }) => {
  const { page } = app;
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGP8z4AdMOEQH6QSDAwAUaMBD6uqF40AAAAASUVORK5CYII=';
  await openPlayground(app, 'image_bytes');
  await ask(app, { instances: [{ b64: png }] });
  const pane = answerPane(page);
  await expect(pane.output('probs').region.getByRole('list')).toHaveAccessibleName('Classes by probability');
  await pane.sent.getByText('The input as it was sent').click();
  await expect(pane.sentInput('image_bytes').region.getByRole('img', { name: 'image_bytes' })).toHaveJSProperty('naturalWidth', 8);
});
