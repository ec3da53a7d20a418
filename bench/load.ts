import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median, say } from './processMs.ts';
import { wrk } from './wrk.ts';
import { freePort } from '../test/freePort.ts';

const root = join(import.meta.dirname, '..');
const models = join(process.env['SLIPWAY_FIXTURES'] ?? join(root, '..', 'shared'), 'reference', 'rest', 'models');
const seconds = 4;
const rounds = 3;
const soakRequests = 100_000;

/** Resident memory of a process in MB, as Linux counts it. */
const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;

/** 8 connections for some seconds. */
const load = (port: number, script: string, duration: number) =>
  wrk(`http://127.0.0.1:${port}/v1/models/half_plus_two:predict`, script, { connections: 8, seconds: duration });

/** `modelserver` under wrk with 8 connections, against the image's server in the same run; then 100 000 requests and its memory. */
export async function benchLoad(): Promise<void> {
  if (spawnSync('wrk', ['-v']).error !== undefined) {
    say('load: skipped, wrk is not there');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const script = join(folder, 'predict.lua');
  writeFileSync(script, `wrk.method = 'POST'\nwrk.body = '{"instances":[1.0,2.0,5.0]}'\n`);
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      join(root, 'out', 'main', 'slipway.js'),
      'modelserver',
      '--port=0',
      `--rest_api_port=${port}`,
      '--model_name=half_plus_two',
      `--model_base_path=${join(models, 'half_plus_two')}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  for await (const line of createInterface({ input: child.stderr })) if (line.includes('event loop')) break;
  child.stderr.resume();
  const pid = child.pid ?? 0;
  const image = 'tensorflow/serving:latest';
  const hasImage = spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0;
  const name = `slipway-bench-${process.pid}`;
  const theirPort = await freePort();
  try {
    if (hasImage) {
      execFileSync('docker', [
        'run',
        '-d',
        '--name',
        name,
        '-p',
        `127.0.0.1:${theirPort}:8501`,
        '-v',
        `${join(models, 'half_plus_two')}:/models/half_plus_two:ro`,
        '-e',
        'MODEL_NAME=half_plus_two',
        image,
      ]);
      const logs = spawn('docker', ['logs', '-f', name], { stdio: ['ignore', 'ignore', 'pipe'] });
      for await (const line of createInterface({ input: logs.stderr })) if (line.includes('event loop')) break;
      logs.kill();
    }
    load(port, script, 1);
    if (hasImage) load(theirPort, script, 1);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(load(port, script, seconds).perSecond);
      if (hasImage) theirs.push(load(theirPort, script, seconds).perSecond);
    }
    const compared = hasImage
      ? `; the image ${median(theirs).toFixed(0)} (${(median(ours) / median(theirs)).toFixed(2)}×)`
      : '; no image to compare with';
    say(`load: half_plus_two, 8 connections: ${median(ours).toFixed(0)} requests/s${compared}; resident ${residentMb(pid).toFixed(0)} MB`);
    const before = residentMb(pid);
    let [count, failed] = [0, 0];
    while (count < soakRequests) {
      const part = load(port, script, 2);
      count += part.requests;
      failed += part.failed;
      if (part.requests === 0) break;
    }
    say(`load: ${count} more requests, ${failed} failed: resident ${before.toFixed(0)} MB before, ${residentMb(pid).toFixed(0)} MB after`);
  } finally {
    child.kill();
    if (hasImage) spawnSync('docker', ['rm', '-f', name], { stdio: 'ignore' });
    rmSync(folder, { recursive: true });
  }
}
