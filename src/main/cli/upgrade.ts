import { AppError } from '../../shared/contract/errors.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { parseUsage } from './usage.ts';
import { fetchState, waitUntilServing, watchServings } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const help = `slipway upgrade NAME --image REF [--json]
slipway upgrade NAME --engine docker|embedded [--image REF] [--json]
slipway upgrade NAME --back [--json]

Changes what answers at a serving's address: the new one is started and tried beside the old one, then the address is handed
over, without a failed request behind the gateway. --back returns to what answered before.

Example: slipway upgrade digits --image tensorflow/serving:2.19.1
`;

/** `slipway upgrade`. */
export async function runUpgrade(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, {
    help,
    options: { image: { type: 'string' }, engine: { type: 'string' }, back: { type: 'boolean' } },
    positionals: [1, 1],
  });
  if (typeof parsed === 'number') return parsed;
  const { image, engine, back, json } = parsed.values;
  const isKnown = engine === undefined || engine === 'docker' || engine === 'embedded';
  const chosen = engine === 'docker' || engine === 'embedded' ? ({ engine } as const) : {};
  const isAsked = image !== undefined || engine !== undefined;
  if (!isKnown || isAsked === (back === true)) {
    io.err(help);
    return exitCode.usage;
  }
  return withOwner(io, async ({ client }) => {
    const name = parsed.positionals[0] ?? '';
    const { servings } = await fetchState(client);
    const serving = servings.find((one) => one.name === name || one.id === name);
    if (serving === undefined)
      throw new AppError('SERVING_NOT_FOUND', { name, known: servings.map((one) => one.name).join(', ') || 'none' });
    const { id } = serving;
    const changes = { ...(image === undefined ? {} : { image }), ...chosen };
    const { taskId } = await (back === true ? client.servings.rollbackPlace({ id }) : client.servings.changePlace({ id, changes }));
    if (serving.state.kind !== 'serving') {
      // What has ended is started as it was before.
      const { plan } = await waitUntilServing(client, id, io.signal);
      io.out(
        json === true
          ? `${JSON.stringify({ name: serving.name, to: { engine: plan.engine, image: plan.image } })}\n`
          : `${serving.name}: ${plan.image}\n`,
      );
      return exitCode.done;
    }
    for await (const event of watchServings(client, [id], io.signal)) {
      if ('gone' in event) throw new AppError('SERVING_NOT_FOUND', { name, known: '' });
      const { change } = event;
      if (change?.taskId !== taskId || change.state === 'running') continue;
      if (change.problem !== null) throw new AppError(change.problem.code, change.problem.data);
      const { from, to, cutOff, refusedMs } = change;
      if (json === true) io.out(`${JSON.stringify({ name: event.name, from, to, cutOff, refusedMs })}\n`);
      else io.out(`${event.name}: ${to.image ?? to.engine} instead of ${from.image ?? from.engine}\n`);
      return exitCode.done;
    }
    throw new AppError('CANCELLED');
  });
}
