import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { AppError } from '../../shared/contract/errors.ts';
import { libraryQuery, recordChanges, type MetadataImport, type Tag } from '../../shared/contract/library.ts';
import { callableSignatures, metaGraphFor } from '../../shared/contract/savedModel.ts';
import type { AppState, Model } from '../../shared/contract/state.ts';
import type { LocalClient } from '../../shared/rpc/connectClient.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { sizeText } from './inspect.ts';
import { findModel, findVersion } from './libraryNames.ts';
import { parseUsage } from './usage.ts';
import { fetchState } from './watchState.ts';
import { withOwner } from './withOwner.ts';

const tagsOf = (tags: readonly Tag[]): Record<string, string> => Object.fromEntries(tags.map(({ key, value }) => [key, value]));
const tagText = (tags: readonly Tag[]): string => tags.map(({ key, value }) => (value === '' ? key : `${key}=${value}`)).join(' ');

/** Every match of a search, as model id -> versions; null where nothing is searched for. */
async function findMatches(client: LocalClient, query: string): Promise<ReadonlyMap<string, ReadonlySet<string>> | null> {
  if (query === '') return null;
  const matches = new Map<string, Set<string>>();
  for (let offset = 0, total = 1; offset < total; offset += 1_000) {
    const answer = await client.library.search(libraryQuery.parse({ query, offset, limit: 1_000 }));
    if (answer.notUnderstood.length > 0)
      throw new AppError('BAD_INPUT', { detail: `No filter: ${answer.notUnderstood.join(' ')}. See slipway models --help.` });
    total = answer.total;
    for (const { modelId, version } of answer.versions) matches.set(modelId, (matches.get(modelId) ?? new Set()).add(version));
  }
  return matches;
}

function modelRow({ name, path, source, addedAt, present, record }: Model, versions: readonly string[]) {
  return {
    name,
    path,
    source,
    added_at: addedAt,
    present,
    versions,
    arriving: record.arriving.map(({ version }) => version),
    tags: tagsOf(record.tags),
    note: record.note,
  };
}

function importLines({ added, changed, same, kept, waiting, different, bad, badLines }: MetadataImport): readonly string[] {
  return [
    `${added} added, ${changed} changed, ${same} the same, ${kept} kept since they are newer here`,
    ...(waiting.length > 0 ? [`kept aside until they come: ${waiting.join(', ')}`] : []),
    ...(different.length > 0 ? [`kept aside since their content differs here: ${different.join(', ')}`] : []),
    ...bad.map(({ line, reason }) => `line ${line}: ${reason}`),
    ...(badLines > bad.length ? [`and ${badLines - bad.length} more lines that could not be used`] : []),
  ];
}

async function importFrom(client: LocalClient, file: string, json: boolean, io: CommandIo): Promise<number> {
  const path = resolve(io.cwd, file);
  const text = await (file === '-' ? textOf(process.stdin) : readFile(path, 'utf8')).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('FILE_UNREADABLE', { path, detail: cause.code ?? '' }, { cause });
  });
  const done = await client.library.importMetadata({ text });
  if (json) io.out(`${JSON.stringify(done)}\n`);
  else for (const line of importLines(done)) io.out(`${line}\n`);
  return exitCode.done;
}

async function exportTo(client: LocalClient, file: string, ids: readonly string[] | null, io: CommandIo): Promise<number> {
  const { text } = await client.library.exportMetadata(ids === null ? {} : { modelIds: [...ids] });
  if (file === '-') io.out(text);
  else
    await writeFile(resolve(io.cwd, file), text).catch((cause: NodeJS.ErrnoException) => {
      throw new AppError('FILE_UNREADABLE', { path: file, detail: cause.code ?? '' }, { cause });
    });
  return exitCode.done;
}

/** `slipway models`. */
export async function runModels(args: readonly string[], io: CommandIo): Promise<number> {
  const help = `slipway models [QUERY…] [--export FILE | --import FILE] [--json]

Lists the models of the library, or those with versions that a query finds: words of a name, tag or note, and filters
  acc>0.9  tag:team=vision  tag:prod  shape:[?,8,8,1]  after:2026-01-31  before:…  params>1e6  size<10MB  tf:2.20  op:Conv2D
  --export FILE  writes what is said of them as JSON lines; - is stdout
  --import FILE  merges such a file, and tells what it did; - is stdin

Example: slipway models 'acc>0.95' tag:prod
`;
  const options = { export: { type: 'string' }, import: { type: 'string' } } as const;
  const parsed = parseUsage(args, io, { help, options, positionals: [0, 100] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const json = values.json === true;
  if (values.export !== undefined && values.import !== undefined) {
    io.err(help);
    return exitCode.usage;
  }
  return withOwner(io, async ({ client }) => {
    if (values.import !== undefined) return importFrom(client, values.import, json, io);
    const matches = await findMatches(client, positionals.join(' '));
    if (values.export !== undefined) return exportTo(client, values.export, matches === null ? null : [...matches.keys()], io);
    const { models } = await fetchState(client);
    const rows = models.flatMap((model) => {
      const found = matches?.get(model.id);
      if (matches !== null && found === undefined) return [];
      const versions = model.record.versions.map(({ version }) => version).filter((version) => found === undefined || found.has(version));
      return [modelRow(model, versions)];
    });
    if (json) io.out(`${JSON.stringify(rows)}\n`);
    else if (rows.length === 0) io.err(matches === null ? 'There is no model yet. Begin with: slipway serve DIR\n' : 'Nothing is found.\n');
    else
      for (const { name, path, present, versions, arriving } of rows) {
        const states = [
          versions.join(','),
          ...arriving.map((version) => `${version} arriving`),
          ...(present ? [] : ['the folder is away']),
        ];
        io.out(`${name}\t${states.join(', ')}\t${path}\n`);
      }
    return exitCode.done;
  });
}

function versionRows({ versions, record }: Model, state: AppState, modelId: string) {
  const serving = state.servings.filter((one) => one.modelId === modelId);
  return record.versions.flatMap((known, index) => {
    const summary = versions[index];
    if (summary === undefined) return [];
    const graph = metaGraphFor(summary);
    return [
      {
        version: known.version,
        path: summary.path,
        size_bytes: summary.size_bytes,
        total_params: summary.total_params,
        tensorflow_version: summary.tensorflow_version,
        verified: summary.verified,
        added_at: known.addedAt,
        imported_from: known.importedFrom,
        fingerprint: known.fingerprint?.value ?? null,
        changed_at: known.changed?.at ?? null,
        metrics: Object.fromEntries(known.metrics.map(({ name, value }) => [name, value])),
        tags: tagsOf(known.tags),
        note: known.note,
        signatures: Object.fromEntries(graph === undefined ? [] : callableSignatures(graph)),
        served_by: serving.flatMap(({ name, state: now }) =>
          now.kind === 'serving' && now.versions.includes(known.version) ? [name] : [],
        ),
        problems: summary.problems.map(({ code, severity, message }) => ({ code, severity, message })),
      },
    ];
  });
}

/** `slipway versions`. */
export async function runVersions(args: readonly string[], io: CommandIo): Promise<number> {
  const help = `slipway versions NAME [--history] [--json]

Lists the versions of a model, newest first, with their metrics and tags.
  --history  what happened to them instead, newest first

Example: slipway versions digits
`;
  const parsed = parseUsage(args, io, { help, options: { history: { type: 'boolean' } }, positionals: [1, 1] });
  if (typeof parsed === 'number') return parsed;
  const json = parsed.values.json === true;
  return withOwner(io, async ({ client }) => {
    const state = await fetchState(client);
    const model = findModel(state, parsed.positionals[0] ?? '');
    if (parsed.values.history === true) {
      const entries = await client.library.history({ modelId: model.id, limit: 1_000 });
      if (json) io.out(`${JSON.stringify(entries)}\n`);
      else
        for (const { at, version, kind, by, data } of entries)
          io.out(
            `${at}\t${version ?? '-'}\t${kind}\t${by}\t${Object.entries(data)
              .map(([name, value]) => `${name}=${value}`)
              .join(' ')}\n`,
          );
      return exitCode.done;
    }
    const rows = versionRows(model, state, model.id);
    if (json) io.out(`${JSON.stringify(rows)}\n`);
    else {
      for (const { version, missing } of model.record.arriving)
        io.out(`${version}\tarriving\t${missing.map(({ message }) => message).join(' ')}\n`);
      for (const [index, row] of rows.entries()) {
        const metrics = Object.entries(row.metrics).map(([name, value]) => `${name} ${value}`);
        const states = [...row.served_by.map((name) => `served by ${name}`), ...(row.changed_at === null ? [] : ['content changed'])];
        const tags = tagText(model.record.versions[index]?.tags ?? []);
        io.out(
          `${[row.version, states.join(', ') || 'ready', sizeText(row.size_bytes), metrics.slice(0, 4).join(', '), tags].join('\t')}\n`,
        );
      }
    }
    return exitCode.done;
  });
}

/** `k=v` pairs; a word alone has an empty value. */
function pairsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function numbersOf(texts: readonly string[]): Record<string, number> {
  const pairs = Object.entries(pairsOf(texts)).map(([name, value]) => [name, value.trim() === '' ? Number.NaN : Number(value)] as const);
  const bad = pairs.find(([, value]) => !Number.isFinite(value));
  if (bad !== undefined) throw new AppError('BAD_INPUT', { detail: `--metric takes NAME=NUMBER; ${bad[0]} has no number.` });
  return Object.fromEntries(pairs);
}

/** `slipway tag`. */
export async function runTag(args: readonly string[], io: CommandIo): Promise<number> {
  const help = `slipway tag NAME[@V] [KEY=VALUE | KEY]… [--metric NAME=NUMBER]… [--note TEXT] [--remove KEY]… [--remove-metric NAME]… [--json]

Says something of a version, or without @V of the model as a whole, and prints what is said then. V may be latest.

Example: slipway tag digits@3 team=vision prod --metric acc=0.98 --note "trained on all rows"
`;
  const list = { type: 'string', multiple: true } as const;
  const options = { metric: list, note: { type: 'string' }, remove: list, 'remove-metric': list } as const;
  const parsed = parseUsage(args, io, { help, options, positionals: [1, 100] });
  if (typeof parsed === 'number') return parsed;
  const { values, positionals } = parsed;
  const [name = '', ...tags] = positionals;
  return withOwner(io, async ({ client }) => {
    const { model, version } = findVersion(await fetchState(client), name, { whole: true });
    const changes = recordChanges.safeParse({
      modelId: model.id,
      ...(version === null ? {} : { version }),
      tags: pairsOf(tags),
      metrics: numbersOf(values.metric ?? []),
      removeTags: values.remove ?? [],
      removeMetrics: values['remove-metric'] ?? [],
      ...(values.note === undefined ? {} : { note: values.note }),
    });
    if (!changes.success) {
      const detail = changes.error.issues.map(({ path, message }) => `${path.slice(1).join('.') || path.join('.')}: ${message}`).join('; ');
      throw new AppError('BAD_INPUT', { detail });
    }
    const isChange =
      tags.length > 0 ||
      values.note !== undefined ||
      [values.metric, values.remove, values['remove-metric']].some((one) => one !== undefined);
    if (isChange) await client.library.edit(changes.data);
    const { record } = findModel(await fetchState(client), model.id);
    const said = version === null ? { ...record, metrics: [] } : record.versions.find((one) => one.version === version);
    const row = {
      name: model.name,
      version,
      tags: tagsOf(said?.tags ?? []),
      metrics: Object.fromEntries((said?.metrics ?? []).map((metric) => [metric.name, metric.value])),
      note: said?.note ?? '',
    };
    if (values.json === true) io.out(`${JSON.stringify(row)}\n`);
    else {
      for (const [key, value] of Object.entries(row.tags)) io.out(value === '' ? `${key}\n` : `${key}=${value}\n`);
      for (const [metric, value] of Object.entries(row.metrics)) io.out(`${metric}\t${value}\n`);
      if (row.note !== '') io.out(`${row.note}\n`);
    }
    return exitCode.done;
  });
}
