import { AppError } from '../../shared/contract/errors.ts';
import { addressesOf } from '../../shared/contract/addresses.ts';
import { type Serving } from '../../shared/contract/serving.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { parseUsage } from './usage.ts';
import { fetchState, waitUntilServing } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const row = ({ name, engine, state, plan, note }: Serving) => ({
  name,
  engine,
  state: state.kind,
  versions: state.kind === 'serving' ? state.versions : [],
  ...addressesOf(plan),
  note,
});

function find(servings: readonly Serving[], name: string): Serving {
  const found = servings.find((one) => one.name === name || one.id === name);
  if (found === undefined) throw new AppError('SERVING_NOT_FOUND', { name, known: servings.map((one) => one.name).join(', ') || 'none' });
  return found;
}

/** `slipway ps`. */
export async function runPs(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, {
    help: 'slipway ps [--json]\n\nLists the servings.\n\nExample: slipway ps\n',
    options: {},
    positionals: [0, 0],
  });
  if (typeof parsed === 'number') return parsed;
  return withOwner(io, async ({ client }) => {
    const rows = (await fetchState(client)).servings.map(row);
    if (parsed.values.json === true) io.out(`${JSON.stringify(rows)}\n`);
    else if (rows.length === 0) io.err('Nothing is served. Begin with: slipway serve DIR\n');
    else
      for (const { name, state, versions, rest, grpc } of rows)
        io.out(`${name}\t${state}${versions.length > 0 ? ` ${versions.join(',')}` : ''}\t${rest}\t${grpc}\n`);
    return exitCode.done;
  });
}

/** A command that does one thing to each named serving. */
function forEachServing(
  help: string,
  act: (client: Parameters<typeof fetchState>[0], serving: Serving, io: CommandIo) => Promise<Serving | null>,
): (args: readonly string[], io: CommandIo) => Promise<number> {
  return async (args, io) => {
    const parsed = parseUsage(args, io, { help, options: {}, positionals: [1, 100] });
    if (typeof parsed === 'number') return parsed;
    return withOwner(io, async ({ client }) => {
      const { servings } = await fetchState(client);
      const found = parsed.positionals.map((name) => find(servings, name));
      const done: unknown[] = [];
      for (const serving of found) {
        const after = await act(client, serving, io);
        done.push(after === null ? { name: serving.name, state: 'removed' } : row(after));
        if (parsed.values.json !== true) io.err(`${serving.name}: ${after?.state.kind ?? 'removed'}\n`);
      }
      if (parsed.values.json === true) io.out(`${JSON.stringify(done)}\n`);
      return exitCode.done;
    });
  };
}

const again = async (client: Parameters<typeof fetchState>[0], id: string): Promise<Serving> =>
  find((await fetchState(client)).servings, id);

export const runStop = forEachServing(
  'slipway stop NAME… [--json]\n\nStops servings; their addresses are kept.\n\nExample: slipway stop digits\n',
  async (client, { id }) => {
    await client.servings.stop({ id });
    return again(client, id);
  },
);

export const runStart = forEachServing(
  'slipway start NAME… [--json]\n\nStarts stopped servings again at their addresses.\n\nExample: slipway start digits\n',
  async (client, { id, state }, io) => {
    if (state.kind !== 'serving') await client.servings.startAgain({ id });
    return waitUntilServing(client, id, io.signal);
  },
);

export const runRm = forEachServing(
  'slipway rm NAME… [--json]\n\nStops servings and removes their containers. Models and folders stay.\n\nExample: slipway rm digits\n',
  async (client, { id }) => {
    await client.servings.remove({ id });
    return null;
  },
);

/** `slipway logs`. */
export async function runLogs(args: readonly string[], io: CommandIo): Promise<number> {
  const help =
    'slipway logs NAME [-f] [--json]\n\nPrints the server’s log; -f goes on until interrupted.\n\nExample: slipway logs digits -f\n';
  const parsed = parseUsage(args, io, { help, options: { follow: { type: 'boolean', short: 'f' } }, positionals: [1, 1] });
  if (typeof parsed === 'number') return parsed;
  return withOwner(io, async ({ client }) => {
    const { id } = find((await fetchState(client)).servings, parsed.positionals[0] ?? '');
    const follow = parsed.values.follow === true;
    for await (const line of await client.servings.logs({ id, follow }, { signal: io.signal })) {
      io.out(parsed.values.json === true ? `${JSON.stringify(line)}\n` : `${line.time} ${line.raw}\n`);
    }
    return exitCode.done;
  });
}
