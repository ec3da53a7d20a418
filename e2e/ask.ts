import { freePort } from '../test/freePort.ts';
import { expect, modelFolder, type AppUnderTest } from './app.ts';
import { frame } from './pages/frame.ts';
import { playgroundPage } from './pages/playgroundPage.ts';

/** Serves a model of the spec's folder with the embedded engine, at ports of its own, and opens its playground. */
export async function openPlayground(app: AppUnderTest, model: string): Promise<{ readonly restPort: number }> {
  const [restPort, grpcPort] = [await freePort(), await freePort()];
  const ports = ['--rest-port', String(restPort), '--grpc-port', String(grpcPort)];
  await app.command('serve', modelFolder(app, model), '--engine', 'embedded', '--detach', ...ports);
  await frame(app.page).open('Playground');
  await expect(playgroundPage(app.page).predict).not.toHaveAttribute('aria-disabled', 'true', { timeout: 60_000 });
  return { restPort };
}

/** Sends a body to a signature, by default the one that is chosen, and waits for its answer. */
export async function ask({ page }: Pick<AppUnderTest, 'page'>, body: unknown, signature?: string): Promise<void> {
  const playground = playgroundPage(page);
  const chosen = page.getByRole('main').getByRole('button', { name: /^Signature/ });
  if (signature !== undefined) {
    await chosen.click();
    await page.getByRole('menu').getByText(signature, { exact: true }).click();
    await expect(chosen).toContainText(signature);
  }
  await playground.fill(typeof body === 'string' ? body : JSON.stringify(body));
  const times = playground.answer.locator('time');
  const before = (await times.count()) === 0 ? null : await times.getAttribute('datetime');
  await playground.predict.click();
  await expect
    .poll(async () => ((await times.count()) === 0 ? null : times.getAttribute('datetime')), { timeout: 60_000 })
    .not.toBe(before);
  await expect(playground.answer.getByRole('status').first()).toContainText(/200 OK|Answer ?OK/);
}

/** Numbers as a golden's formula makes them: element i in row-major order, from `lo` to `hi`, to four digits. */
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
