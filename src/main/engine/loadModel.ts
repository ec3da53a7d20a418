import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { MalformedProto } from '../protobuf/wire.ts';
import { constProblems, nodeOfTensor } from '../savedmodel/graphProblems.ts';
import { readGraphs } from '../savedmodel/readGraphs.ts';
import type { MetaGraph } from '../savedmodel/savedModelProto.ts';
import { StatusError } from '../tfserving/status.ts';
import { Checkpoint } from './checkpoint.ts';
import { Flattener, type FlatGraph } from './flatGraph.ts';
import type { LoadedModel, LoadModel } from './loadedModel.ts';
import { ModelState } from './modelState.ts';
import type { OnnxSession } from './onnx/session.ts';
import { lazily, unsupportedOps, type PlanContext } from './plan.ts';
import { invalid } from './value.ts';
import { flattenSignature, Signature } from './signature.ts';
import { findWrites, isVariable } from './writtenVariables.ts';

const sameTags = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).size === new Set(b).size && a.every((tag) => b.includes(tag));

async function readMetaGraph(versionPath: string, tags: readonly string[], signal: AbortSignal | undefined): Promise<MetaGraph> {
  let graphs: readonly MetaGraph[];
  try {
    graphs = await readGraphs(versionPath, (path) => readFile(path, { signal }));
  } catch (error) {
    if (error instanceof MalformedProto) {
      const isBinary = existsSync(join(versionPath, 'saved_model.pb'));
      const file = join(versionPath, isBinary ? 'saved_model.pb' : 'saved_model.pbtxt');
      throw new StatusError('DATA_LOSS', `Can't parse ${file} as ${isBinary ? 'binary' : 'text'} proto`, { cause: error });
    }
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new StatusError(
        'NOT_FOUND',
        `Could not find SavedModel .pb or .pbtxt at supplied export directory path: ${versionPath}. Check that the directory exists and that you have the right permissions for accessing it.`,
        {
          cause: error,
        },
      );
    throw error;
  }
  const graph = graphs.find((one) => sameTags(one.tags, tags));
  if (graph === undefined)
    throw new StatusError(
      'NOT_FOUND',
      `Could not find meta graph def matching supplied tags: { ${tags.join(' ')} }. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: \`saved_model_cli\``,
    );
  return graph;
}

const string = (text: string): Tensor => ({ dtype: 'DT_STRING', shape: [], data: [Buffer.from(text)] });

/** A graph that is run once at load, with what it is fed. */
interface Startup {
  readonly graph: FlatGraph;
  readonly inputs: readonly Tensor[];
}

/** What TensorFlow's loader runs: the saver's restore op where there are variables, then the initialisation op. */
function startupOf(graph: MetaGraph, versionPath: string, flattener: Flattener, hasVariables: boolean): readonly Startup[] {
  const startups: Startup[] = [];
  const names = new Set(graph.nodes.map(({ name }) => name));
  const assets = graph.assetTensors.filter(({ tensor }) => names.has(nodeOfTensor(tensor)));
  const feeds = assets.map(({ tensor }) => tensor);
  const paths = assets.map(({ filename }) => string(join(versionPath, 'assets', filename)));
  if (hasVariables && graph.saver !== null && graph.saver.restoreOp !== '') {
    const { filenameTensor, restoreOp } = graph.saver;
    startups.push({
      graph: flattener.flatten([filenameTensor, ...feeds], [], [restoreOp]),
      inputs: [string(join(versionPath, 'variables', 'variables')), ...paths],
    });
  }
  if (graph.initOp !== '') startups.push({ graph: flattener.flatten(feeds, [], [graph.initOp]), inputs: paths });
  return startups;
}

/** Names each op that has no kernel and where it is wanted, all in one error. */
function refuseUnsupported(graphs: Iterable<FlatGraph>): void {
  const missing = new Map<string, Set<string>>();
  for (const graph of graphs) unsupportedOps(graph, missing);
  if (missing.size === 0) return;
  const list = [...missing].map(
    ([op, nodes]) => `${op} (${[...nodes].slice(0, 3).join(', ')}${nodes.size > 3 ? ` and ${nodes.size - 3} more` : ''})`,
  );
  throw new StatusError(
    'UNIMPLEMENTED',
    `The embedded engine lacks ${missing.size === 1 ? 'an op' : `${missing.size} ops`} that this model runs: ${list.join('; ')}`,
  );
}

/** Attributes are parsed when they are asked for: what does not parse then is told as a whole file's damage is. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MalformedProto)
      throw new StatusError('DATA_LOSS', `Can't parse saved_model as a SavedModel: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Loads a version folder as TensorFlow's own loader does: the meta graph of the tags, its variables by running the restore op, its
 * tables by running the initialisation op. A signature is planned when it is first called.
 */
export const loadModel: LoadModel = (versionPath, options) => refusing(() => load(versionPath, options));

const load: LoadModel = async (versionPath, { tags = ['serve'], intraOpThreads = 0, interOpThreads = 0, signal } = {}) => {
  const graph = await readMetaGraph(versionPath, tags, signal);
  const signatures = Object.fromEntries(Object.entries(graph.signatures).filter(([name]) => name !== '__saved_model_init_op'));
  for (const { message } of constProblems(graph)) throw new StatusError('RESOURCE_EXHAUSTED', message);
  const checkpoint = await Checkpoint.read(versionPath);
  const flattener = new Flattener(graph);
  const state = new ModelState(versionPath, checkpoint ?? Checkpoint.empty());
  const startups = startupOf(graph, versionPath, flattener, checkpoint !== undefined);
  const names = new Set(graph.nodes.map(({ name }) => name));
  // A signature of tensors that are not there can be told about and not be called, as in TensorFlow Serving.
  const callable = Object.values(signatures).filter((info) =>
    [...Object.values(info.inputs), ...Object.values(info.outputs)].every(({ name }) => names.has(nodeOfTensor(name))),
  );
  const graphs = callable.map((info) => flattenSignature(flattener, info));
  refuseUnsupported([...graphs, ...startups.map((startup) => startup.graph)]);
  for (const startup of startups) {
    signal?.throwIfAborted();
    await lazily(startup.graph, { state, isConstant: () => false })(startup.inputs, { signal });
  }
  const { any: writes, isWritten } = findWrites(graphs, state);
  const opened: OnnxSession[] = [];
  const context: PlanContext = {
    state,
    isConstant: (handle) => isVariable(handle) && !isWritten(handle),
    sessions: { threads: { intraOp: intraOpThreads, interOp: interOpThreads }, onSession: (session) => void opened.push(session) },
  };
  const runnable = new Map(Object.entries(signatures).map(([name, info]) => [name, new Signature(graph, info, context)]));
  let last: Promise<unknown> = Promise.resolve();
  const model: LoadedModel = {
    signatures,
    async run(name, inputs, { outputs, signal: runSignal } = {}) {
      const signature = runnable.get(name);
      if (signature === undefined) throw invalid(`Serving signature name: "${name}" not found in signature def`);
      if (runSignal?.aborted === true) throw new StatusError('CANCELLED', 'Request was cancelled');
      const run = (): Promise<Record<string, Tensor>> => refusing(() => signature.run(inputs, outputs, runSignal));
      if (!writes) return run();
      // What one run writes the next one reads.
      const turn = last.then(run, run);
      last = turn;
      return turn;
    },
    async [Symbol.asyncDispose]() {
      runnable.clear();
      await last.catch(() => undefined);
      await Promise.all(opened.map((session) => session.release()));
    },
  };
  return model;
};
