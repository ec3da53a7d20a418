import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FileInfo, Inspection, MetaGraphInfo, Problem, VariableInfo, VersionInfo } from '../../shared/contract/savedModel.ts';
import { MalformedProto, ProtoReader } from '../protobuf/wire.ts';
import { verifyChecksums } from './checksums.ts';
import { graphProblems } from './graphProblems.ts';
import { missingGraphProblem, readingProblem, readLayout, readNames, type VersionFolder } from './layout.ts';
import { problem } from './problem.ts';
import { readGraphs } from './readGraphs.ts';
import type { MetaGraph } from './savedModelProto.ts';
import { CorruptTable } from './tableFile.ts';
import { variableFitProblems } from './variableFit.ts';
import { readVariablesIndex, shardFile } from './variablesIndex.ts';

/** Protobuf's own limit for one message. */
const maxGraphBytes = 2_147_483_647;
/** variables.index of ten million variables; a larger one is none. */
const maxIndexBytes = 1_000_000_000;
const maxFiles = 100_000;
const maxDepth = 32;
const maxVersions = 1_000;
/** Tags, signatures, tensors, assets and op types of one version, and problems told of it: more describe nothing. */
const maxDescribed = 100_000;
const maxDescribedText = 16_000_000;
const maxProblems = 100;

export interface InspectOptions {
  /** Also compare the checksums of all variables: reads every byte of them. */
  readonly verify?: boolean;
  readonly signal: AbortSignal;
}

/** Every file below a folder, sorted, links followed only to files. */
async function readFiles(folder: string): Promise<{ readonly files: readonly FileInfo[]; readonly cut: boolean }> {
  const files: FileInfo[] = [];
  let cut = false;
  async function walk(relative: string, depth: number): Promise<void> {
    for (const entry of await readdir(join(folder, relative), { withFileTypes: true })) {
      if (files.length >= maxFiles || depth > maxDepth) {
        cut = true;
        return;
      }
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) await walk(path, depth + 1);
      else {
        const facts = await stat(join(folder, path)).catch(() => null);
        if (facts?.isFile() === true) files.push({ path, bytes: facts.size });
      }
    }
  }
  await walk('', 0);
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), cut };
}

/** fingerprint.pb: its numbers as decimal text. Source: fingerprint.proto. */
async function readFingerprint(folder: string): Promise<VersionInfo['fingerprint']> {
  const path = join(folder, 'fingerprint.pb');
  const facts = await stat(path).catch(() => null);
  if (facts?.isFile() !== true || facts.size > 1_000_000) return null;
  const names = ['', 'saved_model_checksum', 'graph_def_program_hash', 'signature_def_hash', 'saved_object_graph_hash', 'checkpoint_hash'];
  const values: Record<string, string> = {};
  try {
    const reader = new ProtoReader(await readFile(path));
    while (reader.next()) {
      const name = names[reader.field];
      if (name !== undefined && reader.wireType === 0) values[name] = String(BigInt.asUintN(64, reader.bigint()));
      else if (name !== undefined && reader.wireType === 1) values[name] = String(reader.fixed64());
      else if (reader.field === 7 && reader.wireType === 2) values['uuid'] = reader.string();
      else reader.skip();
    }
  } catch (error) {
    // A damaged fingerprint changes nothing for serving: it is told as absent.
    if (!(error instanceof MalformedProto)) throw error;
    return null;
  }
  return values;
}

/** Whether bytes that hold no meta graph are a GraphDef: its field 1 is a node with a name and an op. */
function looksLikeGraphDef(bytes: Uint8Array): boolean {
  try {
    const reader = new ProtoReader(bytes);
    if (!reader.next() || reader.field !== 1 || reader.wireType !== 2) return false;
    const node = reader.message();
    return node.next() && node.field === 1 && node.wireType === 2 && node.string() !== '';
  } catch {
    return false;
  }
}

async function readGraphFile(folder: string): Promise<{ readonly graphs: readonly MetaGraph[] } | { readonly problem: Problem }> {
  const name = existsSync(join(folder, 'saved_model.pb')) ? 'saved_model.pb' : 'saved_model.pbtxt';
  try {
    const facts = await stat(join(folder, name));
    if (facts.isDirectory()) return { problem: problem('PB_IS_FOLDER') };
    if (facts.size > maxGraphBytes) return { problem: problem('PB_TOO_LARGE', { bytes: facts.size }) };
    let bytes: Uint8Array = new Uint8Array();
    const graphs = await readGraphs(folder, async (path) => (bytes = await readFile(path)));
    if (graphs.length > 0) return { graphs };
    return { problem: looksLikeGraphDef(bytes) ? problem('PB_IS_FROZEN_GRAPH', { name: 'model' }) : problem('PB_EMPTY') };
  } catch (error) {
    return { problem: readingProblem(error, name) };
  }
}

interface Weights {
  readonly variables: readonly VariableInfo[];
  readonly shards: number;
  readonly problems: readonly Problem[];
}

/** variables.index and the shards' presence and length; a model without variables needs none. */
async function readWeights(folder: string, graphs: readonly MetaGraph[]): Promise<Weights> {
  const none = (...problems: readonly Problem[]): Weights => ({ variables: [], shards: 0, problems });
  const path = join(folder, 'variables', 'variables.index');
  const facts = await stat(path).catch(() => null);
  if (facts === null) {
    const restores = graphs.some(({ ops }) => 'RestoreV2' in ops || 'VarHandleOp' in ops || 'VariableV2' in ops);
    return restores ? none(problem('INDEX_MISSING')) : none();
  }
  if (!facts.isFile() || facts.size > maxIndexBytes) return none(problem('INDEX_CORRUPT', { reason: 'it is no file of a sensible size' }));
  let index: ReturnType<typeof readVariablesIndex>;
  try {
    index = readVariablesIndex(await readFile(path));
  } catch (error) {
    if (error instanceof CorruptTable) return none(problem('INDEX_CORRUPT', { reason: error.message }));
    return none(readingProblem(error, 'variables/variables.index'));
  }
  const neededBytes = new Map<number, number>();
  for (const variable of index.variables) {
    for (const { shard, offset, bytes } of variable.slices ?? [variable]) {
      neededBytes.set(shard, Math.max(neededBytes.get(shard) ?? 0, offset + bytes));
    }
  }
  const problems: Problem[] = [];
  for (const [shard, expected] of [...neededBytes].toSorted(([a], [b]) => a - b)) {
    const file = `variables/${shardFile(shard, index.shards)}`;
    const found = (await stat(join(folder, file)).catch(() => null))?.size;
    if (found === undefined) problems.push(problem('SHARD_MISSING', { file, expected }));
    else if (found < expected) problems.push(problem('SHARD_SHORT', { file, found, expected }));
  }
  return { variables: index.variables, shards: index.shards, problems };
}

const saveCounterKey = 'save_counter/.ATTRIBUTES/VARIABLE_VALUE';

/** Numbers in the checkpoint, without strings (the object graph is one) and the save counter. */
function countParameters(variables: readonly VariableInfo[]): number {
  return variables
    .filter(({ key, dtype }) => dtype !== 'DT_STRING' && key !== saveCounterKey)
    .reduce((sum, { shape }) => sum + shape.reduce((product, dim) => product * dim, 1), 0);
}

function sumOps(graphs: readonly MetaGraphInfo[]): Record<string, number> {
  const ops: Record<string, number> = {};
  for (const graph of graphs) for (const [op, count] of Object.entries(graph.ops)) ops[op] = (ops[op] ?? 0) + count;
  return ops;
}

/** What screens and commands get of a meta graph: without its nodes. */
function infoOf({ tags, signatures, tensorflow_version, producer, assets, ops }: MetaGraph): MetaGraphInfo {
  return { tags, signatures, tensorflow_version, producer, assets, ops };
}

/** Refuses graphs whose description alone would fill a window's memory. Throws MalformedProto. */
function checkDescribed(graphs: readonly MetaGraphInfo[]): void {
  let [count, text] = [0, 0];
  const spend = (...names: readonly string[]): void => {
    count += 1;
    for (const name of names) text += name.length;
    if (count > maxDescribed || text > maxDescribedText) throw new MalformedProto('it describes more than any model has');
  };
  for (const { tags, signatures, tensorflow_version, assets, ops } of graphs) {
    spend(tensorflow_version);
    for (const name of tags) spend(name);
    for (const name of assets) spend(name);
    for (const name of Object.keys(ops)) spend(name);
    for (const [name, { method_name, inputs, outputs }] of Object.entries(signatures)) {
      spend(name, method_name);
      for (const side of [inputs, outputs])
        for (const [key, info] of Object.entries(side)) {
          count += info.shape?.length ?? 0;
          spend(key, info.name);
        }
    }
  }
}

/** The first of very many problems, and how many there are. */
function capped(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= maxProblems) return problems;
  return [
    ...problems.slice(0, maxProblems),
    problem('LIMIT_REACHED', { detail: `There are ${problems.length} problems; the first ${maxProblems} are told.` }),
  ];
}

async function inspectVersion(
  { path, version }: VersionFolder,
  { verify = false, signal }: InspectOptions,
): Promise<VersionInfo | Problem> {
  const names = await readNames(path).catch((error: unknown) => readingProblem(error, basename(path)));
  if ('code' in names) return names;
  if (!names.includes('saved_model.pb') && !names.includes('saved_model.pbtxt')) return missingGraphProblem(path, names);
  const read = await readGraphFile(path);
  if ('problem' in read) return read.problem;
  const { graphs } = read;
  const info = graphs.map(infoOf);
  const weights = await readWeights(path, graphs);
  const problems: Problem[] = [];
  try {
    checkDescribed(info);
    problems.push(...capped(graphProblems(graphs, path)), ...capped(weights.problems));
    if (weights.problems.length === 0 && weights.variables.length > 0) {
      problems.push(...graphs.flatMap((graph) => variableFitProblems(graph, weights.variables)).slice(0, 1));
    }
  } catch (error) {
    // A node's attributes are parsed only here, when they are asked for.
    return readingProblem(error, 'saved_model.pb');
  }
  const { files, cut } = await readFiles(path);
  if (cut) problems.push(problem('LIMIT_REACHED', { detail: `The folder holds more than ${maxFiles} files.` }));
  const complete = weights.problems.length === 0;
  if (verify && complete) problems.push(...(await verifyChecksums(path, weights.variables, { signal, shards: weights.shards })));
  return {
    version,
    path,
    meta_graphs: info,
    total_params: countParameters(weights.variables),
    size_bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files,
    tensorflow_version: info[0]?.tensorflow_version ?? '',
    ops: sumOps(info),
    assets: [...new Set(info.flatMap(({ assets }) => assets))],
    variables: weights.variables,
    fingerprint: await readFingerprint(path),
    verified: verify && complete && !problems.some(({ code }) => code === 'CHECKSUM_MISMATCH'),
    problems,
  };
}

/**
 * Describes a folder: a base folder of numbered versions, a version alone, or what is in the way. Reads saved_model.pb and
 * variables.index, never the variables unless `verify`. Expected defects are problems in the answer; it throws only when
 * aborted. Memory is that of the largest saved_model.pb, twice; it does not grow with the variables.
 */
export async function inspectFolder(path: string, options: InspectOptions): Promise<Inspection> {
  const layout = await readLayout(path);
  const versions: VersionInfo[] = [];
  const rejected: Problem[] = [];
  for (const folder of layout.folders.slice(-maxVersions)) {
    options.signal.throwIfAborted();
    const made = await inspectVersion(folder, options);
    if ('meta_graphs' in made) versions.push(made);
    else
      rejected.push(
        folder.version === null || layout.folders.length === 1 ? made : { ...made, data: { ...made.data, version: folder.version } },
      );
  }
  const usable = versions.length > 0;
  const problems = [
    ...layout.problems,
    // Beside a usable version a broken one is passed over, so it is a warning.
    ...rejected.map((one) =>
      usable ? { ...one, severity: 'warning' as const, message: `Version ${one.data?.['version'] ?? ''}: ${one.message}` } : one,
    ),
  ];
  return { kind: usable ? 'ok' : 'rejected', base: layout.base, name: layout.name, versions, problems };
}
