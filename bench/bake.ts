import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildContext } from '../src/main/deploy/buildContext.ts';
import { createDockerodeEngine } from '../src/main/docker/dockerodeEngine.ts';
import { say } from './processMs.ts';
import { benchImage, whyNoServing } from './serve.ts';

const weightsBytes = 2 * 1024 ** 3;
const runs = 3;
const goal = 1.1;
const endpoint = 'unix:///var/run/docker.sock';

const residentMb = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) / 1024;

/** A version of 2 GB that no disk keeps small: the same megabyte, numbered. */
async function makeVersion(folder: string): Promise<void> {
  cpSync(join(import.meta.dirname, '..', 'resources', 'sample', 'digits', '1'), folder, { recursive: true });
  await using file = await open(join(folder, 'variables', 'variables.data-00000-of-00001'), 'w');
  const chunk = Buffer.alloc(1 << 20, 7);
  for (let at = 0; at < weightsBytes; at += chunk.length) {
    chunk.writeUInt32LE(at / chunk.length);
    await file.write(chunk);
  }
}

const dockerfile = `FROM ${benchImage}\nCOPY . /\nENV MODEL_NAME=bench\n`;

/** Ours: context and build, through the engine's API; and how far this process grew meanwhile. */
async function ours(folder: string): Promise<{ readonly ms: number; readonly grownMb: number }> {
  const engine = createDockerodeEngine(endpoint);
  const { files } = (
    await import('../src/main/savedmodel/inspectFolder.ts').then(({ inspectFolder }) =>
      inspectFolder(folder, { signal: new AbortController().signal }),
    )
  ).versions[0] ?? { files: [] };
  const before = residentMb();
  let peak = before;
  const looking = setInterval(() => (peak = Math.max(peak, residentMb())), 20);
  const started = performance.now();
  const context = buildContext({
    name: 'bench',
    versions: [{ version: '1', files: files.map(({ path }) => ({ path, source: join(folder, path) })) }],
    dockerfile,
    extra: {},
    manifest: { path: 'slipway/manifest.json', text: (hashes) => JSON.stringify([...hashes]) },
    onSent: () => undefined,
  });
  const id = await engine.build(context, { noCache: true, signal: new AbortController().signal, onEvent: () => undefined });
  const ms = performance.now() - started;
  clearInterval(looking);
  await engine.removeImage(id);
  return { ms, grownMb: peak - before };
}

/** Theirs: `docker build` of the same files by the same builder. */
async function byHand(context: string): Promise<number> {
  const started = performance.now();
  const child = spawn('docker', ['build', '--quiet', '--no-cache', '--tag', 'slipway-bench:hand', context], {
    stdio: 'ignore',
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const ms = performance.now() - started;
  if (code !== 0) throw new Error(`docker build ended with ${code}`);
  spawnSync('docker', ['rmi', '--force', 'slipway-bench:hand'], { stdio: 'ignore' });
  return ms;
}

/** A model of 2 GB baked, against `docker build` on the same context, in turns; goal 1.1×, and memory that stays flat. */
export async function benchBake(): Promise<void> {
  const why = whyNoServing();
  if (why !== undefined) {
    say(`bake: skipped, ${why}`);
    return;
  }
  const context = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    const folder = join(context, 'models', 'bench', '1');
    mkdirSync(join(context, 'models', 'bench'), { recursive: true });
    await makeVersion(folder);
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    writeFileSync(join(context, '.dockerignore'), '.dockerignore\nDockerfile\n');
    const [mine, theirs, grown]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < runs; run += 1) {
      theirs.push(await byHand(context));
      const { ms, grownMb } = await ours(folder);
      mine.push(ms);
      grown.push(grownMb);
    }
    // The least of each: what else the machine did in between is neither's.
    const [least, leastHand] = [Math.min(...mine), Math.min(...theirs)];
    const ratio = least / leastHand;
    say(
      `bake: 2 GB in ${(least / 1000).toFixed(1)} s, ${ratio.toFixed(2)}× docker build (${(leastHand / 1000).toFixed(1)} s); goal ${goal}×`,
    );
    say(
      `bake: all of ${runs} turns ${mine.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s; docker build ${theirs.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s`,
    );
    say(`bake: the process grew by ${Math.max(...grown).toFixed(0)} MB at most while 2 GB went through it`);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
