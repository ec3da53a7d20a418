import { resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../../shared/contract/errors.ts';
import type { SignatureInfo } from '../../shared/contract/savedModel.ts';
import { restBarrier } from '../../shared/tensor/requestMode.ts';
import { requestTemplate } from '../../shared/tensor/requestTemplate.ts';
import { mismatch } from '../predict/fitTensor.ts';
import { inputOf, readInputFile, type InputFile } from '../predict/inputFile.ts';
import type { InputTensors } from '../predict/inputTensors.ts';
import { predictOver } from '../predict/predict.ts';
import { answered, type Exchange } from '../predict/exchange.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { urlTarget, withLocalTarget, type Target, type Which } from './predictTarget.ts';
import { parseUsage } from './usage.ts';

const help = `slipway predict NAME|URL|DIR [--input FILE|-] [--signature S] [--version V | --label L] [--grpc]
                     [--scale LOW..HIGH] [--timeout SECONDS] [--insist] [--json]

One request. NAME is a serving; URL a server, http://HOST:PORT/v1/models/NAME or grpc://HOST:PORT/NAME; DIR a model folder
that is served for this one request.
  --input      TensorFlow Serving's JSON ({"instances": …} or {"inputs": …}), an array (.npy, .npz), a table (.csv) or an
               image (PNG, JPEG); - is stdin. Without it, zeros that fit the signature
                 .npz  arrays by the inputs' names
                 .csv  a row an instance; columns by the inputs' names (x, or x_0, x_1 … for a vector), else the sole
                       input's features in order
                 image resized to the signature's height, width and channels; for a string input, its bytes as they are
  --signature  serving_default where it is not given
  --grpc       over gRPC, which carries every type; the answer tells the version
  --scale      what a pixel's 0 and 255 become: 0..1 for floats, 0..255 for whole numbers, unless given
  --timeout    30 seconds where it is not given
  --insist     sends also what does not fit the signature
  --json       the answer as JSON, and nothing else; NaN and infinities, which JSON has not, as strings

Example: echo '{"instances": [[1.0], [2.0]]}' | slipway predict half_plus_two --input -
         slipway predict digits --input digit.png --grpc
`;

const options = {
  input: { type: 'string' },
  signature: { type: 'string' },
  version: { type: 'string' },
  label: { type: 'string' },
  grpc: { type: 'boolean' },
  scale: { type: 'string' },
  timeout: { type: 'string' },
  insist: { type: 'boolean' },
} as const;

interface Request {
  readonly signature: string | undefined;
  readonly insist: boolean;
  readonly timeoutMs: number;
  readonly scale: readonly [low: number, high: number] | undefined;
  readonly input: InputFile | null;
  readonly json: boolean;
}

/** TensorFlow Serving writes NaN and infinities bare; in JSON they are strings. */
function strictJson(text: string): string {
  if (!/NaN|Inf/.test(text)) return text;
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|-?Inf(?:inity)?|NaN/g, (found) =>
    found.startsWith('"') ? found : `"${found.replace(/Inf$/, 'Infinity')}"`,
  );
}

async function tell(
  exchange: Exchange,
  spec: { readonly name: string; readonly signature_name: string },
  json: boolean,
  io: CommandIo,
): Promise<number> {
  const { outputs, version, networkMs, status, grpcStatus, response } = answered(exchange);
  const { elementText, tensorsJson } = await import('../../shared/tensor/tensorJson.ts');
  if (json) {
    if (grpcStatus === null) io.out(`${strictJson(Buffer.from(response.body).toString('utf8')).trimEnd()}\n`);
    else io.out(`{"model_spec": ${JSON.stringify({ ...spec, version })}, "outputs": ${strictJson([...tensorsJson(outputs)].join(''))}}\n`);
    return exitCode.done;
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    const size = tensor.shape.reduce((product, dim) => product * dim, 1);
    const first = Array.from({ length: Math.min(grpcStatus === null ? 1_000 : 5, size) }, (_, index) => elementText(name, tensor)(index));
    io.out(`${name} [${tensor.shape.join(', ')}]  ${first.join(' ')}${size > first.length ? ' …' : ''}\n`);
  }
  io.err(`${grpcStatus === null ? `${status} in ` : version === null ? '' : `version ${version}, `}${networkMs.toFixed(1)} ms\n`);
  return exitCode.done;
}

async function tensorsOf(
  signature: SignatureInfo | null,
  name: string,
  request: Request,
  grpc: boolean,
  io: CommandIo,
): Promise<InputTensors | string> {
  const { input, insist, scale } = request;
  if (signature === null) {
    if (input?.kind === 'json' && !grpc) return input.text;
    throw new AppError('BAD_INPUT', {
      detail: 'This server does not tell its signatures. Give --input with TensorFlow Serving’s JSON, over REST.',
    });
  }
  if (input?.kind === 'file') return input.tensors({ signature, say: (note) => io.err(`${note}\n`), insist, scale });
  if (input === null) io.err('No --input: zeros that fit the signature are sent.\n');
  // Over gRPC there are tensors only.
  const template = grpc ? { ...signature, method_name: 'tensorflow/serving/predict' } : signature;
  const text = input?.text ?? requestTemplate(name, template);
  if (!grpc) return text;
  const { requestTensors } = await import('../../shared/tensor/requestTensors.ts');
  return requestTensors(signature, text, { insist });
}

async function ask(target: Target, request: Request, overGrpc: boolean, io: CommandIo): Promise<number> {
  const { input, json } = request;
  // A request that names its signature itself means that one.
  const written = input?.kind === 'json' ? /"signature_name"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(input.text)?.[1] : undefined;
  const name = written ?? request.signature ?? 'serving_default';
  const known = await target.signature(name);
  const sent = await tensorsOf(known, name, request, overGrpc, io);
  const spec = { name: target.model, signature_name: name };
  const over = overGrpc && target.grpc !== null && typeof sent !== 'string';
  const remember = (outcome: Exchange | AppError): Promise<void> => keepInHistory(target, { name, request, sent, over }, outcome, io);
  let exchange: Exchange;
  try {
    exchange =
      over && typeof sent !== 'string'
        ? await sendGrpc(target, name, sent, request, io)
        : await sendJson(target, { name, sent, known }, request, io);
  } catch (error) {
    // What was refused before it was sent is no request.
    if (error instanceof AppError && error.code !== 'REQUEST_MISMATCH') await remember(error);
    throw error;
  }
  try {
    return await tell(exchange, spec, json, io);
  } finally {
    await remember(exchange);
  }
}

async function sendGrpc(
  { grpc, model, which }: Target,
  name: string,
  inputs: InputTensors,
  { timeoutMs }: Request,
  { signal }: CommandIo,
): Promise<Exchange> {
  const { predictOverGrpc } = await import('../predict/predictGrpc.ts');
  return predictOverGrpc(grpc ?? '', { model, ...which, signature: name, inputs }, { signal, timeoutMs });
}

async function sendJson(
  { rest, which }: Target,
  { name, sent, known }: { readonly name: string; readonly sent: InputTensors | string; readonly known: SignatureInfo | null },
  { insist, timeoutMs }: Request,
  { signal }: CommandIo,
): Promise<Exchange> {
  if (typeof sent !== 'string' && known !== null) {
    const barrier = restBarrier({ ...known, outputs: {} });
    if (barrier?.kind === 'type') throw mismatch(`${barrier.tensor} is ${barrier.dtype}, which JSON cannot carry; use --grpc.`);
  }
  const body = typeof sent === 'string' ? sent : (await import('../predict/requestBody.ts')).requestBody(name, sent, 'columnar');
  return predictOver(rest ?? '', known, { insist, signature: name, ...which, body }, { signal, timeoutMs });
}

/** Joins the history of the model after the answer is out; what goes wrong there is told and is no failure of the request. */
async function keepInHistory(
  { remember, which }: Target,
  {
    name,
    request,
    sent,
    over,
  }: { readonly name: string; readonly request: Request; readonly sent: InputTensors | string; readonly over: boolean },
  outcome: Exchange | AppError,
  io: CommandIo,
): Promise<void> {
  if (remember === null) return;
  const { rememberSent } = await import('./rememberSent.ts');
  const { timeoutMs, insist } = request;
  await remember(rememberSent({ signature: name, ...which, timeoutMs, insist, sent, overGrpc: over }, outcome)).catch((error: unknown) =>
    io.err(`It is not in the history: ${error instanceof Error ? error.message : String(error)}\n`),
  );
}

function scaleOf(text: string | undefined): readonly [number, number] | undefined | null {
  if (text === undefined) return undefined;
  const found = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/.exec(text);
  return found === null ? null : [Number(found[1]), Number(found[2])];
}

/** `slipway predict`. */
export async function runPredictCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [1, 1] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const [text = ''] = positionals;
  const timeoutMs = Math.round(Number(values.timeout ?? 30) * 1000);
  const scale = scaleOf(values.scale);
  const isUrl = /^[a-z]+:\/\//i.test(text);
  const which: Which = {
    ...(values.version === undefined ? {} : { version: values.version }),
    ...(values.label === undefined ? {} : { label: values.label }),
  };
  const remote = isUrl ? urlTarget(text, { which, timeoutMs }, io) : null;
  const wrong = [
    [values.version !== undefined && !/^\d{1,19}$/.test(values.version), `--version ${values.version ?? ''} is no version`],
    [values.version !== undefined && values.label !== undefined, '--version and --label exclude each other'],
    [!(timeoutMs >= 1 && timeoutMs <= 3_600_000), `--timeout ${values.timeout ?? ''} is not a number of seconds up to 3600`],
    [scale === null, `--scale ${values.scale ?? ''} is not LOW..HIGH, such as -1..1`],
    [isUrl && remote === null, `${text} is neither http://HOST:PORT/v1/models/NAME nor grpc://HOST:PORT/NAME`],
    [remote !== null && remote.which !== which && Object.keys(which).length > 0, 'The URL names a version itself'],
    [values.grpc === true && remote?.grpc === null, '--grpc goes with grpc://HOST:PORT/NAME: a REST address does not tell the gRPC port'],
  ].find(([is]) => is)?.[1];
  if (wrong !== undefined) {
    io.err(`${String(wrong)}\n\n${help}`);
    return exitCode.usage;
  }
  const input =
    values.input === undefined
      ? null
      : values.input === '-'
        ? inputOf(await buffer(addAbortSignal(io.signal, process.stdin)), '-', io)
        : await readInputFile(resolve(io.cwd, values.input), values.input, io);
  const request: Request = {
    signature: values.signature,
    insist: values.insist === true,
    timeoutMs,
    scale: scale ?? undefined,
    input,
    json: values.json === true,
  };
  if (remote !== null) return ask(remote, request, remote.grpc !== null, io);
  return withLocalTarget(text, { which, timeoutMs }, io, (target) => ask(target, request, values.grpc === true, io));
}
