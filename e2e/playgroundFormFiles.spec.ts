import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixtures } from '../test/fixtures.ts';
import { openPlayground } from './ask.ts';
import { expect, test } from './app.ts';
import { dropOn } from './drop.ts';
import { playgroundPage, type PlaygroundPage } from './pages/playgroundPage.ts';

const picture = (name: string): string => join(fixtures() ?? '', 'models', 'data', name);

/** A second of a tone: WAV, 16 bits, two channels. */
function toneWav(rate: number, hertz: number): Buffer {
  const frames = rate;
  const wav = Buffer.alloc(44 + frames * 4);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + frames * 4, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 4, 28);
  wav.writeUInt16LE(4, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(frames * 4, 40);
  for (let frame = 0; frame < frames; frame += 1) {
    const value = Math.round(20_000 * Math.sin((2 * Math.PI * hertz * frame) / rate));
    wav.writeInt16LE(value, 44 + frame * 4);
    wav.writeInt16LE(value, 46 + frame * 4);
  }
  return wav;
}

async function asked(playground: PlaygroundPage): Promise<void> {
  const time = playground.answer.locator('time');
  const before = (await time.count()) === 0 ? '' : await time.getAttribute('datetime');
  await playground.predict.click();
  await expect(time).not.toHaveAttribute('datetime', before ?? '', { timeout: 60_000 });
  await expect(playground.answer.getByRole('status').first()).toContainText(/OK/);
}

test.describe('pictures', () => {
  test.use({ launch: { models: ['digits_cnn', 'iris'] } });

  test('are dropped on their field, several as a batch, pasted, and go by steps that stay with the model', async ({ app, context }) => {
    const { page } = app;
    const playground = playgroundPage(page);
    await openPlayground(app, 'digits_cnn');
    const field = playground.field('conv1_input');
    await dropOn(field, picture('digit_0_label8.png'));
    await expect(field.getByRole('img', { name: 'digit_0_label8.png', exact: true })).toBeVisible();
    await expect(field.getByRole('img', { name: /^What the model gets of digit_0_label8\.png/ })).toBeVisible();
    await expect(field).toContainText(/Resize\s*bilinear, stretched/);
    await expect(field).toContainText('[1, 8, 8, 1]');
    // The window took nothing of it.
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await asked(playground);
    await expect(playground.answer).toContainText('91.5');

    await dropOn(field, picture('digit_0_label8.png'), picture('digit_1_label1.png'), picture('digit_2_label6.png'));
    await expect(field).toContainText('[3, 8, 8, 1]');
    await asked(playground);
    await expect(playground.answer).toContainText('[3, 10]');

    await field.getByRole('button', { name: 'Change the steps…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Steps of conv1_input' });
    await dialog.getByRole('button', { name: 'Add a step' }).click();
    await page.getByRole('menuitem', { name: 'Image to numbers' }).click();
    await dialog.getByRole('combobox', { name: 'Scale' }).selectOption('other');
    await dialog.getByRole('combobox', { name: 'Resize' }).selectOption('area');
    await expect(dialog.getByRole('checkbox', { name: /^Keep with the model/ })).toBeChecked();
    await dialog.getByRole('button', { name: 'Use these steps' }).click();
    await expect(dialog).toHaveCount(0);
    await expect(field).toContainText('1 … 0 (inverted)');

    // From the clipboard, by the steps that were kept.
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const bytes = (await readFile(picture('digit_1_label1.png'))).toString('base64');
    await page.evaluate(async (encoded) => {
      const blob = new Blob([Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))], { type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    }, bytes);
    await field.getByRole('button', { name: 'More for conv1_input' }).focus();
    await page.keyboard.press('ControlOrMeta+V');
    await expect(field).toContainText('[1, 8, 8, 1]');
    await expect(field).toContainText('1 … 0 (inverted)');
    await expect(field).toContainText(/Resize\s*area/);

    // A folder is a model, wherever it is dropped.
    await dropOn(field, join(app.folder, 'iris'));
    await expect(page.getByRole('dialog')).toContainText('iris');
  });
});

test.describe('encoded pictures', () => {
  test.use({ launch: { models: ['image_bytes'] } });

  test('go as their own bytes', async ({ app }) => {
    const playground = playgroundPage(app.page);
    await openPlayground(app, 'image_bytes');
    const field = playground.field('image_bytes');
    await dropOn(field, picture('flower.jpg'));
    await expect(field.getByRole('img', { name: 'flower.jpg' })).toBeVisible();
    await expect(field).toContainText(/the file’s own \d+ bytes/);
    await expect(field).toContainText('[1]');
    await asked(playground);
    await expect(playground.answer).toContainText('[1, 10]');
  });
});

test.describe('sound and arrays', () => {
  test.use({ launch: { models: ['audio_mel'] } });

  test('become samples, resampled and mixed as the steps say, or are taken as they are', async ({ app }) => {
    const { page, folder } = app;
    const playground = playgroundPage(page);
    await openPlayground(app, 'audio_mel');
    const field = playground.field('waveform');
    const files = join(folder, 'files');
    await mkdir(files);
    await writeFile(join(files, 'tone.wav'), toneWav(16_000, 440));
    await dropOn(field, join(files, 'tone.wav'));
    await expect(field).toContainText('[1, 16000]');
    await expect(field).toContainText('mixed to mono');
    await asked(playground);
    await expect(playground.answer).toContainText('scores');

    await field.getByRole('button', { name: 'Change the steps…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Steps of waveform' });
    await dialog.getByRole('button', { name: 'Add a step' }).click();
    await page.getByRole('menuitem', { name: 'Sound to numbers' }).click();
    await dialog.getByRole('textbox', { name: 'Samples a second' }).fill('8000');
    await dialog.getByRole('button', { name: 'Use these steps' }).click();
    await expect(field).toContainText('[1, 8000]');
    await expect(field).toContainText('resampled to 8000 Hz');

    // NumPy's format 1.0: [2, 4000] of float32.
    const head = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4000), }";
    const padded = `${head.padEnd(117)}\n`;
    const npy = Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]),
      Buffer.from(padded),
      Buffer.alloc(2 * 4000 * 4),
    ]);
    await writeFile(join(files, 'two.npy'), npy);
    await dropOn(field, join(files, 'two.npy'));
    await expect(field).toContainText('[2, 4000]');
    await asked(playground);
  });
});
