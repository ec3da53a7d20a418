import { setInterval as every } from 'node:timers/promises';
import { becomeOwner } from '../owner/becomeOwner.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { commandOutside } from './outside.ts';

const idleMs = 30_000;
const lookMs = 5_000;

/** The background owner: keeps the data folder while something is served or somebody is connected, then ends by itself. */
export async function runOwner(_args: readonly string[], io: CommandIo): Promise<number> {
  const end = new AbortController();
  const outside = commandOutside(io, 'background');
  await using session = await becomeOwner(outside, { webLink: () => null, quit: () => end.abort() });
  if (session === null) return exitCode.failed;
  const until = AbortSignal.any([io.signal, end.signal]);
  let idleSince = performance.now();
  try {
    for await (const _ of every(lookMs, undefined, { signal: until })) {
      const servings = session.app?.hub.state.servings ?? [];
      const busy =
        session.peers() > 0 ||
        servings.some(({ state }) => state.kind === 'serving' || state.kind === 'starting' || state.kind === 'stopping');
      if (busy) idleSince = performance.now();
      else if (performance.now() - idleSince > idleMs) break;
    }
  } catch (error) {
    // Asked to end.
    if (!until.aborted) throw error;
  }
  return exitCode.done;
}
