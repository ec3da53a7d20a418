import { join } from 'node:path';
import type { Page } from '@playwright/test';

/** Presses a button that hands out a file, and keeps it under its own name. */
export async function keepDownload(page: Page, folder: string, press: () => Promise<void>): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}
