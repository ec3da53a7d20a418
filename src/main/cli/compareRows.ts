import { readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { AppError } from '../../shared/contract/errors.ts';
import type { AppState } from '../../shared/contract/state.ts';
import type { TableTarget } from '../../shared/contract/tables.ts';
import { readColumns } from '../../shared/tensor/columnPlaces.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { parseUsage } from './usage.ts';
import { fetchState } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const help = `slipway compare-rows FILE A B [--columns INPUT=N-N…] [--signature S] [--rows N] [--absolute X] [--relative X]
                     [--out FILE.csv] [--json]

Asks two targets every row of a CSV or JSON lines file, and tells how far they agree and which rows differ most, as Markdown.
Ends with 0 where all rows that were answered agree, else with 1.
  A, B         NAME[@VERSION][:rest|grpc|embedded], a serving; A is the reference. embedded asks the engine beside the serving, which
               opens also versions that are not served
  --columns    which columns an input is made of, counted from 1; without it they are found by their names
  --rows       rows a request; 32 where it is not given
  --absolute, --relative   a number agrees within absolute + relative × |A|; 0.00001 and 0.0001 where they are not given
  --out        both answers of every row, as CSV
  --json       the same as one JSON document

Example: slipway compare-rows flowers.csv iris@2 iris@3
`;

const options = {
  columns: { type: 'string', multiple: true },
  signature: { type: 'string' },
  rows: { type: 'string' },
  absolute: { type: 'string' },
  relative: { type: 'string' },
  out: { type: 'string' },
} as const;

const overs = {
  rest: { backend: 'serving', mode: 'auto' },
  grpc: { backend: 'serving', mode: 'grpc' },
  embedded: { backend: 'embedded', mode: 'auto' },
} as const;

/** `NAME[@V][:over]`; null where it is none. */
function readTarget(
  text: string,
  signature: string,
): (Pick<TableTarget, 'servingId' | 'signature' | 'backend' | 'mode'> & { readonly version?: string }) | null {
  const match = /^([^@:]+)(?:@v?(\d{1,19}))?(?::(rest|grpc|embedded))?$/.exec(text);
  if (match === null) return null;
  const [, servingId = '', version, over = 'rest'] = match;
  return { servingId, signature, ...(version === undefined ? {} : { version }), ...overs[over as keyof typeof overs] };
}

const partBytes = 4_000_000;

async function readResult(client: LocalClient, taskId: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let offset = 0; ;) {
    const { data, totalBytes } = await client.playground.tableResult({ taskId, offset, length: partBytes });
    parts.push(new Uint8Array(await data.arrayBuffer()));
    offset += data.size;
    if (data.size === 0 || offset >= totalBytes) return Buffer.concat(parts);
  }
}

/** Until the task has ended; an interrupt stops it. Throws what it failed with. */
async function untilEnded(client: LocalClient, taskId: string, io: CommandIo): Promise<void> {
  const stop = (): void => void client.tasks.cancel({ id: taskId }).catch(() => undefined);
  io.signal.addEventListener('abort', stop);
  if (io.signal.aborted) stop();
  const end = new AbortController();
  try {
    for await (const event of await client.watch(undefined, { signal: end.signal })) {
      const tasks: AppState['tasks'] = event.kind === 'snapshot' ? event.state.tasks : event.kind === 'task' ? [event.task] : [];
      const task = tasks.find(({ id }) => id === taskId);
      if (task === undefined) continue;
      if (io.isTerminal && task.detail !== null) io.err(`\r${task.detail}`);
      if (task.state === 'running') continue;
      if (io.isTerminal) io.err('\n');
      if (task.error !== null) throw new AppError(task.error.code, task.error.data);
      return;
    }
  } finally {
    io.signal.removeEventListener('abort', stop);
    end.abort();
  }
}

/** `slipway compare-rows`. */
export async function runCompareRows(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseUsage(args, io, { help, options, positionals: [3, 3] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const [file = '', ...names] = positionals;
  const signature = values.signature ?? 'serving_default';
  const [a, b] = names.map((name) => readTarget(name, signature));
  const rowsPerRequest = Number(values.rows ?? 32);
  const tolerance = { absolute: Number(values.absolute ?? 1e-5), relative: Number(values.relative ?? 1e-4) };
  const chosen = (values.columns ?? []).map((text) => /^([^=]+)=(.+)$/.exec(text));
  const isRight =
    Number.isSafeInteger(rowsPerRequest) &&
    rowsPerRequest >= 1 &&
    tolerance.absolute >= 0 &&
    tolerance.relative >= 0 &&
    !chosen.includes(null);
  if (a == null || b == null || !isRight) {
    io.err(help);
    return exitCode.usage;
  }
  const path = resolve(io.cwd, file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AppError('FILE_UNREADABLE', { path: file, detail: (cause as NodeJS.ErrnoException).code ?? '' }, { cause });
  });
  return withOwner(io, async ({ client }) => {
    const { servings } = await fetchState(client);
    const serving = servings.find(({ id, name }) => name === a.servingId || id === a.servingId);
    if (serving === undefined)
      throw new AppError('SERVING_NOT_FOUND', { name: a.servingId, known: servings.map(({ name }) => name).join(', ') || 'none' });
    const view = await client.playground.readTable({
      modelId: serving.modelId,
      version: a.version ?? null,
      signature,
      name: basename(path),
      data: new Blob([new Uint8Array(bytes)]),
    });
    const byHand = chosen.flatMap((match) => {
      const [, input = '', text = ''] = match ?? [];
      const places = readColumns(text, view.columns.length);
      if (places === null)
        throw new AppError('BAD_INPUT', { detail: `--columns ${input}=${text}: there are ${view.columns.length} columns.` });
      return [[input, places] as const];
    });
    const { taskId } = await client.playground.compareTable({
      table: view.table,
      columns: { ...view.suggested, ...Object.fromEntries(byHand) },
      rowsPerRequest,
      targets: [a, b],
      tolerance,
    });
    await untilEnded(client, taskId, io);
    const { data } = await client.playground.tableReport({ taskId, format: values.json === true ? 'json' : 'markdown' });
    io.out(await new Response(data).text());
    if (values.out !== undefined) await writeFile(resolve(io.cwd, values.out), await readResult(client, taskId));
    const { compared, within } = await client.playground.tableAgreement({ taskId });
    return compared > 0 && within === compared ? exitCode.done : exitCode.failed;
  });
}
