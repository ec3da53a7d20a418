import { AppError } from '../../shared/contract/errors.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import { answeringVersion } from '../../shared/contract/servedState.ts';
import type { SwitchRequest, SwitchTarget, VersionSwitch } from '../../shared/contract/switching.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { parseUsage } from './usage.ts';
import { fetchState } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const rollbackOptions = {
  reason: { type: 'string' },
  anyway: { type: 'boolean' },
  forecast: { type: 'boolean' },
} as const;
const options = { ...rollbackOptions, 'despite-cases': { type: 'boolean' } } as const;

const switchHelp = `slipway switch NAME latest|all|V|V,V|LABEL=V|LABEL=|guarded|follow [--reason TEXT] [--forecast] [--anyway]
               [--despite-cases] [--json]

Changes which versions a running server serves, without a failed request. A version that is loaded
for it is tried beside the old one, also with the model's saved cases. What answered before stays loaded for a while.
  latest           the newest version, and each newer one that comes
  V                this version; V,V several: TensorFlow Serving answers with the highest
  LABEL=V          gives a label to a version; LABEL= takes it away
  guarded          Slipway admits a new version once it is complete and was tried (the default)
  follow           the server looks at the folder by itself
  --reason         kept in the history
  --forecast       only tells what would be loaded, kept and unloaded, and the memory that it needs
  --anyway         also where the memory that it needs is above the limit
  --despite-cases  also where saved cases fail

Example: slipway switch digits 2
`;

const rollbackHelp = `slipway rollback NAME [--reason TEXT] [--anyway] [--json]

Goes back to what was served before.

Example: slipway rollback digits
`;

const isNumber = (text: string): boolean => /^\d{1,19}$/.test(text);

/** What the second word asks for; null where it is none of the forms. */
export function targetOf(text: string): SwitchTarget | null {
  if (text === 'latest' || text === 'all') return { kind: text };
  if (text === 'guarded' || text === 'follow') return { kind: 'mode', mode: text };
  const label = /^([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})=(\d{0,19})$/.exec(text);
  if (label?.[1] !== undefined) return { kind: 'label', label: label[1], version: label[2] === '' ? null : (label[2] ?? null) };
  const versions = text.split(',').map((one) => one.trim());
  return versions.every(isNumber) ? { kind: 'pin', versions } : null;
}

/** Begins a switch and tells its steps; an interrupt stops it, and the old state is waited for. Throws why it was refused. */
async function follow(client: LocalClient, request: SwitchRequest, io: CommandIo): Promise<Serving> {
  const { taskId } = await client.switching.start(request);
  const stop = (): void => void client.tasks.cancel({ id: taskId }).catch(() => undefined);
  io.signal.addEventListener('abort', stop, { once: true });
  if (io.signal.aborted) stop();
  const over = new AbortController();
  const find = (servings: readonly Serving[]): Serving | undefined =>
    servings.find(({ id, name }) => id === request.id || name === request.id);
  let last: VersionSwitch | null = null;
  let told = '';
  let serving: Serving | undefined;
  try {
    for await (const event of await client.watch(undefined, { signal: over.signal })) {
      if (event.kind === 'snapshot') serving = find(event.state.servings);
      else if (event.kind === 'serving') serving = find([event.serving]) ?? serving;
      last = serving?.switching.current ?? null;
      const present = last?.steps.find(({ state }) => state === 'running');
      const text = present === undefined ? '' : `${present.id} ${present.detail ?? ''}`.trim();
      if (io.isTerminal && text !== '' && text !== told) io.err(`${text.slice(0, 160)}\n`);
      told = text;
      const tasks = event.kind === 'snapshot' ? event.state.tasks : event.kind === 'task' ? [event.task] : [];
      if (tasks.some(({ id, state }) => id === taskId && state !== 'running')) break;
    }
  } finally {
    io.signal.removeEventListener('abort', stop);
    over.abort();
  }
  if (last !== null && last.problem !== null) throw new AppError(last.problem.code, last.problem.data);
  const after = find((await fetchState(client)).servings);
  if (after === undefined) throw new AppError('SERVING_NOT_FOUND', { name: request.id, known: '' });
  return after;
}

function tell({ name, plan, state, switching }: Serving, json: boolean, io: CommandIo): void {
  const to = switching.current?.to;
  const loaded = state.kind === 'serving' ? state.versions : [];
  const versions = to?.versions ?? loaded;
  const labels = plan.served?.labels ?? {};
  const kept = (plan.served?.admitted ?? []).filter((version) => !versions.includes(version));
  if (json) {
    io.out(`${JSON.stringify({ name, mode: plan.served?.mode ?? null, policy: plan.versions, versions, labels, kept })}\n`);
    return;
  }
  const named = Object.entries(labels).map(([label, version]) => `, ${label} is ${version}`);
  io.out(`${name} serves version ${versions.join(', ')}${named.join('')}\n`);
  if (kept.length > 0) io.err(`Version ${kept.join(', ')} stays loaded for a while: slipway rollback ${name}\n`);
}

async function run(io: CommandIo, request: SwitchRequest, json: boolean, onlyForecast: boolean): Promise<number> {
  return withOwner(io, async ({ client }) => {
    const forecast = await client.switching.forecast(request);
    const { from, to, load, keep, unload, memory, problem } = forecast;
    if (onlyForecast) {
      const { usedBytes, addedBytes, limitBytes } = memory;
      if (json) io.out(`${JSON.stringify(forecast)}\n`);
      else {
        const list = (versions: readonly string[]): string => (versions.length === 0 ? 'nothing' : versions.join(', '));
        io.out(`loads ${list(load)}, keeps ${list(keep)}, unloads ${list(unload)}\n`);
        io.out(`memory: ${usedBytes ?? 'unknown'} bytes in use, ${addedBytes} more, limit ${limitBytes}\n`);
        if (problem !== null) io.err(`${problem.title}. ${problem.advice}\n`);
      }
      return problem === null ? exitCode.done : exitCode.failed;
    }
    const [before, after] = [answeringVersion(from), answeringVersion(to)];
    // A label may move them too: the server answers with the highest version that is loaded.
    if (request.target.kind === 'label' && before !== after)
      io.err(`Requests that name neither version nor label will be answered by version ${after ?? '?'}, the highest.\n`);
    tell(await follow(client, request, io), json, io);
    return exitCode.done;
  });
}

/** `slipway switch`. */
export async function runSwitchCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help: switchHelp, options, positionals: [2, 2] });
  if (typeof parsed === 'number') return parsed;
  const [id = '', text = ''] = parsed.positionals;
  const target = targetOf(text);
  if (target === null) {
    io.err(`${text}: latest, all, numbers such as 2 or 1,2, LABEL=V, guarded or follow\n\n${switchHelp}`);
    return exitCode.usage;
  }
  const { reason = '', anyway = false, 'despite-cases': despiteCases = false, forecast = false, json = false } = parsed.values;
  return run(io, { id, target, reason, anyway, despiteCases }, json, forecast);
}

/** `slipway rollback`. */
export async function runRollback(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help: rollbackHelp, options: rollbackOptions, positionals: [1, 1] });
  if (typeof parsed === 'number') return parsed;
  const { reason = '', anyway = false, forecast = false, json = false } = parsed.values;
  // What was served before is not held up by cases.
  return run(io, { id: parsed.positionals[0] ?? '', target: { kind: 'back' }, reason, anyway, despiteCases: false }, json, forecast);
}
