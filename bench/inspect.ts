import { closeSync, cpSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectFolder } from '../src/main/savedmodel/inspectFolder.ts';
import { median, processMs, say } from './processMs.ts';

const root = join(import.meta.dirname, '..');
const program = join(root, 'out', 'main', 'slipway.js');
const model = join(root, 'resources', 'sample', 'digits', '3');

/** Peak resident memory of a whole inspect process in MB, as the system counts it. */
function peakMb(folder: string): number {
  const script = `process.argv.splice(1, 0, ''); process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS)); process.argv = [process.argv[0], '${program}', 'inspect', '${folder}', '--json']; await import('${program}');`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return Number(/peak (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024;
}

/** `inspect` against TensorFlow's `saved_model_cli show --all` (SAVED_MODEL_CLI names it), and memory against the variables' size. */
export async function benchInspect(): Promise<void> {
  const ours = processMs(process.execPath, [program, 'inspect', model], 9);
  const calls: number[] = [];
  for (let run = 0; run < 30; run += 1) {
    const started = performance.now();
    await inspectFolder(model, { signal: new AbortController().signal });
    calls.push(performance.now() - started);
  }
  const call = median(calls.slice(5));
  say(`inspect: process ${ours.toFixed(0)} ms, call ${call.toFixed(2)} ms`);
  const cli = process.env['SAVED_MODEL_CLI'] ?? 'saved_model_cli';
  const theirs = processMs(cli, ['show', '--dir', model, '--all'], 3);
  if (Number.isNaN(theirs)) say(`inspect: skipped the comparison, ${cli} is not there`);
  else say(`inspect: saved_model_cli ${theirs.toFixed(0)} ms; process ${(theirs / ours).toFixed(0)}×, call ${(theirs / call).toFixed(0)}×`);

  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  cpSync(model, join(folder, '3'), { recursive: true });
  const before = peakMb(join(folder, '3'));
  const shard = openSync(join(folder, '3', 'variables', 'variables.data-00000-of-00001'), 'r+');
  ftruncateSync(shard, 4_000_000_000);
  closeSync(shard);
  const after = peakMb(join(folder, '3'));
  rmSync(folder, { recursive: true });
  say(`inspect: peak memory ${before.toFixed(0)} MB; with 4 GB of variables ${after.toFixed(0)} MB, ${(after / before).toFixed(2)}×`);
}
