import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createDockerodeEngine } from '../src/main/docker/dockerodeEngine.ts';
import { inspectFolder } from '../src/main/savedmodel/inspectFolder.ts';
import { tryCanary } from '../src/main/serving/canary.ts';
import { forecastGrowth } from '../src/main/serving/memoryForecast.ts';
import { connectGrpc } from '../src/main/tfserving/grpcClient.ts';
import { summarize, type VersionSummary } from '../src/shared/contract/savedModel.ts';
import { freePort } from '../test/freePort.ts';
import { runModelServer } from '../test/tfserving/runModelServer.ts';
import { say } from './processMs.ts';
import { benchImage, whyNoServing } from './serve.ts';

const models = join(process.env['SLIPWAY_FIXTURES'] ?? join(import.meta.dirname, '..', '..', 'shared'), 'models', 'models');
const corpus = ['half_plus_two', 'iris', 'digits_cnn', 'transformer', 'seq_lstm', 'mobilenet'].map((name) => join(models, name));
/** Further base folders, for weights of another size than the corpus has. */
const further = (process.env['SLIPWAY_BENCH_MODELS'] ?? '').split(delimiter).filter((folder) => folder !== '');
const endpoint = 'unix:///var/run/docker.sock';
const mib = 1024 * 1024;
const { signal } = new AbortController();

/** A server that serves all versions of a model: what it uses once each has answered as a new version does. */
async function settled(grpcPort: number, summary: VersionSummary, versions: number, use: () => Promise<number> | number): Promise<number> {
  const grpc = connectGrpc(`127.0.0.1:${grpcPort}`);
  try {
    const areThere = async (): Promise<boolean> => {
      const status = await grpc.fetchStatus('model', { signal }).catch(() => []);
      return status.filter(({ state }) => state === 'AVAILABLE').length === versions;
    };
    while (!(await areThere())) await wait(50);
    for (let version = 1; version <= versions; version += 1)
      await tryCanary(grpc, { model: 'model', version: { ...summary, version: String(version) }, tags: ['serve'] }, { signal });
    return await use();
  } finally {
    grpc.close();
  }
}

async function inDocker(folder: string, summary: VersionSummary, versions: number): Promise<number> {
  const port = await freePort();
  const mount = `type=bind,source=${folder},target=/bench,readonly`;
  const args = ['run', '-d', '--init', '-p', `127.0.0.1:${port}:8500`, '--mount', mount, benchImage];
  const id = execFileSync('docker', [...args, '--model_config_file=/bench/config'], { encoding: 'utf8' }).trim();
  try {
    return await settled(port, summary, versions, async () => {
      const end = new AbortController();
      // The container's own figures, as the window shows them.
      for await (const { memoryBytes } of createDockerodeEngine(endpoint).figures(id, { signal: end.signal })) {
        end.abort();
        return memoryBytes;
      }
      return Number.NaN;
    });
  } finally {
    execFileSync('docker', ['rm', '-f', '-v', id]);
  }
}

async function inEngine(folder: string, summary: VersionSummary, versions: number): Promise<number> {
  await using server = await runModelServer([`--model_config_file=${folder}/config`], { grpc: true });
  const resident = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024;
  return await settled(server.grpcPort, summary, versions, resident);
}

interface Grown {
  readonly grown: number;
  readonly summary: VersionSummary;
}

/** How much a server grows by a further version of a model: with some copies of it, less with one. */
async function grownBy(base: string, measure: typeof inDocker, configured: (folder: string) => string): Promise<Grown> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    const [summary] = summarize(await inspectFolder(base, { signal })).versions;
    if (summary === undefined) throw new Error(`${base} holds no version`);
    const more = summary.size_bytes > 16 * mib ? 2 : 4;
    mkdirSync(join(folder, 'model'));
    const text = `model_config_list { config { name: 'model' base_path: '${configured(folder)}' model_platform: 'tensorflow' model_version_policy { all {} } } }`;
    writeFileSync(join(folder, 'config'), text);
    const add = (version: number): void => cpSync(summary.path, join(folder, 'model', String(version)), { recursive: true });
    add(1);
    const one = await measure(folder, summary, 1);
    for (let version = 2; version <= 1 + more; version += 1) add(version);
    return { summary, grown: ((await measure(folder, summary, 1 + more)) - one) / more };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a further version takes in the image and in the embedded engine, beside what `memoryForecast` makes of its files' sizes. */
export async function benchMemory(): Promise<void> {
  const why = whyNoServing();
  for (const [engine, measure, configured] of [
    ['embedded', inEngine, (folder: string) => join(folder, 'model')],
    ['docker', inDocker, () => '/bench/model'],
  ] as const) {
    if (engine === 'docker' && why !== undefined) {
      say(`memory, docker: skipped, ${why}`);
      continue;
    }
    let worst = 0;
    for (const base of [...corpus, ...further]) {
      const { grown, summary } = await grownBy(base, measure, configured);
      const forecast = forecastGrowth(engine, summary);
      worst = Math.max(worst, grown / forecast);
      const [took, size] = [grown, summary.size_bytes].map((bytes) => `${(bytes / mib).toFixed(1)} MiB`);
      say(
        `memory, ${engine}, ${basename(base)}: ${size} of files, a version more takes ${took}, ${(grown / forecast).toFixed(2)} of what is forecast`,
      );
    }
    say(`memory, ${engine}: at most ${worst.toFixed(2)} of what is forecast`);
  }
}
