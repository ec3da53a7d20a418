import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { endProgram, slipway, startWebShellProgram } from '../e2e/programs.ts';
import { chromiumOptions } from '../test/chromium.ts';
import { fixtures, whyNoFixtures } from '../test/fixtures.ts';
import { freePort } from '../test/freePort.ts';
import { median, say } from './processMs.ts';

const runs = 5;
/** Rows of 64 ids: logits [rows, 64, 100], some 77 kB of JSON a row. */
const rows = 120;

/** Keeps the longest task of the window. Source: W3C Long Tasks, which tells of 50 ms and more. */
const watchTasks = `globalThis.longestTask = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) globalThis.longestTask = Math.max(globalThis.longestTask, duration);
}).observe({ type: 'longtask', buffered: true });`;

/** The longest task since the last look, in ms. */
const takeLongest = (page: Page): Promise<number> =>
  page.evaluate('(() => { const longest = globalThis.longestTask; globalThis.longestTask = 0; return longest; })()');

/**
 * An answer of some 10 MB in real Chromium: from the moment it has come until it is shown, until its raw text is there and until that
 * is searched; and the longest task of the window in each part. 0 is no task of 50 ms.
 */
export async function benchAnswer(): Promise<void> {
  const material = fixtures();
  if (material === undefined) return say(`answer: ${whyNoFixtures}`);
  await using undo = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  undo.defer(() => rm(scratch, { recursive: true, force: true }));
  const env = { ...process.env, SLIPWAY_HOME: join(scratch, 'home') };
  const program = await startWebShellProgram(env, ['--port', '0', '--root', join(material, 'models', 'models')]);
  undo.defer(() => endProgram(program.child));
  const ports = ['--rest-port', String(await freePort()), '--grpc-port', String(await freePort())];
  await slipway(env, 'serve', join(material, 'models', 'models', 'transformer'), '--engine', 'embedded', '--detach', ...ports);
  const browser = await chromium.launch(chromiumOptions());
  undo.defer(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
  await page.addInitScript({ content: watchTasks });
  await page.goto(program.url);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Playground' }).click();
  const main = page.getByRole('main');
  const answer = main.getByRole('region', { name: 'Answer', exact: true });
  await main.getByRole('radiogroup', { name: 'How the input is given' }).getByText('JSON', { exact: true }).click();
  await main.getByRole('textbox', { name: 'Request as JSON' }).click();
  await page.keyboard.press('ControlOrMeta+A');
  const instances = Array.from({ length: rows }, (_, row) => Array.from({ length: 64 }, (__, at) => (row + at * 7) % 100));
  await page.keyboard.insertText(JSON.stringify({ instances }));

  const shown: number[] = [];
  const raw: number[] = [];
  const searched: number[] = [];
  const longest = { shown: 0, raw: 0, searched: 0 };
  let size = '';
  for (let run = 0; run <= runs; run += 1) {
    await page.getByRole('main').getByRole('tab', { name: 'Answer' }).click();
    const before = run === 0 ? null : await answer.locator('time').getAttribute('datetime');
    await takeLongest(page);
    // What the answer itself tells of encoding, network and decoding is not the window's.
    const elapsed = await page.evaluate(async (earlier) => {
      const started = performance.now();
      document.querySelector<HTMLElement>('[aria-keyshortcuts*=Enter]')?.click();
      const time = (): string | null => document.querySelector('main time')?.getAttribute('datetime') ?? null;
      while (
        time() === earlier ||
        time() === null ||
        document.querySelector('section[aria-label=logits] li, section[aria-label=logits] canvas') === null
      )
        await new Promise((resolve) => requestAnimationFrame(resolve));
      return performance.now() - started;
    }, before);
    const told = (await answer.getByRole('status').first().textContent()) ?? '';
    const took = /in ([\d.]+)\u202f(m?s)/.exec(told);
    const serverMs = Number(took?.[1]) * (took?.[2] === 's' ? 1_000 : 1);
    const longestShown = await takeLongest(page);
    size = (await answer.getByText(/ received$/).textContent()) ?? '';

    const rawMs = await page.evaluate(async () => {
      const started = performance.now();
      [...document.querySelectorAll<HTMLElement>('main [role=tab]')][1]?.click();
      const done = (): boolean => [...document.querySelectorAll('main p')].some((one) => / lines$/.test(one.textContent ?? ''));
      const rowsThere = (): boolean => document.querySelector('main [role=region][aria-label=Response] > div > div') !== null;
      while (!rowsThere() || !done()) await new Promise((resolve) => requestAnimationFrame(resolve));
      return performance.now() - started;
    });
    const longestRaw = await takeLongest(page);
    const find = answer.getByRole('textbox', { name: 'Find in the response' });
    const started = performance.now();
    await find.fill('"pooled"');
    await answer.getByText(`1 of ${rows}`).waitFor();
    const searchMs = performance.now() - started;
    const longestSearched = await takeLongest(page);
    await find.fill('');
    // The first run loads what is loaded once.
    if (run === 0) continue;
    shown.push(Math.max(0, elapsed - serverMs));
    raw.push(rawMs);
    searched.push(searchMs);
    longest.shown = Math.max(longest.shown, longestShown);
    longest.raw = Math.max(longest.raw, longestRaw);
    longest.searched = Math.max(longest.searched, longestSearched);
  }
  const told = (ms: number): string => (ms === 0 ? 'none of 50 ms' : `${ms.toFixed(0)} ms`);
  say(`answer: ${size}; median of ${runs} runs in Chromium, beyond the server's own time`);
  say(`answer: shown after ${median(shown).toFixed(0)} ms, longest task ${told(longest.shown)}`);
  say(`answer: its raw text laid out to the end after ${median(raw).toFixed(0)} ms, longest task ${told(longest.raw)}`);
  say(`answer: searched to the end after ${median(searched).toFixed(0)} ms, longest task ${told(longest.searched)}`);
}
