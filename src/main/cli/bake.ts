import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { imageReference, type Bake, type BakeDelivery } from '../../shared/contract/deploy.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { sizeText } from './inspect.ts';
import { policyOf, WrongUsage } from './serve.ts';
import { parseUsage } from './usage.ts';
import { withOwner } from './withOwner.ts';

const help = `slipway bake DIR --tag REF [--versions latest|all|1,2] [--push] [--save FOLDER] [--json]
             [--base REF] [--pin] [--simplest | --dockerfile FILE] [--batching FILE] [--monitoring] [--no-cache]
slipway bake DIR --print-dockerfile

Builds an image with the model in it, starts it, asks it, and gives it its name.
  --print-dockerfile  only prints the Dockerfile
  --versions    what is copied into the image: latest (by default), all, or numbers; it serves all of it
  --base        the TensorFlow Serving image; that of the settings where it is not given
  --pin         names the base by its digest
  --simplest    three lines: as root, with the base's own entrypoint
  --dockerfile  an edited Dockerfile, in place of the one that --print-dockerfile prints
  --batching    a file of BatchingParameters, which switches batching on
  --monitoring  Prometheus metrics
  --no-cache    builds each step anew
  --push        pushes it to the registry of REF
  --save        writes a docker save archive into FOLDER

Example: slipway bake ~/models/digits --tag registry.example/digits:3 --push
`;

const options = {
  tag: { type: 'string' },
  versions: { type: 'string' },
  'print-dockerfile': { type: 'boolean' },
  push: { type: 'boolean' },
  save: { type: 'string' },
  base: { type: 'string' },
  pin: { type: 'boolean' },
  simplest: { type: 'boolean' },
  dockerfile: { type: 'string' },
  batching: { type: 'string' },
  monitoring: { type: 'boolean' },
  'no-cache': { type: 'boolean' },
} as const;

function referenceOf(flag: string, text: string | undefined): string | undefined {
  if (text !== undefined && !imageReference.safeParse(text).success) throw new WrongUsage(`--${flag} ${text} is no image's name`);
  return text;
}

/** A file that a flag names; FILE_UNREADABLE. */
async function textOf(file: string | undefined, io: CommandIo): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(resolve(io.cwd, file), 'utf8');
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', { path: file, detail: (cause as NodeJS.ErrnoException).code ?? '' }, { cause });
  }
}

/** Each step once, on a terminal only. */
function createTeller(io: CommandIo): (bake: Bake) => void {
  let last = '';
  return ({ steps }) => {
    const present = steps.find(({ state }) => state === 'running');
    const text = present === undefined ? '' : `${present.id} ${present.detail ?? ''}`.trim();
    if (io.isTerminal && text !== '' && text !== last) io.err(`${text.slice(0, 160)}\n`);
    last = text;
  };
}

/** Follows a bake until `pick` finds something; an interrupt stops the task `taskId`, and what is left of it is waited for. */
async function until<T>(
  client: LocalClient,
  { bakeId, taskId }: { readonly bakeId: string; readonly taskId: string },
  io: CommandIo,
  pick: (bake: Bake) => T | null,
): Promise<T> {
  const stop = (): void => void client.tasks.cancel({ id: taskId }).catch(() => undefined);
  io.signal.addEventListener('abort', stop, { once: true });
  if (io.signal.aborted) stop();
  const end = new AbortController();
  try {
    for await (const bake of await client.deploy.follow({ id: bakeId }, { signal: end.signal })) {
      const found = pick(bake);
      if (found !== null) return found;
    }
  } finally {
    io.signal.removeEventListener('abort', stop);
    end.abort();
  }
  throw new AppError('CONNECTION_LOST');
}

type Done = Extract<BakeDelivery, { kind: 'done' }>;

function doneOf(delivery: BakeDelivery | null): Done | null {
  if (delivery?.kind === 'failed') throw new AppError(delivery.problem.code, delivery.problem.data);
  return delivery?.kind === 'done' ? delivery : null;
}

/** `slipway bake`. */
export async function runBake(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [1, 1] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const json = values.json === true;
  const print = values['print-dockerfile'] === true;
  let draft;
  let reference: string | undefined;
  try {
    reference = referenceOf('tag', values.tag);
    if (reference === undefined && !print) throw new WrongUsage('--tag names the image');
    if (values.simplest === true && values.dockerfile !== undefined) throw new WrongUsage('--simplest and --dockerfile exclude each other');
    const base = referenceOf('base', values.base);
    draft = {
      versions: policyOf(values.versions),
      ...(base === undefined ? {} : { base }),
      pinBase: values.pin === true,
      form: values.simplest === true ? ('simplest' as const) : ('hardened' as const),
      monitoring: values.monitoring === true,
    };
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    io.err(`${error.message}\n\n${help}`);
    return exitCode.usage;
  }
  const [batching, dockerfile] = [await textOf(values.batching, io), await textOf(values.dockerfile, io)];
  return withOwner(io, async ({ client }) => {
    const { id: modelId } = await client.local.addPath({ path: resolve(io.cwd, positionals[0] ?? '') });
    const wanted = { modelId, ...draft, ...(batching === undefined ? {} : { batching }) };
    if (print || reference === undefined) {
      const preview = await client.deploy.preview(wanted);
      io.out(json ? `${JSON.stringify(preview)}\n` : preview.dockerfile);
      return exitCode.done;
    }
    const ids = await client.deploy.bake({
      ...wanted,
      reference,
      noCache: values['no-cache'] === true,
      ...(dockerfile === undefined ? {} : { dockerfile }),
    });
    const { bakeId } = ids;
    const tell = createTeller(io);
    const image = await until(client, ids, io, (bake) => {
      tell(bake);
      if (bake.problem !== null) throw new AppError(bake.problem.code, bake.problem.data);
      if (bake.state === 'cancelled') throw new AppError('CANCELLED');
      return bake.image;
    });
    let [pushed, saved]: [Done | null, Done | null] = [null, null];
    if (values.push === true) {
      const { taskId } = await client.deploy.push({ id: bakeId, reference: image.reference });
      pushed = await until(client, { bakeId, taskId }, io, ({ push }) => doneOf(push));
    }
    if (values.save !== undefined) {
      const { ticket } = await client.local.ticket({ path: resolve(io.cwd, values.save) });
      const { taskId } = await client.deploy.save({ id: bakeId, ticket });
      saved = await until(client, { bakeId, taskId }, io, ({ save }) => doneOf(save));
    }
    if (json) {
      io.out(`${JSON.stringify({ ...image, pushed, saved, manifest: await client.deploy.manifest({ id: bakeId }) })}\n`);
      return exitCode.done;
    }
    io.out(`${image.reference}  ${image.id}  ${sizeText(image.sizeBytes)}, serves version ${image.versions.join(', ')}\n`);
    if (pushed !== null) io.out(`pushed ${pushed.target}@${pushed.digest ?? ''}\n`);
    if (saved !== null) io.out(`saved ${saved.target}\n`);
    if (image.canary.kind === 'not-tried') io.err(`AVAILABLE, not tried: ${image.canary.reason}.\n`);
    if (image.canary.kind === 'refused') io.err(`A made-up input was refused: ${image.canary.note}\n`);
    return exitCode.done;
  });
}
