import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { readNpy } from '../src/main/predict/readNpy.ts';
import { readNpz } from '../src/main/predict/readNpz.ts';
import { expect, test } from './app.ts';
import { ask, mulberry, openPlayground } from './ask.ts';
import { answerPane } from './pages/answerPane.ts';

test.use({ launch: { models: ['unet_tiny'] } });

/** What a button hands out, and its name. */
async function download(
  page: Page,
  folder: string,
  press: () => Promise<void>,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [one] = await Promise.all([page.waitForEvent('download'), press()]);
  const path = join(folder, one.suggestedFilename());
  await one.saveAs(path);
  return { name: one.suggestedFilename(), bytes: await readFile(path) };
}

const signal = new AbortController().signal;

test('an output is saved as .npy, JSON, CSV, PNG and with all others as .npz, with the values that the server answered', async ({
  app,
}) => {
  const { page } = app;
  const { restPort } = await openPlayground(app, 'unet_tiny');
  const body = { instances: mulberry([1, 8, 8, 3], 5) };
  await ask(app, body);
  const answered = await fetch(`http://127.0.0.1:${restPort}/v1/models/unet_tiny:predict`, { method: 'POST', body: JSON.stringify(body) });
  const { predictions } = (await answered.json()) as { readonly predictions: unknown[] };
  const want = predictions.flat(3) as number[];

  const { region } = answerPane(page).output('output_0');
  const save = (name: string) => async (): Promise<void> => {
    await region.getByRole('button', { name: 'Save output_0 as another format' }).click();
    await page.getByRole('menuitem', { name, exact: true }).click();
  };
  const npy = await download(page, app.folder, () => region.getByRole('button', { name: 'Save as .npy' }).click());
  const { dtype, shape, data } = readNpy(npy.bytes);
  expect([npy.name, dtype, shape]).toEqual(['output_0.npy', 'DT_FLOAT', [1, 8, 8, 4]]);
  expect(Array.from(data as Float32Array)).toEqual(want.map(Math.fround));

  const json = await download(page, app.folder, save('JSON'));
  expect((JSON.parse(json.bytes.toString()) as unknown[]).flat(3)).toEqual(
    Array.from(data as Float32Array, (value) => expect.closeTo(value, 6)),
  );
  const csv = await download(page, app.folder, save('CSV'));
  const [head, row] = csv.bytes.toString().split('\r\n');
  expect([csv.name, head?.split(',').length, row?.split(',').map((cell) => Math.fround(Number(cell)))]).toEqual([
    'output_0.csv',
    256,
    Array.from(data as Float32Array),
  ]);
  const png = await download(page, app.folder, save('PNG picture'));
  // IHDR: width and height.
  expect([png.bytes.toString('latin1', 1, 4), png.bytes.readUInt32BE(16), png.bytes.readUInt32BE(20)]).toEqual(['PNG', 8, 8]);
  const shown = await download(page, app.folder, save('PNG of what is shown'));
  expect(shown.bytes.toString('latin1', 1, 4)).toBe('PNG');
  const npz = await download(page, app.folder, save('All inputs as .npz'));
  const inputs = await readNpz(npz.bytes, { signal });
  expect([npz.name, inputs['image']?.shape]).toEqual(['inputs.npz', [1, 8, 8, 3]]);
});

test('an output is copied as JSON', async ({ app }) => {
  const { page } = app;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await openPlayground(app, 'unet_tiny');
  await ask(app, { instances: mulberry([1, 8, 8, 3], 5) });
  const { region } = answerPane(page).output('output_0');
  await region.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(region.getByRole('button', { name: 'Copied' })).toBeVisible();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as unknown[];
  expect(copied.flat(3)).toHaveLength(256);
});
