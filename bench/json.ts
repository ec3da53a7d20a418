import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, say } from './processMs.ts';

const side = 224;

/** A predict body of images with as many digits a number as are asked for. */
function bodyOf(images: number, digits: number): Buffer {
  const row = (): string =>
    `[${Array.from({ length: side }, () => `[${[0, 1, 2].map(() => Math.random().toFixed(digits)).join(', ')}]`).join(', ')}]`;
  const image = (): string => `[${Array.from({ length: side }, row).join(', ')}]`;
  return Buffer.from(`{"instances": [${Array.from({ length: images }, image).join(', ')}]}`);
}

/** Peak memory of a process that reads the body once, in MB: what it was before, and at the most. */
function peakMb(how: 'ours' | 'JSON.parse' | 'nothing', file: string): number {
  const module = join(import.meta.dirname, '..', 'src', 'main', 'tfserving', 'predictRequest.ts');
  const script = `
    import { readFileSync } from 'node:fs';
    const { readPredictRequest } = await import(${JSON.stringify(module)});
    const info = { name: 'x:0', dtype: 'DT_FLOAT', dtype_enum: 1, shape: null, unknown_rank: true };
    const body = readFileSync(${JSON.stringify(file)});
    let held;
    if (${JSON.stringify(how)} === 'ours') held = readPredictRequest(body, () => ({ method_name: '', inputs: { x: info }, outputs: {} }));
    if (${JSON.stringify(how)} === 'JSON.parse') held = JSON.parse(body.toString());
    process.stdout.write(String(process.resourceUsage().maxRSS / 1024));
    if (held === 1) throw new Error();`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

/** A predict body straight into typed arrays, against JSON.parse of the same text. */
export async function benchJson(): Promise<void> {
  const { readPredictRequest } = await import('../src/main/tfserving/predictRequest.ts');
  const info = { name: 'x:0', dtype: 'DT_FLOAT', dtype_enum: 1, shape: null, unknown_rank: true } as const;
  const find = (): { method_name: string; inputs: { x: typeof info }; outputs: Record<string, never> } => ({
    method_name: '',
    inputs: { x: info },
    outputs: {},
  });
  for (const digits of [2, 8, 17]) {
    const body = bodyOf(8, digits);
    const times: Record<'ours' | 'parse', number[]> = { ours: [], parse: [] };
    for (let run = 0; run < 15; run += 1) {
      const started = performance.now();
      readPredictRequest(body, find);
      const between = performance.now();
      JSON.parse(body.toString());
      times.ours.push(between - started);
      times.parse.push(performance.now() - between);
    }
    const [ours, parse] = [median(times.ours), median(times.parse)];
    say(
      `json: ${(body.length / 1e6).toFixed(1)} MB of ${digits} digits: ${ours.toFixed(1)} ms to tensors, JSON.parse ${parse.toFixed(1)} ms (${(parse / ours).toFixed(2)}×)`,
    );
  }
  // Enough of them to stand out from what a process takes anyway.
  const images = 64;
  const body = bodyOf(images, 8);
  const tensorMb = (images * side * side * 3 * 4) / 2 ** 20;
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const file = join(folder, 'body.json');
  writeFileSync(file, body);
  const none = peakMb('nothing', file);
  const ours = peakMb('ours', file) - none;
  const parse = peakMb('JSON.parse', file) - none;
  rmSync(folder, { recursive: true });
  say(
    `json: peak memory above the body's ${(body.length / 2 ** 20).toFixed(1)} MB: ${ours.toFixed(1)} MB, ${(ours / tensorMb).toFixed(2)}× the tensor's ${tensorMb.toFixed(1)} MB; JSON.parse ${parse.toFixed(1)} MB`,
  );
}
