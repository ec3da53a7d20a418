import { join, relative } from 'node:path';
import { addressesOf } from '../../shared/contract/addresses.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { Serving } from '../../shared/contract/serving.ts';
import { readInputFile } from '../predict/inputFile.ts';
import { predictOver } from '../predict/predict.ts';
import { requestBody } from '../predict/requestBody.ts';
import { answered } from '../predict/exchange.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { resourcesFolder } from './outside.ts';
import { createTeller, engineOf, stay, WrongUsage } from './serve.ts';
import { parseUsage } from './usage.ts';
import { holdOpen, waitUntilServing } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const help = `slipway try [--once] [--engine embedded|docker|auto] [--json]

Serves the bundled sample, which reads handwritten digits, asks it, and shows request and answer. Needs nothing but this program.
  --once    ends after the answer; else it serves until interrupted
  --engine  embedded where it is not given
  --json    JSON lines: progress, ready, then answer

Example: slipway try --once
`;

const options = { once: { type: 'boolean' }, engine: { type: 'string' } } as const;
const signature = 'serving_default';

/** Asks the sample about one of its images, and tells what goes out and what comes back. */
async function ask(serving: Serving, json: boolean, io: CommandIo): Promise<void> {
  const { rest } = addressesOf(serving.plan);
  const path = join(resourcesFolder(), 'sample', 'images', 'digit-8.png');
  const image = relative(io.cwd, path);
  const input = await readInputFile(path, image, io);
  const info = {
    method_name: 'tensorflow/serving/predict',
    inputs: { image: { name: 'image', dtype: 'DT_FLOAT', dtype_enum: 1, shape: [-1, 8, 8, 1], unknown_rank: false } },
    outputs: {},
  } as const;
  if (input.kind === 'json') throw new AppError('FILE_UNREADABLE', { path: image, detail: 'It is no image.' });
  const inputs = await input.tensors({ signature: info, say: () => undefined, insist: false, scale: undefined });
  const body = requestBody(signature, inputs, 'columnar');
  const asked = { body, signature, insist: false };
  const answer = answered(await predictOver(rest, null, asked, { signal: io.signal, timeoutMs: 30_000 }));
  const { outputs } = JSON.parse(Buffer.from(answer.response.body).toString()) as { readonly outputs: readonly (readonly number[])[] };
  const probabilities = outputs[0] ?? [];
  const best = probabilities.indexOf(Math.max(...probabilities));
  if (json) {
    io.out(
      `${JSON.stringify({ event: 'answer', url: answer.url, image, request: JSON.parse(body.toString()) as unknown, probabilities, digit: best })}\n`,
    );
    return;
  }
  io.out(
    `\nPOST ${answer.url}\n${body.toString().slice(0, 96)} …   (8 × 8 pixels of ${image})\n\n` +
      `${answer.status} in ${answer.networkMs.toFixed(1)} ms\n{"outputs": [[${probabilities.map((one) => one.toFixed(4)).join(', ')}]]}\n\n` +
      `It is an ${best}, with ${((probabilities[best] ?? 0) * 100).toFixed(2)} %.\n`,
  );
}

/** `slipway try`. */
export async function runTry(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [0, 0] });
  if (typeof parsed === 'number') return parsed;
  const { once, engine: wanted, json = false } = parsed.values;
  let engine: ReturnType<typeof engineOf>;
  try {
    engine = engineOf(wanted ?? 'embedded');
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    io.err(`${error.message}\n\n${help}`);
    return exitCode.usage;
  }
  return withOwner(io, async ({ client }) => {
    const { id: modelId } = await client.imports.sample();
    const { servingId } = await client.servings.start({ modelId, engine, life: 'foreground' });
    const end = new AbortController();
    try {
      void holdOpen(client, [servingId], end.signal);
      const tell = createTeller(json, io);
      const serving = await waitUntilServing(client, servingId, io.signal, tell);
      const { rest, grpc } = addressesOf(serving.plan);
      const versions = serving.state.kind === 'serving' ? serving.state.versions : [];
      if (json) io.out(`${JSON.stringify({ event: 'ready', name: serving.name, engine: serving.engine, rest, grpc, versions })}\n`);
      else
        io.out(
          `${serving.name} serves version ${versions.join(', ')} by ${serving.engine === 'docker' ? 'TensorFlow Serving' : 'the embedded engine, a preview: not TensorFlow Serving'}\n  REST  ${rest}\n  gRPC  ${grpc}\n`,
        );
      await ask(serving, json, io);
      if (once === true) return exitCode.done;
      io.err(`\nIt serves until you press Ctrl+C. Ask it about another: slipway predict ${serving.name} --input IMAGE\n`);
      return await stay(client, [servingId], tell, json, io);
    } finally {
      end.abort();
      await client.servings.remove({ id: servingId }).catch(() => undefined);
    }
  });
}
