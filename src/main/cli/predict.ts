import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { AppError } from '../../shared/contract/errors.ts';
import type { PredictAnswer } from '../../shared/contract/predict.ts';
import { predictOver } from '../predict/predict.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { parseUsage } from './usage.ts';
import { fetchState, waitUntilServing } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const help = `slipway predict NAME|URL|DIR [--input FILE|-] [--signature S] [--version V | --label L] [--insist] [--json]

One request over REST. NAME is a serving, URL a server's http://HOST:PORT/v1/models/NAME, DIR a model folder that is
served for this one request.
  --input      TensorFlow Serving's JSON ({"instances": …} or {"inputs": …}); without it, one that fits the signature
  --insist     sends also what does not fit the signature
  --json       the answer as it came, and nothing else

Example: echo '{"instances": [1.0, 2.0]}' | slipway predict half_plus_two --input -
`;

const options = {
  input: { type: 'string' },
  signature: { type: 'string' },
  version: { type: 'string' },
  label: { type: 'string' },
  grpc: { type: 'boolean' },
  timeout: { type: 'string' },
  insist: { type: 'boolean' },
} as const;

async function readInput(input: string | undefined, io: CommandIo): Promise<string | undefined> {
  if (input === undefined) return undefined;
  if (input === '-') return readText(process.stdin);
  if (/\.(npy|npz|csv|png|jpe?g)$/i.test(input))
    throw new AppError('NOT_YET', { what: `Input from ${input}`, detail: 'Give TensorFlow Serving’s JSON for now.' });
  try {
    return await readFile(resolve(io.cwd, input), 'utf8');
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', { path: input, detail: (cause as NodeJS.ErrnoException).code ?? '' }, { cause });
  }
}

function tell({ ok, status, error, outputs, rawText, networkMs }: PredictAnswer, json: boolean, io: CommandIo): number {
  if (!ok) throw new AppError('SERVER_REFUSED', { detail: `HTTP ${status}: ${error ?? ''}` });
  if (json) io.out(rawText.endsWith('\n') ? rawText : `${rawText}\n`);
  else {
    for (const { name, shape, first, size } of outputs)
      io.out(`${name} [${shape.join(', ')}]  ${first.join(' ')}${size > first.length ? ' …' : ''}\n`);
    io.err(`${status} in ${networkMs.toFixed(1)} ms\n`);
  }
  return exitCode.done;
}

/** `slipway predict`. */
export async function runPredictCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [1, 1] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const [target = ''] = positionals;
  const json = values.json === true;
  if (values.grpc === true) throw new AppError('NOT_YET', { what: 'Prediction over gRPC', detail: 'Leave --grpc away to ask over REST.' });
  const asked = {
    signature: values.signature ?? 'serving_default',
    timeoutMs: Number(values.timeout ?? 30) * 1000,
    insist: values.insist === true,
  };
  const where = {
    ...(values.version === undefined ? {} : { version: values.version }),
    ...(values.label === undefined ? {} : { label: values.label }),
  };
  const body = await readInput(values.input, io);
  if (/^https?:\/\//.test(target)) {
    if (body === undefined) {
      io.err(`--input is needed with a URL.\n\n${help}`);
      return exitCode.usage;
    }
    return tell(
      await predictOver(target.replace(/\/$/, ''), null, { ...asked, ...where, body }, { signal: io.signal, now: () => new Date() }),
      json,
      io,
    );
  }
  return withOwner(io, async ({ client }) => {
    const { servings } = await fetchState(client);
    const named = servings.find(({ name, id }) => name === target || id === target);
    const folder = resolve(io.cwd, target);
    if (named === undefined && !existsSync(folder))
      throw new AppError('SERVING_NOT_FOUND', { name: target, known: servings.map(({ name }) => name).join(', ') || 'none' });
    let servingId = named?.id;
    let modelId = named?.modelId;
    const temporary = servingId === undefined;
    if (servingId === undefined) {
      const model = await client.local.addPath({ path: folder });
      modelId = model.id;
      ({ servingId } = await client.servings.start({ modelId: model.id, name: model.name, life: 'foreground' }));
    }
    try {
      const { state } = temporary ? await waitUntilServing(client, servingId, io.signal) : { state: named?.state };
      const version = values.version ?? (state?.kind === 'serving' ? (state.versions[0] ?? null) : null);
      const text = body ?? (await client.models.signature({ id: modelId ?? '', version, signature: asked.signature })).template;
      return tell(await client.predict.run({ servingId, ...asked, ...where, body: text }, { signal: io.signal }), json, io);
    } finally {
      if (temporary) await client.servings.remove({ id: servingId });
    }
  });
}
