import { dropOnWindow } from './drop.ts';
import { expect, modelFolder, type AppUnderTest } from './app.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';

/** Serves a model of the spec's folder with the embedded engine, and opens its playground. */
export async function openPlayground(app: AppUnderTest, model: string): Promise<void> {
  const { page } = app;
  const [sheet, serving] = [importSheet(page), servingPage(page)];
  await dropOnWindow(page, modelFolder(app, model));
  await sheet.place(/^Embedded engine/).click();
  await sheet.serve.click();
  await expect(serving.state(/^Serving v/)).toBeVisible({ timeout: 120_000 });
  await serving.openPlayground.click();
  await expect(playgroundPage(page).predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
}

/** Sends a body to a signature, by default the one that is chosen, and waits for its answer. */
export async function ask({ page }: AppUnderTest, body: unknown, signature?: string): Promise<void> {
  const playground = playgroundPage(page);
  if (signature !== undefined) {
    await page
      .getByRole('main')
      .getByRole('button', { name: /^Signature/ })
      .click();
    await page.getByRole('menuitemradio', { name: signature, exact: true }).click();
    await expect(page.getByRole('main').getByRole('button', { name: /^Signature/ })).toContainText(signature);
  }
  await playground.fill(typeof body === 'string' ? body : JSON.stringify(body));
  const before = await playground.answer
    .locator('time')
    .getAttribute('datetime', { timeout: 1_000 })
    .catch(() => null);
  await playground.predict.click();
  await expect(playground.answer.locator('time')).not.toHaveAttribute('datetime', before ?? '', { timeout: 60_000 });
  await expect(playground.answer.getByRole('status').first()).toContainText(/200 OK|Answer ?OK/);
}

/** Numbers as a golden's formula makes them: element i in row-major order, from `lo` to `hi`. */
export function mulberry(shape: readonly number[], seed: number, lo = 0, hi = 1): unknown {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const level = (depth: number): unknown =>
    depth === shape.length
      ? Number((lo + (hi - lo) * next()).toFixed(4))
      : Array.from({ length: shape[depth] ?? 0 }, () => level(depth + 1));
  return level(0);
}
