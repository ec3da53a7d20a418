import { resolve } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import { addressesOf } from '../../shared/contract/addresses.ts';
import { type Serving, type VersionPolicy } from '../../shared/contract/serving.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import { dataFolder } from '../owner/dataFolder.ts';
import { startBackgroundOwner } from '../owner/backgroundOwner.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { tellFailure } from './runCommand.ts';
import { parseUsage } from './usage.ts';
import { holdOpen, waitUntilServing, watchServings } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const help = `slipway serve DIR… [--name N] [--engine auto|docker|embedded] [--rest-port N] [--grpc-port N] [--image REF]
                   [--versions latest|all|1,2] [--in SERVING] [--detach] [--json]

Serves model folders, until interrupted.
  --engine     docker: TensorFlow Serving; embedded: Slipway's own engine, a preview; auto (by default): Docker where it answers
  --name       the model's name in addresses (one DIR only)
  --rest-port, --grpc-port   8501 and 8500 where they are free, else the next free ones
  --versions   latest (by default), all, or numbers
  --in         by the server that a serving runs in already: its engine, image and ports
  --detach     leaves it running until slipway stop
  --json       JSON lines: progress, ready, then each change of state

Example: slipway serve ~/models/digits --detach
`;

const options = {
  name: { type: 'string' },
  engine: { type: 'string' },
  'rest-port': { type: 'string' },
  'grpc-port': { type: 'string' },
  image: { type: 'string' },
  versions: { type: 'string' },
  in: { type: 'string' },
  detach: { type: 'boolean' },
} as const;

/** An option's value that the command does not take. */
export class WrongUsage extends Error {}

/** `--versions`; throws WrongUsage. */
export function policyOf(text: string | undefined): VersionPolicy {
  if (text === undefined || text === 'latest') return { kind: 'latest' };
  if (text === 'all') return { kind: 'all' };
  const versions = text.split(',').map((one) => one.trim());
  if (!versions.every((one) => /^\d{1,19}$/.test(one))) throw new WrongUsage(`--versions ${text}: latest, all, or numbers such as 1,2`);
  return { kind: 'specific', versions };
}

function portOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new WrongUsage(`--${flag} ${text} is no port`);
  return port;
}

/** `--engine`; throws WrongUsage. */
export function engineOf(text: string | undefined): 'auto' | 'docker' | 'embedded' {
  if (text === undefined || text === 'auto' || text === 'docker' || text === 'embedded') return text ?? 'auto';
  throw new WrongUsage(`--engine ${text}: auto, docker or embedded`);
}

type Tell = (serving: Serving) => void;

/** Tells each new step of each serving once; in a pipe nothing but the outcome. That one serves at first is for `tellReady`. */
export function createTeller(json: boolean, io: CommandIo): Tell {
  const last = new Map<string, string>();
  const ready = new Set<string>();
  return ({ id, name, state, steps, pull }) => {
    const running = steps.find((step) => step.state === 'running');
    const detail = running?.id === 'pull' && pull !== null ? `${pull.currentBytes} of ${pull.totalBytes} bytes` : (running?.detail ?? '');
    const versions = state.kind === 'serving' ? state.versions : [];
    const text = state.kind === 'starting' ? `${running?.id ?? state.step} ${detail}` : `${state.kind} ${versions.join(', ')}`;
    const isNew = last.get(id) !== text;
    last.set(id, text);
    if (state.kind === 'serving' && !ready.has(id)) ready.add(id);
    else if (isNew && json) {
      const progress = { event: 'progress', name, step: running?.id ?? null, detail: detail === '' ? null : detail };
      io.out(`${JSON.stringify(state.kind === 'starting' ? progress : { event: 'state', name, state: state.kind, versions })}\n`);
    } else if (isNew && io.isTerminal) io.err(`${name}: ${text.slice(0, 160)}\n`);
  };
}

function tellReady({ name, engine, plan, state, canary }: Serving, json: boolean, io: CommandIo): void {
  const { rest, grpc } = addressesOf(plan);
  const versions = state.kind === 'serving' ? state.versions : [];
  if (json) io.out(`${JSON.stringify({ event: 'ready', name, engine, rest, grpc, versions })}\n`);
  else {
    const by = engine === 'docker' ? '' : ', by the embedded engine (a preview: not TensorFlow Serving)';
    io.out(`${name} serves version ${versions.join(', ')}${by}\n  REST  ${rest}\n  gRPC  ${grpc}\n`);
    if (canary?.kind === 'not-tried') io.err(`AVAILABLE, not tried: ${canary.reason}.\n`);
    if (canary?.kind === 'refused') io.err(`A made-up input was refused: ${canary.note}\n`);
  }
}

/** Foreground: until a signal or until all have ended; what was started ends with it. */
export async function stay(client: LocalClient, ids: readonly string[], tell: Tell, json: boolean, io: CommandIo): Promise<number> {
  const running = new Set(ids);
  let code: number = exitCode.done;
  for await (const change of watchServings(client, ids, io.signal)) {
    if ('gone' in change) running.delete(change.gone);
    else {
      tell(change);
      if (change.state.kind === 'failed' || change.state.kind === 'stopped') running.delete(change.id);
      if (change.state.kind === 'failed')
        code = await tellFailure(new AppError(change.state.problem.code, change.state.problem.data), json, io);
    }
    if (running.size === 0) break;
  }
  return code;
}

/** `slipway serve`. */
export async function runServe(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [1, 100] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const json = values.json === true;
  let choices;
  try {
    if (values.name !== undefined && positionals.length > 1) throw new WrongUsage('--name goes with one DIR');
    choices = {
      engine: engineOf(values.engine),
      versions: policyOf(values.versions),
      restPort: portOf('rest-port', values['rest-port']),
      grpcPort: portOf('grpc-port', values['grpc-port']),
      ...(values.image === undefined ? {} : { image: values.image }),
      ...(values.in === undefined ? {} : { inServerOf: values.in }),
      life: values.detach === true ? ('kept' as const) : ('foreground' as const),
    };
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    io.err(`${error.message}\n\n${help}`);
    return exitCode.usage;
  }
  if (values.detach === true) await startBackgroundOwner(dataFolder(io.env), io.env);
  return withOwner(io, async ({ client }) => {
    const ids: string[] = [];
    const end = new AbortController();
    const tell = createTeller(json, io);
    let ready = 0;
    try {
      for (const folder of positionals) {
        const model = await client.local.addPath({ path: resolve(io.cwd, folder) });
        const name = values.name ?? model.name;
        const { servingId } = await client.servings.start({ modelId: model.id, name, ...choices });
        ids.push(servingId);
        if (choices.life === 'foreground') void holdOpen(client, [servingId], end.signal);
        tellReady(await waitUntilServing(client, servingId, io.signal, tell), json, io);
        ready += 1;
      }
      return values.detach === true ? exitCode.done : await stay(client, ids, tell, json, io);
    } finally {
      end.abort();
      // Waited for here, so that nothing is left when the command has ended.
      const ours = choices.life === 'foreground' ? ids : io.signal.aborted ? ids.slice(ready) : [];
      for (const id of ours) await client.servings.remove({ id }).catch(() => undefined);
    }
  });
}
