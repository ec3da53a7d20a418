import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { dropOnWindow } from './drop.ts';
import { importSheet } from './pages/importSheet.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the desktop shell links a dropped folder, nothing is sent');
test.use({ launch: { models: ['iris', 'half_plus_two'] } });

/** A model with a large file in it, and a line that takes many seconds for it. */
async function dropLarge(app: AppUnderTest, bytesPerSecond: number): Promise<void> {
  const large = join(modelFolder(app, 'iris'), '1', 'assets.extra.bin');
  await writeFile(large, '');
  await truncate(large, 40_000_000);
  const cdp = await app.page.context().newCDPSession(app.page);
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  });
  await dropOnWindow(app.page, modelFolder(app, 'iris'));
}

const progress = (page: Page) => page.getByRole('progressbar').first();
const uploads = (app: AppUnderTest): Promise<string[]> => readdir(join(String(app.env['SLIPWAY_HOME']), 'uploads'));

test('a dropped folder streams with its bytes told, and stopping it leaves nothing', async ({ app }) => {
  await dropLarge(app, 4_000_000);
  await expect(progress(app.page)).toHaveAttribute('aria-valuetext', / of 40(\.\d+)?\sMB/);
  const first = Number(await progress(app.page).getAttribute('aria-valuenow'));
  await expect.poll(async () => Number(await progress(app.page).getAttribute('aria-valuenow'))).toBeGreaterThan(first);
  expect(await uploads(app)).toHaveLength(1);
  await app.page.getByRole('button', { name: /^Stop/ }).first().click();
  await expect(progress(app.page)).toHaveCount(0);
  await expect.poll(() => uploads(app)).toEqual([]);
});

test('two folders dropped together are two imports, and each says that it was copied', async ({ app }) => {
  const sheet = importSheet(app.page);
  await dropOnWindow(app.page, modelFolder(app, 'iris'), modelFolder(app, 'half_plus_two'));
  await expect(sheet.title).toContainText(/iris|half_plus_two/);
  await expect(sheet.dialog).toContainText('copied');
  const first = await sheet.title.textContent();
  await sheet.close();
  await expect(sheet.title).toContainText(/iris|half_plus_two/);
  await expect(sheet.title).not.toHaveText(String(first));
});
