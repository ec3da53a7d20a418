import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeOwnDaemon, whyNoDaemon } from '../test/docker/ownDaemon.ts';
import { ownElsewhere, ownHere, type Mirror } from '../test/serving/openOwner.ts';
import { median, say } from './processMs.ts';
import { benchImage, whyNoServing } from './serve.ts';

const runs = 3;
const goalMs = 2_000;

const docker = (...args: string[]): string => spawnSync('docker', args, { encoding: 'utf8' }).stdout.trim();

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The model that is served and thrown about. */
function makeHome(): { readonly home: string; readonly folder: string } {
  const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const folder = join(home, 'model');
  cpSync(join(import.meta.dirname, '..', 'resources', 'sample', 'digits'), folder, { recursive: true });
  return { home, folder };
}

/** Times from the moment a fault is brought about until a window that mirrors the owner shows the truth; those of the bare commands beside them. */
const told: Record<string, number[]> = {};
const note = (what: string, ms: number): void => void (told[what] ??= []).push(ms);

async function faultsOf(owner: Mirror, folder: string): Promise<void> {
  await owner.serve(folder, { name: 'bench' });
  const container = async (): Promise<string> => (await owner.serving('bench', 'serving')).containerId ?? '';
  const fault = async (what: string, args: readonly string[], shown: () => Promise<unknown>): Promise<void> => {
    const child = spawn('docker', args, { stdio: 'ignore' });
    const started = performance.now();
    const seen = shown().then(() => performance.now());
    await once(child, 'exit');
    note(`docker ${args[0] ?? ''}`, performance.now() - started);
    note(what, (await seen) - started);
  };
  for (let run = 0; run < runs; run += 1) {
    await fault('container killed', ['kill', await container()], () => owner.serving('bench', 'stopped'));
    const { containerId } = await owner.serving('bench', 'stopped');
    await fault('container started from outside, serving again', ['start', containerId ?? ''], () => owner.serving('bench', 'serving'));
    await fault('container removed', ['rm', '-f', await container()], () => owner.serving('bench', 'stopped'));
    await owner.client.servings.startAgain({ id: 'bench' });
    const pid =
      docker('top', await container(), '-o', 'pid')
        .split('\n')
        .at(-1)
        ?.trim() ?? '';
    process.kill(Number(pid), 'SIGKILL');
    note('server killed, shown as loading', await timed(() => owner.serving('bench', 'starting')));
    note('server killed, serving again', await timed(() => owner.serving('bench', 'serving')));
  }
}

async function killedOwners(home: string, folder: string): Promise<void> {
  let owner = await ownElsewhere(home);
  await owner.serve(folder, { name: 'bench' });
  for (let run = 0; run < runs; run += 1) {
    await owner.kill();
    await owner[Symbol.asyncDispose]();
    const started = performance.now();
    owner = await ownElsewhere(home);
    await owner.until('Docker', ({ engine }) => engine.state === 'connected');
    await owner.serving('bench', 'serving', ({ note: said }) => said === null);
    note('owner killed: the next one shows it serving', performance.now() - started);
  }
  for (const { id } of await owner.until('the state', ({ servings }) => servings)) await owner.client.servings.remove({ id });
  await owner[Symbol.asyncDispose]();
}

async function restartedDaemon(home: string, folder: string): Promise<void> {
  await using daemon = makeOwnDaemon();
  await daemon.start();
  const save = spawn('docker', ['save', benchImage], { stdio: ['ignore', 'pipe', 'ignore'] });
  const load = spawn('docker', ['-H', daemon.endpoint, 'load'], { stdio: [save.stdout, 'ignore', 'ignore'] });
  await once(load, 'exit');
  await using owner = await ownElsewhere(home, { env: { DOCKER_HOST: daemon.endpoint }, wrap: daemon.wrap });
  await owner.serve(folder, { name: 'bench' });
  for (let run = 0; run < runs; run += 1) {
    await daemon.end(run % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    note('daemon ended: said to be away', await timed(() => owner.until('away', ({ engine }) => engine.state === 'away')));
    await daemon.start();
    const settled = async (): Promise<unknown> => {
      await owner.until('back', ({ engine }) => engine.state === 'connected');
      return owner.until('the truth', ({ servings }) => servings.some(({ note: said }) => said !== 'engine-away'));
    };
    note('daemon back: its serving shown as it is', await timed(settled));
    const { state } = await owner.until('an end', ({ servings }) =>
      servings.find((one) => one.state.kind === 'stopped' || one.state.kind === 'serving'),
    );
    if (state.kind === 'stopped') await owner.client.servings.startAgain({ id: 'bench' });
    await owner.serving('bench', 'serving');
  }
}

/** How long the screen takes to come to the truth after each fault; goal 2 s. */
export async function benchRecovery(): Promise<void> {
  const why = whyNoServing();
  if (why !== undefined) {
    say(`recovery: skipped, ${why}`);
    return;
  }
  const { home, folder } = makeHome();
  {
    await using owner = await ownHere(home);
    await faultsOf(owner, folder);
    for (const { id } of await owner.until('the state', ({ servings }) => servings)) await owner.client.servings.remove({ id });
  }
  await killedOwners(home, folder);
  const noDaemon = whyNoDaemon();
  if (noDaemon === undefined) await restartedDaemon(home, folder);
  else say(`recovery: the daemon's own end ${noDaemon}`);
  rmSync(home, { recursive: true, force: true });
  const plain = median(told['docker kill'] ?? []);
  for (const [what, times] of Object.entries(told)) {
    const ms = median(times);
    const goal = what.startsWith('docker ') ? 'the command alone' : ms <= goalMs ? 'within the goal of 2 s' : 'NOT within the goal of 2 s';
    say(`recovery: ${what} ${ms.toFixed(0)} ms, ${(ms / plain).toFixed(2)}× a docker kill; ${goal}`);
  }
}
