import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { endProgram, slipway, startWebShellProgram } from '../e2e/programs.ts';
import { chromiumOptions } from '../test/chromium.ts';
import { fixtures, whyNoFixtures } from '../test/fixtures.ts';
import { freePort } from '../test/freePort.ts';
import { median, say } from './processMs.ts';

const runs = 5;
/** Rows of 64 ids: logits [rows, 64, 100], some 85 kB of JSON a row. */
const rows = 120;
const stages = ['shown', 'raw', 'searched'] as const;
type Stage = (typeof stages)[number];

/** Keeps the longest task of the window. Source: W3C Long Tasks, which tells of 50 ms and more. */
const watchTasks = `globalThis.longestTask = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) globalThis.longestTask = Math.max(globalThis.longestTask, duration);
}).observe({ type: 'longtask', buffered: true });`;

/** What the window's main thread did in a part: how long it took, its longest task by the clock, and by the processor's time. */
interface Told {
  readonly ms: number;
  readonly longestMs: number;
  readonly longestCpuMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the processor. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The longest task of any window's main thread, in ms of the processor: what else the machine does is not in it. */
function longestCpuMs(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  let longest = 0;
  for (const { name, pid, tid, tdur } of traceEvents)
    if (name === 'RunTask' && mains.has(`${pid} ${tid}`)) longest = Math.max(longest, (tdur ?? 0) / 1000);
  return longest;
}

async function measure(browser: Browser, page: Page, work: () => Promise<number>): Promise<Told> {
  await page.evaluate('globalThis.longestTask = 0');
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  const ms = await work();
  const longestMs: number = await page.evaluate('globalThis.longestTask');
  return { ms, longestMs, longestCpuMs: longestCpuMs(await browser.stopTracing()) };
}

/**
 * An answer of some 10 MB in real Chromium: from the moment it has come until it is shown, until its raw text is laid out to the end,
 * and until that is searched to the end; and the longest task of the window in each part.
 */
export async function benchAnswer(): Promise<void> {
  const material = fixtures();
  if (material === undefined) return say(`answer: ${whyNoFixtures}`);
  await using undo = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  undo.defer(() => rm(scratch, { recursive: true, force: true }));
  const env = { ...process.env, SLIPWAY_HOME: join(scratch, 'home') };
  const models = join(material, 'models', 'models');
  const program = await startWebShellProgram(env, ['--port', '0', '--root', models]);
  undo.defer(() => endProgram(program.child));
  const ports = ['--rest-port', String(await freePort()), '--grpc-port', String(await freePort())];
  await slipway(env, 'serve', join(models, 'transformer'), '--engine', 'embedded', '--detach', ...ports);
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

  const told: Record<Stage, Told[]> = { shown: [], raw: [], searched: [] };
  let size = '';
  for (let run = 0; run <= runs; run += 1) {
    await main.getByRole('tab', { name: 'Answer' }).click();
    const earlier = run === 0 ? null : await answer.locator('time').getAttribute('datetime');
    const shown = await measure(browser, page, async () => {
      const elapsed = await page.evaluate(async (before) => {
        const started = performance.now();
        document.querySelector<HTMLElement>('[aria-keyshortcuts*=Enter]')?.click();
        const time = (): string | null => document.querySelector('main time')?.getAttribute('datetime') ?? null;
        const values = (): Element | null => document.querySelector('section[aria-label=logits] li, section[aria-label=logits] canvas');
        while (time() === before || time() === null || values() === null) await new Promise((resolve) => setTimeout(resolve, 4));
        return performance.now() - started;
      }, earlier);
      // What the answer itself tells of encoding, network and decoding is the server's and main's.
      const took = /in ([\d.]+)\u202f(m?s)/.exec((await answer.getByRole('status').first().textContent()) ?? '');
      return Math.max(0, elapsed - Number(took?.[1]) * (took?.[2] === 's' ? 1_000 : 1));
    });
    size = (await answer.getByText(/ received$/).textContent()) ?? '';
    const raw = await measure(browser, page, () =>
      page.evaluate(async () => {
        const started = performance.now();
        [...document.querySelectorAll<HTMLElement>('main [role=tab]')][1]?.click();
        const isDone = (): boolean => [...document.querySelectorAll('main p')].some((one) => one.textContent.endsWith(' lines'));
        while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 4));
        return performance.now() - started;
      }),
    );
    const find = answer.getByRole('textbox', { name: 'Find in the response' });
    const searched = await measure(browser, page, async () => {
      const started = performance.now();
      await find.fill('"pooled"');
      await answer.getByText(`1 of ${rows}`).waitFor();
      return performance.now() - started;
    });
    await find.fill('');
    // The first run loads what is loaded once.
    if (run > 0) for (const [stage, one] of Object.entries({ shown, raw, searched })) told[stage as Stage].push(one);
  }
  say(`answer: ${size}; ${runs} runs in Chromium, beyond what the answer itself tells of the server and of main`);
  const words: Readonly<Record<Stage, string>> = { shown: 'shown', raw: 'raw text laid out to the end', searched: 'searched to the end' };
  for (const stage of stages) {
    const all = told[stage];
    const [byClock, byProcessor] = [Math.max(...all.map((one) => one.longestMs)), Math.max(...all.map((one) => one.longestCpuMs))];
    const clock = byClock === 0 ? 'none of 50 ms' : `${byClock.toFixed(0)} ms`;
    say(
      `answer: ${words[stage]} after ${median(all.map((one) => one.ms)).toFixed(0)} ms (median); longest task by the clock ${clock}, by the processor ${byProcessor.toFixed(0)} ms`,
    );
  }
}
